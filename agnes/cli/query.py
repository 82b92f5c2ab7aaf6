"""`da query`: SQL on the tables' data, here or at the server."""

from __future__ import annotations

import csv
import io
import json as json_
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from agnes.cli.options import CatalogOption, JsonOption, catalog_path, tell_age
from agnes.cli.output import echo, note, print_json, table
from agnes.errors import AgnesError, NotACatalogError, SandboxError, UsageError

_CELL = 80
"""Characters of a value in a table for people."""


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; - reads it from stdin.", metavar="SQL")],
    remote: Annotated[bool, typer.Option("--remote", help="Run it at the server.")] = False,
    format: Annotated[  # noqa: A002  (the option's own name)
        Format, typer.Option("--format", "-f", help="json: a list of objects.")
    ] = Format.TABLE,
    limit: Annotated[int, typer.Option("--limit", min=0, help="The most rows.")] = 1000,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Run SQL on the data of the tables: in this workspace, beside the catalog, or at the server.

    Local data are `data/parquet/<table_id>.parquet` in DA_LOCAL_DIR, else in the current folder,
    else in the workspace around it, else in the catalog. It runs in a sandbox either way: one
    SELECT, no files, no network. A workspace has the catalog's tables too: metric_definitions,
    column_metadata, table_registry, categories.

    \b
    Examples:
      da query "SELECT status, count(*) FROM orders GROUP BY ALL"
      da query --remote --json "FROM orders" --limit 5
      da query - --format csv < revenue.sql > revenue.csv
    """
    from agnes.workspace.freshness import workspace_here

    if json and format is Format.CSV:
        raise UsageError("--json and --format csv exclude each other")
    text = sys.stdin.read() if sql == "-" else sql
    if remote:
        answer = ask_server(text, limit)
    else:
        if catalog is None and (workspace := workspace_here()):
            tell_age(workspace)
        answer = ask_here(text, limit, catalog)
    _print(answer, Format.JSON if json else format)
    if answer["truncated"]:
        note("truncated: there are more rows; ask for them with --limit")


def ask_here(sql: str, limit: int, catalog: Path | None) -> dict[str, Any]:
    """Run SQL on the data here: `{columns, types, rows, row_count, truncated}`.

    Raises:
        AgnesError: it cannot be run.
    """
    from agnes.queries.local import local_data, run_local
    from agnes.queries.values import answer

    try:
        return answer(run_local(sql, local_data(data_folders(catalog)), limit))
    except SandboxError as error:
        raise AgnesError("\n".join(_explained(sql, error)), error.hint) from None


def data_folders(catalog: Path | None) -> Iterator[Path]:
    """Where data may be, the first of them first."""
    from agnes.config import workspace_from_environment
    from agnes.workspace.layout import find_workspace

    if catalog is None:
        given = workspace_from_environment()
        yield given or Path.cwd()
        if given:
            return
        if (around := find_workspace(Path.cwd())) is not None and around.root != Path.cwd():
            yield around.root
    try:
        if (found := catalog_path(catalog)) != Path.cwd():
            yield found
    except NotACatalogError:
        if catalog is not None:
            raise


def _explained(sql: str, error: SandboxError) -> Iterator[str]:
    """An error with the line that it is in, and a caret below the place."""
    yield f"Query error: {error.message}"
    if error.position is not None and error.length:
        start = sql.rfind("\n", 0, error.position) + 1
        line = sql[start:].partition("\n")[0]
        at = error.position - start
        if len(line) <= _CELL and line.isprintable():
            yield f"  {line}"
            yield f"  {' ' * at}{'^' * min(error.length, len(line) - at)}"


def ask_server(sql: str, limit: int) -> dict[str, Any]:
    """Run SQL at the server; it answers the same.

    Raises:
        AgnesError: it cannot be run.
    """
    from agnes.client import Client

    with Client.from_config() as client:
        try:
            found: dict[str, Any] = client.post("/api/query", json={"sql": sql, "limit": limit})
        except AgnesError as error:
            raise AgnesError(f"Query failed: {error.message}", error.hint) from None
    return found


def _print(answer: dict[str, Any], form: Format) -> None:
    columns, rows = answer["columns"], answer["rows"]
    if form is Format.JSON:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif form is Format.CSV:
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerows([columns, *([_text(value) for value in row] for row in rows)])
        typer.echo(written.getvalue(), nl=False)
    else:
        for line in table([[cell(name) for name in columns], *map(cells, rows)], indent=""):
            echo(line)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return json_.dumps(value, ensure_ascii=False)


def cells(row: Sequence[Any]) -> list[str]:
    """The values of a row for people."""
    return [cell(_text(value)) for value in row]


def cell(text: str) -> str:
    """A value for people: one line, no longer than can be read, and nothing that moves a cursor."""
    from agnes.model.layout import printable

    shown = printable(text[: _CELL + 1])
    return shown if len(shown) <= _CELL else f"{shown[: _CELL - 1]}…"
