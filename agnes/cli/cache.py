"""`da cache`: DuckDB files that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agnes.cli.options import CatalogOption, JsonOption, snapshot
from agnes.cli.output import echo, facts, print_json

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    pass


@app.command()
def upgrade(
    path: Annotated[
        Path, typer.Argument(help="The system.duckdb of an older instance.", metavar="PATH")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Try it on a copy, say what would change, and stop.")
    ] = False,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Bring a system.duckdb of version 1, 2 or 3 to version 4, with the catalog's metrics.

    Stop its server first. The file as it was is kept beside it, as system.duckdb.pre-migrate. If
    anything fails, the file stays as it is.

    \b
    Examples:
      da cache upgrade data/state/system.duckdb --dry-run
      da cache upgrade data/state/system.duckdb --catalog ../metrics
    """
    from agnes.migrate.upgrade import upgrade as bring_to_version_4

    done = bring_to_version_4(path, lambda: snapshot(catalog), dry_run=dry_run)
    counts = {
        "metrics": done.counts.get("metric_definitions", 0),
        "columns": done.counts.get("column_metadata", 0),
    }
    if json:
        print_json(
            {
                "path": str(done.path),
                "from_version": done.from_version,
                "to_version": done.to_version,
                "steps": done.steps,
                **counts,
                "backup": str(done.backup) if done.backup else None,
                "dry_run": dry_run,
            }
        )
        return
    if not done.steps:
        echo(f"{path} is at version {done.to_version} already")
        return
    if done.from_version == done.to_version:
        verb = "Would complete" if dry_run else "Completed"
        echo(f"{verb} {path}, which is at version {done.to_version}")
    else:
        verb = "Would upgrade" if dry_run else "Upgraded"
        echo(f"{verb} {path} from version {done.from_version} to {done.to_version}")
    backup = str(done.backup) if done.backup else ""
    for line in facts(
        [*((key, _count(value)) for key, value in counts.items()), ("backup", backup)]
    ):
        echo(line)
    if dry_run:
        echo("DRY RUN: nothing was changed")


def _count(value: int | None) -> str:
    return "those that it had already" if value is None else f"{value} from the catalog"
