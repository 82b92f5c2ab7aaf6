"""`da admin metadata push`: telling Keboola what is known of columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_or_none, catalog_path, connect
from agnes.cli.output import echo, note, print_json, progress, style
from agnes.diff.visible import visible
from agnes.errors import UsageError

if TYPE_CHECKING:
    from agnes.publishing.outcome import Outcome, Pushed
    from agnes.publishing.push import Advance
    from agnes.publishing.three_way import Value

_SHORT = 90
"""Characters of a value that are shown."""


def push(
    table_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE...", help="Tables' ids.", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All tables that come from Keboola.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take the place of what was changed there, too.")
    ] = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Tell Keboola the base types and descriptions of columns, as the branch has them.

    What was changed there since the last push is left as it is, and told. From a catalog at
    hand it is pushed from here, with KBC_STACK_URL and KBC_STORAGE_TOKEN; else by the server.
    What was pushed is recorded by a commit. Exit code 1: Keboola does not have all of it.

    \b
    Examples:
      da admin metadata push company --dry-run
      da admin metadata push --all --json
    """
    if bool(table_ids) == everything:
        raise UsageError("name tables, or all of them", "da admin metadata push TABLE, or --all")
    with progress("Pushing") as advance:
        done = _push(table_ids or None, catalog, advance, force=force, dry_run=dry_run)
    if json:
        print_json(done.as_dict())
    else:
        for line in lines(done):
            echo(line)
        for text in notes(done):
            note(text)
    if done.failed or done.unrecorded:
        raise typer.Exit(1)


def _push(
    table_ids: list[str] | None,
    catalog: Path | None,
    advance: Advance,
    *,
    force: bool,
    dry_run: bool,
) -> Pushed:
    from agnes.config.client import server
    from agnes.publishing.at_hand import push_here, push_there

    if catalog_or_none(catalog) is None and server() is not None:
        with connect() as client:
            return push_there(client, table_ids, force=force, dry_run=dry_run, advance=advance)
    path = catalog_path(catalog, "; or let a server do it: da auth login --server URL")
    return push_here(path, table_ids, force=force, dry_run=dry_run, advance=advance)


def lines(done: Pushed) -> Iterator[str]:
    """What became of each table, in words."""
    if not done.tables:
        yield "No table comes from Keboola"
    for outcome in done.tables:
        yield from _lines(outcome, dry_run=done.dry_run)


def notes(done: Pushed) -> Iterator[str]:
    """What to know of it, and what to do about it."""
    if any(outcome.conflicts for outcome in done.tables):
        yield "a conflict stays as it is in Keboola: make ours equal, or push with --force"
    if any(outcome.theirs for outcome in done.tables):
        yield "take over what Keboola says: da admin metadata discover --from-source"
    if done.unrecorded:
        yield f"pushed, but not recorded: {done.unrecorded}"
    elif done.branch:
        yield f"the record of it waits on {done.branch} for a review"
    elif done.commit:
        yield f"committed {done.commit[:10]}"


def in_short(done: Pushed) -> Iterator[str]:
    """A line for each table, in the words of older instances' `metadata-apply`."""
    for outcome in done.tables:
        if outcome.failed:
            conflicts = [f"{_place(it.column, it.key)}: a conflict" for it in outcome.conflicts]
            yield f"Failed to push {outcome.table}: {'; '.join(outcome.errors + conflicts)}"
        else:
            yield f"Pushed metadata for {outcome.table} to source."


def _lines(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    pushed = "would be pushed" if dry_run else "pushed"
    name = style(outcome.table, bold=True)
    if outcome.message:
        yield f"{name}: {outcome.message}"
        return
    yield f"{name}: {len(outcome.sent)} column(s) {pushed}, {outcome.equal} the same"
    for column, values in outcome.sent.items() if dry_run else ():
        for key, text in values.items():
            yield f"  {_place(column, key)}: {_short(text)}"
    for value in outcome.conflicts:
        yield f"  {style('conflict', fg='red')} {_place(value.column, value.key)}"
        three = {"ours": value.ours, "theirs": value.theirs, "base": value.base}
        for label, said in three.items():
            yield f"    {label.ljust(6)}  {_short(said) if said else '-'}"
    for value in outcome.theirs:
        yield (
            f"  {style('theirs', fg='yellow')} {_place(value.column, value.key)}: "
            f"{_short(value.theirs or '')}{_by(value)}"
        )
    for error in outcome.errors:
        yield f"  {style('failed', fg='red')} {visible(error)}"


def _place(column: str, key: str) -> str:
    return f"{visible(column)}.{key}"


def _by(value: Value) -> str:
    return f" (by {value.provider})" if value.provider else ""


def _short(text: str) -> str:
    """One line that fits."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
