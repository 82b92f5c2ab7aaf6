"""`da metrics bisect`: which commit, or which snapshot of the data, moved a number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.data import data_called, snapshots
from agnes.cli.options import CatalogOption, DataOption, IdArgument, JsonOption, find_commit
from agnes.cli.output import echo, note, print_json, style, table
from agnes.diff.visible import visible
from agnes.errors import NotFoundError, UsageError
from agnes.numbers.figures import figure

if TYPE_CHECKING:
    from agnes.compute.folder import Data
    from agnes.compute.pinned import DataSnapshot
    from agnes.numbers.bisect import Moved
    from agnes.numbers.bisecting import Tried
    from agnes.numbers.values import Expected

PeriodOption = Annotated[
    str | None,
    typer.Option("--period", help="2025-03, 2025-Q1, 2025, 2025-W12, 2025-03-17.", metavar="P"),
]


def bisect(
    metric_id: IdArgument,
    period: PeriodOption = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="VALUE", help="A value that it had, as written down."),
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Find the newest change; what is done anyway.")
    ] = False,
    oldest: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="REV", help="The oldest commit, or snapshot. Default: the first."
        ),
    ] = None,
    newest: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="REV", help="The newest commit, or snapshot. Default: what is served."
        ),
    ] = None,
    data: DataOption = None,
    over_data: Annotated[
        bool, typer.Option("--over-data", help="Search the data snapshots, by one definition.")
    ] = False,
    rev: Annotated[
        str | None,
        typer.Option("--rev", help="With --over-data: the definition's revision.", metavar="REV"),
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Find the commit that moved a metric's value, on given data.

    Commits that wrote the metric's file are searched by halves, along first parents and through
    renames. Those in which it does not validate, or its query fails, are gone around. If the value
    moved more than once, one of the changes is found. Exit code 1: no change was found.

    \b
    Examples:
      da metrics bisect revenue/mrr --period 2025-03
      da metrics bisect revenue/mrr --period 2025-03 --expect 118213.40
      da metrics bisect revenue/mrr --period 2025-03 --from v1.2 --to v1.3 --json
      da metrics bisect revenue/mrr --period 2025-03 --over-data
    """
    from agnes.numbers.values import Expected

    if changed and expect is not None:
        raise UsageError("--changed and --expect exclude each other")
    if rev is not None and not over_data:
        raise UsageError("--rev is for --over-data", "name the newest commit: --to REV")
    expected = None if expect is None else Expected(expect)
    if over_data:
        moved = _over_data(metric_id, period, expected, (oldest, newest), rev, data, catalog)
    else:
        moved = _over_commits(metric_id, period, expected, (oldest, newest), data, catalog)
    if json:
        print_json(moved.as_dict())
    else:
        for line in _lines(moved):
            echo(line)
    if moved.reason is not None:
        raise typer.Exit(1)


Ends = tuple[str | None, str | None]


def _over_commits(
    metric_id: str,
    period: str | None,
    expected: Expected | None,
    ends: Ends,
    data: Path | None,
    catalog: Path | None,
) -> Moved:
    from agnes.compute.engine import DuckDB
    from agnes.numbers.bisect import bisect_commits

    repository, newest = find_commit(catalog, ends[1])
    oldest = None if ends[0] is None else repository.resolve(ends[0])
    with DuckDB(data_called(None, data, catalog).tables) as engine:
        return bisect_commits(
            repository,
            engine,
            metric_id,
            newest,
            oldest=oldest,
            period=period,
            expected=expected,
        )


def _over_data(
    metric_id: str,
    period: str | None,
    expected: Expected | None,
    ends: Ends,
    rev: str | None,
    data: Path | None,
    catalog: Path | None,
) -> Moved:
    from agnes.numbers.bisect import bisect_data
    from agnes.numbers.definitions import definition_at

    repository, commit = find_commit(catalog, rev)
    metric = definition_at(repository, commit, metric_id, commit).metric(repository)
    row = _between(ends, data, catalog)
    return bisect_data(metric, row, period=period, expected=expected)


def _between(ends: Ends, data: Path | None, catalog: Path | None) -> list[Data | DataSnapshot]:
    """The snapshots between two, the oldest first; the data at hand are the newest."""
    found = snapshots(data, catalog)
    row: list[Data | DataSnapshot] = [*found.all()]
    first, last = (None if name is None else found.get(name) for name in ends)
    if first is not None:
        row = row[row.index(first) :]
    if last is not None:
        row = row[: row.index(last) + 1] if last in row else []
    else:
        row.append(data_called(None, data, catalog))
    if len(row) < 2:
        hint = "take them as the data change: da data snapshot"
        raise NotFoundError("there are no two data snapshots to compare", hint)
    return row


def _lines(moved: Moved) -> Iterator[str]:
    found = moved.found
    when = "" if found.period is None else f", {found.period}"
    if found.before is None:
        yield f"{style(moved.id, bold=True)}{when}: {style('no change found', fg='yellow')}"
        yield f"  {moved.reason}"
        return
    old, new = shown(found.before), shown(found.after)
    yield f"{style(moved.id, bold=True)}{when}: {old} → {style(new, bold=True)}"
    rows = [("last", *_who(found.before), old), ("first", *_who(found.after), new)]
    yield from table(rows)
    if moved.change is not None:
        from agnes.diff.words import in_words

        yield f"  {visible(in_words(moved.change, values=True))}"
    for tried in found.untold:
        yield style(f"  or {'  '.join(_who(tried))}: {visible(tried.problem or '')}", fg="yellow")
    what = "commits" if moved.over == "commits" else "sets of data"
    yield style(f"  {found.candidates} {what}, {found.runs} runs", dim=True)
    if moved.over == "commits" and not found.untold:
        ends = [it.what["commit"][:10] for it in (found.before, found.after)]
        period = "" if found.period is None else f" --period {found.period}"
        note(f"why: da metrics explain {moved.id} --from {ends[0]} --to {ends[1]}{period}")


def shown(tried: Tried[dict[str, Any]]) -> str:
    """The value for people."""
    return figure(tried.value) if tried.has_row else "no row"


def _who(tried: Tried[dict[str, Any]]) -> tuple[str, ...]:
    what = tried.what
    if "data" in what:
        return what["data"] or "the data at hand", f"{what['created'] or ''}"[:16]
    return (
        f"{what['time']:%Y-%m-%d}",
        what["commit"][:10],
        visible(what["author"]),
        visible(what["subject"]),
    )
