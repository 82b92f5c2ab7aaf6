"""`da admin metadata`: what is known of a table's columns."""

from __future__ import annotations

from typing import Annotated

import typer

from agnes.cli.lazy import lazy
from agnes.cli.options import (
    CatalogOption,
    JsonOption,
    NoSyncOption,
    RevisionOption,
    WorktreeOption,
    source,
)
from agnes.cli.output import echo, print_json, table

app = typer.Typer(
    cls=lazy(
        {
            "discover": "agnes.cli.discover:discover",
            "review": "agnes.cli.review_metadata:review",
            "apply": "agnes.cli.apply_metadata:apply",
            "show": "agnes.cli.metadata:show",
            "push": "agnes.cli.push_metadata:push",
        }
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)


def show(
    table_id: Annotated[str, typer.Argument(metavar="TABLE", help="A table's id.")],
    json: JsonOption = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Show the columns of a table: base type, confidence, source, description.

    \b
    Examples:
      da admin metadata show orders
      da admin metadata show in.c-crm.company --json
    """
    with source(catalog, revision=rev, worktree=worktree, no_sync=no_sync) as found:
        columns = found.columns(table_id)
    if json:
        print_json({"table_id": table_id, "columns": columns})
        return
    if not columns:
        echo(f"No column metadata for table: {table_id}")
    rows = [
        [str(column.get(key) or "") for key in ("column_name", "basetype", "confidence", "source")]
        for column in columns
    ]
    for line, column in zip(table(rows, ""), columns, strict=True):
        echo(line)
        if column.get("description"):
            echo(f"    {column['description']}")
