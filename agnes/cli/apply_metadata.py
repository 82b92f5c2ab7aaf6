"""`da admin metadata apply`: what was accepted of a proposal goes into the tables' files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.changes import DryRunOption
from agnes.cli.options import CatalogOption, JsonOption, catalog_or_none, catalog_path
from agnes.cli.output import echo, note, print_json, progress, style

if TYPE_CHECKING:
    from agnes.edit import Editor
    from agnes.proposals.apply import Application
    from agnes.proposals.known import Data
    from agnes.proposals.store import Stored
    from agnes.publishing.outcome import Pushed

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A proposal: its path, or its name.")
]


def apply(
    file: FileArgument,
    dry_run: DryRunOption = False,
    push_to_source: Annotated[
        bool, typer.Option("--push-to-source", help="Then tell Keboola, as `push` does.")
    ] = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Put what was accepted of a proposal into the tables' files, as one commit.

    Accepted and edited columns are taken; all of them, where nothing was decided. What a person
    wrote of a column since, or without anybody accepting that it goes, is not overwritten: it is
    named, and the exit code is 1. The proposal moves to proposals/applied/.

    \b
    Examples:
      da admin metadata apply proposals/acme_metadata_20260131_120000.yml --dry-run
      da admin metadata apply acme_metadata_20260131_120000 --push-to-source
      da admin metadata apply ../older/proposal.json
    """
    if catalog_or_none(catalog) is None:
        _without_catalog(file, dry_run=dry_run, json=json)
        return
    from agnes.edit import Editor
    from agnes.git.refs import locate
    from agnes.proposals import apply as applying
    from agnes.proposals.store import find

    path = catalog_path(catalog)
    location = locate(path)
    stored = find(location, file)
    editor = Editor(location)
    application = applying.plan_proposal(editor, stored, _data(catalog))
    commit = None if dry_run else applying.apply(editor, application, stored)
    if not json:
        _tell(editor, stored, application, commit, dry_run=dry_run)
    pushed = _push(path, application) if push_to_source and not dry_run else None
    if json:
        data = _as_data(editor, stored, application, commit, dry_run=dry_run)
        print_json(data | ({"pushed": pushed.as_dict()} if pushed else {}))
    elif pushed:
        _tell_pushed(pushed)
    if application.conflicts or (pushed and (pushed.failed or pushed.unrecorded)):
        raise typer.Exit(1)


def _push(path: Path, application: Application) -> Pushed:
    from agnes.publishing.at_hand import push_here

    with progress("Pushing") as advance:
        return push_here(path, application.tables, skip_others=True, advance=advance)


def _tell_pushed(pushed: Pushed) -> None:
    from agnes.cli.push_metadata import in_short, notes

    if not pushed.tables:
        note("none of these tables comes from Keboola: nothing to push")
    for line in in_short(pushed):
        echo(line)
    for text in notes(pushed):
        note(text)


def _data(catalog: Path | None) -> Data:
    from agnes.cli.query import data_folders
    from agnes.errors import NotFoundError
    from agnes.queries.local import local_data

    try:
        return local_data(data_folders(catalog)).tables
    except NotFoundError:
        return {}


def _as_data(
    editor: Editor,
    stored: Stored,
    application: Application,
    commit: str | None,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    from agnes.proposals.apply import unified_diff

    changed = {item.key for item in application.changed}
    return {
        "proposal": stored.shown,
        "dry_run": dry_run,
        "commit": commit,
        "branch": _short(application.plan.branch),
        "moved_to": application.moved_to,
        "imported": len(application.items),
        "columns": [
            {
                "table_id": item.table_id,
                "column_name": item.name,
                "changed": item.key in changed,
                **item.proposed.metadata(),
            }
            for item in application.items
        ],
        "conflicts": [item.as_dict() for item in application.conflicts],
        "diff": "\n".join(unified_diff(editor, application.plan)),
    }


def _tell(
    editor: Editor,
    stored: Stored,
    application: Application,
    commit: str | None,
    *,
    dry_run: bool,
) -> None:
    from agnes.cli.metadata_table import side_by_side
    from agnes.proposals.apply import unified_diff

    if dry_run:
        echo("DRY RUN: nothing was changed")
        for item in application.items:
            echo(f"  {item.shown}")
        for line in unified_diff(editor, application.plan):
            echo(style(line, fg=_COLORS.get(line[:1])))
    for item in application.conflicts:
        note(f"{item.shown} is not overwritten: {_why(item.verdict)}")
        for line in side_by_side(item):
            typer.echo(line, err=True)
    if application.conflicts:
        note(f"decide on them: da admin metadata review {stored.shown}")
    if application.was_applied:
        echo(f"Nothing to change: {stored.shown} was applied already")
        note(f"it is {application.moved_to}")
    elif not application.plan.files:
        echo("Nothing to change; no commit")
    elif not dry_run:
        echo(f"Imported {len(application.items)} column(s) from proposal.")
    if commit:
        note(f"committed {commit[:10]} on {_short(application.plan.branch)}")
        if application.undecided:
            note(f"{application.undecided} column(s) were not decided on, and stay as they are")
        _tell_rest(stored, application)


_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def _tell_rest(stored: Stored, application: Application) -> None:
    """Say what is left of a proposal that is on a branch of its own."""
    if stored.branch_name and stored.branch != application.plan.branch:
        note(f"{stored.branch_name} has done its work: git branch -D {stored.branch_name}")


def _why(verdict: str | None) -> str:
    if verdict is None:
        return "a person wrote it, and nobody accepted that it goes"
    return "it was changed since it was reviewed"


def _short(branch: str) -> str:
    return branch.removeprefix("refs/heads/").removeprefix("refs/remotes/")


def _without_catalog(file: str, *, dry_run: bool, json: bool) -> None:
    """Say what a proposal holds; where there is no catalog, nothing can be applied."""
    from agnes.load.proposal import read_proposal
    from agnes.proposals.review import items_of

    items = items_of(read_proposal(Path(file)), {})
    if not dry_run:
        catalog_path(None, "; a server has the commit when you push it from a clone: git clone URL")
    if json:
        print_json({"proposal": file, "dry_run": True, "columns": [it.as_dict() for it in items]})
        return
    echo("DRY RUN: nothing was changed")
    for item in items:
        echo(f"  {item.shown}")
    note("no catalog is at hand, so what this would change in it is not known")
