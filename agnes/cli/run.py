"""`da metrics run`: a metric's numbers, and the receipt that says what made them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import (
    AsOfOption,
    CatalogOption,
    DataOption,
    EngineOption,
    IdArgument,
    JsonOption,
    NoSyncOption,
    RevisionOption,
    WorktreeOption,
    parse_day,
    source,
)
from agnes.cli.output import echo, note, print_json
from agnes.errors import AgnesError, NotFoundError, SandboxError, UsageError

if TYPE_CHECKING:
    from agnes.source import Source
    from agnes.sql.ask import Ask

    Wanted = Callable[[], AbstractContextManager[Source]]
    """Opens the catalog that was asked for."""


class Format(StrEnum):
    """How numbers are shown."""

    table = "table"
    csv = "csv"
    json = "json"
    chart = "chart"
    parquet = "parquet"
    html = "html"
    png = "png"


class GrainName(StrEnum):
    """The length of a period."""

    daily = "daily"
    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    yearly = "yearly"


_FILES = (Format.parquet, Format.html, Format.png)


def run(
    metric_id: IdArgument,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="A dimension to break it down by; may be repeated."),
    ] = None,
    grain: Annotated[
        GrainName | None,
        typer.Option("--grain", help="Other periods than the metric's own.", show_default=False),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="The first day: 2025-01-01.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="DATE", help="The last day: 2025-12-31.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="CONDITION", help="Rows that count: \"region = 'EU'\"."),
    ] = None,
    data: DataOption = None,
    engine: EngineOption = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How it is shown.")] = (
        Format.table
    ),
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write: for parquet, html, png."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most rows.")] = 10_000,
    compile_: Annotated[
        bool, typer.Option("--compile", help="Print the SQL alone; it is bound and not run.")
    ] = False,
    remote: Annotated[bool, typer.Option("--remote", help="Run it at the server.")] = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    as_of: AsOfOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Compute a metric by its canonical SQL, and say what the number is made of.

    Other periods, a range of days, a condition and further dimensions are derived from the
    canonical SQL where that is sound; where it is not, the reason is told. A workspace keeps the
    receipt in user/receipts/.

    \b
    Examples:
      da metrics run revenue/mrr
      da metrics run revenue/mrr --by plan --start 2025-01-01 --format chart
      da metrics run revenue/total_revenue --grain weekly --where "region = 'emea'" --json
      da metrics run revenue/mrr --rev v1.2 --data data/snapshots/march
      da metrics run revenue/mrr --grain quarterly --compile
      da metrics run revenue/mrr --engine postgres://ada@db.example.com/warehouse
    """
    from agnes.sql.ask import Ask

    shown = Format.json if json else output
    if shown in _FILES and file is None:
        raise UsageError(
            f"{shown} is a file", f"name it: --output {metric_id.split('/')[-1]}.{shown}"
        )
    if file is not None and shown not in _FILES:
        raise UsageError(f"{shown} goes to stdout", f"write: --format {shown} > {file}")
    if file is not None and file.exists():
        raise UsageError(f"{file} is there already", "name another --output, or delete it")
    ask = Ask(
        tuple(by or ()),
        None if grain is None else grain.value,
        _day(start),
        _day(end),
        where,
    )
    if remote:
        if compile_ or data or engine or rev or as_of or worktree:
            raise UsageError("--remote runs what the server serves, on its data", "leave it out")
        found, kept = ask_server_to_run(metric_id, ask, limit), ""
    else:
        wanted = partial(
            source, catalog, revision=rev, as_of=as_of, worktree=worktree, no_sync=no_sync
        )
        if compile_:
            echo(_compiled(metric_id, wanted, ask, data, catalog, engine))
            return
        found, kept = _compute(metric_id, wanted, ask, data, catalog, engine, limit)
    _show(found, shown, file)
    for words in found["notes"]:
        note(words)
    if found["truncated"]:
        note("truncated: there are more rows; ask for them with --limit")
    note(f"receipt {kept or found['receipt']['id']}")


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text)


def _compute(
    metric_id: str,
    wanted: Wanted,
    ask: Ask,
    data: Path | None,
    catalog: Path | None,
    url: str | None,
    limit: int,
) -> tuple[dict[str, Any], str]:
    """The answer, and what to say of its receipt."""
    from agnes.cli.at_hand import keep, open_data

    with open_data(data, catalog, limit, url) as (engine, files, workspace):
        with wanted() as found:  # while the sandbox starts
            row = found.metric(metric_id)
        from agnes.compute.account import answer, document

        try:
            said, receipt = answer(engine, row, ask, files, limit)
        except SandboxError as error:
            if error.subtype != "MISSING_ENTRY":
                raise
            hint = "its data are missing or broken here: da sync gets them, --data DIR names others"
            raise AgnesError(error.message, hint) from None
    return document(said, receipt), keep(receipt, workspace)


def _compiled(
    metric_id: str,
    wanted: Wanted,
    ask: Ask,
    data: Path | None,
    catalog: Path | None,
    url: str | None,
) -> str:
    """The query as the engine gets it, bound to the data if there is any."""
    from agnes.cli.at_hand import open_data
    from agnes.compute.run import columns_of, compile_metric
    from agnes.compute.subject import Row

    with wanted() as found:
        subject = Row.of(found.metric(metric_id))

        def declared(table: str) -> list[str]:
            return [str(column["column_name"]) for column in found.columns(table)]

        try:
            with open_data(data, catalog, engine=url) as (engine, _, _):
                derived = compile_metric(subject, ask, columns_of(engine))
                engine.query(derived.sql, derived.parameters, 0)
                sql = engine.compile(derived.sql, derived.parameters)
        except NotFoundError:
            if data is not None:
                raise
            derived = compile_metric(subject, ask, declared)
            sql = derived.sql
            note("there is no data here, so that it was not bound")
    if sql == derived.sql:
        for name, day in derived.parameters.items():
            note(f"${name} is {day}")
    for words in derived.notes:
        note(words)
    return sql.rstrip()


def ask_server_to_run(metric_id: str, ask: Ask, limit: int) -> dict[str, Any]:
    """Compute a metric at the server; it answers as `agnes.compute.account.document` does.

    Raises:
        AgnesError: it cannot be computed.
    """
    from agnes.client import Client

    asked = {
        "by": list(ask.by),
        "grain": ask.grain,
        "start": ask.start and ask.start.isoformat(),
        "end": ask.end and ask.end.isoformat(),
        "where": ask.where,
        "limit": limit,
    }
    with Client.from_config() as client:
        found: dict[str, Any] = client.post(f"/api/metrics/{metric_id}/run", json=asked)
    return found


def _show(found: dict[str, Any], shown: Format, file: Path | None) -> None:
    from agnes.cli.numbers import chart_lines, table_lines

    columns, rows = found["columns"], found["rows"]
    match shown:
        case Format.json:
            print_json(found)
        case Format.csv:
            written = io.StringIO()
            csv.writer(written, lineterminator="\n").writerows([columns, *rows])
            typer.echo(written.getvalue(), nl=False)
        case Format.table:
            for line in table_lines(found):
                echo(line)
        case Format.chart:
            for line in chart_lines(found):
                echo(line)
        case _:
            assert file is not None
            _write(found, shown, file)
            note(f"wrote {file}")


def _write(found: dict[str, Any], shown: Format, file: Path) -> None:
    from agnes.compute.files import write_chart, write_parquet

    try:
        if shown is Format.parquet:
            write_parquet(found, file)
        else:
            write_chart(found, file, shown.value)
    except OSError as error:
        reason = error.strerror or error
        raise AgnesError(f"cannot write {file}: {reason}", "name another --output") from None
