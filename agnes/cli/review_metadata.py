"""`da admin metadata review`: deciding on what a proposal says, column by column."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.apply_metadata import FileArgument
from agnes.cli.options import CatalogOption, JsonOption, catalog_path
from agnes.cli.output import echo, note, print_json

if TYPE_CHECKING:
    from agnes.git.refs import Location
    from agnes.proposals.review import Item, Review
    from agnes.proposals.store import Stored


def _words(option: str, help_: str) -> Any:
    return typer.Option(option, help=help_, show_default=False)


def review(
    file: FileArgument,
    accept: Annotated[
        list[str] | None,
        _words("--accept", "high, medium, low, all, a table or TABLE.COLUMN; repeat it."),
    ] = None,
    reject: Annotated[
        list[str] | None, _words("--reject", "The same, for what is to stay as it is.")
    ] = None,
    assign: Annotated[
        list[str] | None,
        _words("--set", "TABLE.COLUMN.description=TEXT, .basetype=STRING or .pii=true."),
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Decide on what a proposal says of columns; decisions go into it as a commit.

    On a terminal, without options, each column is asked for. What a person wrote is shown beside
    what is proposed, and goes only when its column is accepted by name.

    \b
    Examples:
      da admin metadata review proposals/acme_metadata_20260131_120000.yml
      da admin metadata review acme_metadata_20260131_120000 --accept high --reject orders.note
      da admin metadata review FILE --set 'orders.id.description=Number of the order'
      da admin metadata review FILE --json
    """
    from agnes.git.refs import locate
    from agnes.proposals.select import decide
    from agnes.proposals.store import find

    location = locate(catalog_path(catalog))
    stored = find(location, file)
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    asked = on_terminal and not json and not stored.is_applied
    given = bool(accept or reject or assign)
    under_review = _begin(location, stored, deciding=given or asked)
    if given:
        left = decide(under_review, accept or (), reject or (), assign or ())
        commit = _save(location, stored, under_review)
        _report(stored, under_review, commit, left, json=json)
        return
    if json:
        print_json(_as_data(stored, under_review, None))
        return
    if not asked:
        _show(stored, under_review)
        return
    from agnes.cli.review_dialogue import Dialogue

    if Dialogue(stored, under_review).run():
        _report(stored, under_review, _save(location, stored, under_review), [], json=False)


def _begin(location: Location, stored: Stored, *, deciding: bool) -> Review:
    from agnes.git.writer import identity
    from agnes.proposals.known import current_columns
    from agnes.proposals.review import Review

    known = current_columns(location, stored.proposal.tables)
    if not deciding:  # which needs no name
        return Review(stored.proposal, known, "")
    who = identity(location)
    at = datetime.fromtimestamp(who.time, UTC)
    return Review(stored.proposal, known, f"{who.name} <{who.email}>", at)


def _save(location: Location, stored: Stored, done: Review) -> str | None:
    from agnes.errors import ConflictError
    from agnes.proposals.store import rewritten, save

    if not done.changes:
        return None
    if stored.is_applied:
        raise ConflictError(
            f"{stored.shown} was applied already", "say it in the table's file, or propose it anew"
        )
    columns = len(done.changes)
    name = stored.shown.rpartition("/")[2]
    subject = f"review(metadata): decide on {columns} column{'s' * (columns != 1)} of {name}"
    return save(location, stored, rewritten(stored, done.changes), subject)


def _report(
    stored: Stored, done: Review, commit: str | None, left: list[Item], *, json: bool
) -> None:
    if json:
        print_json(_as_data(stored, done, commit))
    elif not done.changes:
        echo("Nothing new was decided")
    else:
        echo(f"{stored.shown}: {_summary(done)}")
    for item in left:
        note(
            f"{item.shown} was left alone, since a person wrote otherwise;"
            f" to take it all the same: --accept '{item.shown}'"
        )
    if commit:
        note(f"committed {commit[:10]} on {_short(stored)}")
    elif done.changes:
        note("it is no file of the catalog, so it was written and not committed")
    if done.changes and any(item.is_taken for item in done.items) and not json:
        note(f"put it into the tables: da admin metadata apply {stored.shown}")


def _show(stored: Stored, done: Review) -> None:
    from agnes.cli.metadata_table import print_items

    print_items(done.items)
    echo()
    echo(f"{stored.shown}: {_summary(done)}")
    if stored.is_applied:
        note("it was applied already")


def _summary(done: Review) -> str:
    counts = done.counts()
    columns, conflicts = counts.pop("columns"), counts.pop("conflicts")
    decided = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    open_ = f"; {conflicts} in conflict" if conflicts else ""
    return f"{columns} column{'s' * (columns != 1)}: {decided}{open_}"


def _as_data(stored: Stored, done: Review, commit: str | None) -> dict[str, Any]:
    return {
        "proposal": stored.shown,
        "branch": stored.branch and _short(stored),
        "applied": stored.is_applied,
        "commit": commit,
        "counts": done.counts(),
        "columns": [item.as_dict() for item in done.items],
    }


def _short(stored: Stored) -> str:
    return (stored.branch or "").removeprefix("refs/heads/").removeprefix("refs/remotes/")
