"""`da explore`: what a table has, at a glance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from agnes.cli.options import CatalogOption, JsonOption, connect, source
from agnes.cli.output import echo, note, print_json, style, table
from agnes.errors import AgnesError, NotACatalogError

_SAMPLE, _LOOKED_AT = 5, 200
"""Rows that are shown, and in which personal data are looked for."""
Ask = Callable[[str, int], dict[str, Any]]
"""Runs SQL, and returns so many rows."""


def explore(
    table_id: Annotated[str, typer.Argument(metavar="TABLE", help="A table's id.")],
    json: JsonOption = False,
    remote: Annotated[bool, typer.Option("--remote", help="Ask the server.")] = False,
    catalog: CatalogOption = None,
) -> None:
    """Show how many rows a table has, its columns and some rows, without personal data.

    \b
    Examples:
      da explore orders
      da explore in.c-crm.company --json
      da explore orders --remote
    """
    from agnes.cli.query import ask_here, ask_server

    if remote:
        known: list[dict[str, Any]] | None = _known_at_server(table_id)
        found = _explore(table_id, known, ask_server)
    else:
        known = _known_here(table_id, catalog)
        found = _explore(table_id, known, lambda sql, limit: ask_here(sql, limit, catalog))
    if json:
        print_json(found)
        return
    echo(f"{style(table_id, bold=True)}: {found['row_count']} row(s)")
    _print(found)
    if known is None:
        note("no rows are shown: it is not known here which columns hold personal data: da sync")


def _known_here(table_id: str, catalog: Path | None) -> list[dict[str, Any]] | None:
    """The column metadata of a table; None where it exists and cannot be read."""
    try:
        with source(catalog) as found:
            return found.columns(table_id)
    except NotACatalogError:
        return []
    except AgnesError:
        return None


def _known_at_server(table_id: str) -> list[dict[str, Any]]:
    from agnes.source.remote import Remote

    with connect() as client:
        return Remote(client).columns(table_id)


def _explore(table_id: str, known: list[dict[str, Any]] | None, ask: Ask) -> dict[str, Any]:
    name = _quoted(table_id)
    try:
        shape = ask(f"FROM {name}", 0)
    except AgnesError as error:  # without our own SQL in it
        first = error.message.splitlines()[0].removeprefix("Query error: ")
        raise AgnesError(first.removeprefix("Query failed: "), error.hint) from None
    about = {row["column_name"].lower(): row for row in known or ()}
    columns = []
    for column, kind in zip(shape["columns"], shape["types"], strict=True):
        row = about.get(column.lower(), {})
        columns.append(
            {
                "name": column,
                "type": kind,
                "description": row.get("description"),
                "pii": bool(row.get("pii")),
            }
        )
    shown = [] if known is None else [it["name"] for it in columns if not it["pii"]]
    ((rows,),) = ask(f"SELECT count(*) FROM {name}", 1)["rows"]  # noqa: S608
    sample: list[list[Any]] = []
    if shown:
        chosen = ", ".join(map(_quoted, shown))
        sample = ask(f"SELECT {chosen} FROM {name}", _LOOKED_AT)["rows"]  # noqa: S608
        shown, sample = _without_personal(columns, shown, sample)
    return {
        "table": table_id,
        "row_count": rows,
        "columns": columns,
        "sample_rows": [dict(zip(shown, row, strict=True)) for row in sample],
    }


def _without_personal(
    columns: list[dict[str, Any]], shown: list[str], rows: list[list[Any]]
) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows that are shown; a column whose values are e-mail addresses is marked."""
    from agnes.values.personal import sensitive

    kept = []
    for at, name in enumerate(shown):
        if sensitive(name, [None if row[at] is None else str(row[at]) for row in rows]) is None:
            kept.append(at)
        else:
            next(it for it in columns if it["name"] == name)["pii"] = True
    return [shown[at] for at in kept], [[row[at] for at in kept] for row in rows[:_SAMPLE]]


def _print(found: dict[str, Any]) -> None:
    from agnes.cli.query import cell, cells

    rows = [
        [
            cell(it["name"]),
            it["type"],
            "personal" if it["pii"] else "",
            cell(it["description"] or ""),
        ]
        for it in found["columns"]
    ]
    for line in table(rows):
        echo(line)
    if sample := found["sample_rows"]:
        echo()
        for line in table(
            [[cell(name) for name in sample[0]], *(cells(list(row.values())) for row in sample)]
        ):
            echo(line)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
