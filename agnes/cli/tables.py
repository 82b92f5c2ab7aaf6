"""`da admin register-table`, `list-tables` and `discover-and-register`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli import options
from agnes.cli.options import CatalogOption, JsonOption, catalog_or_none, catalog_path, connect
from agnes.cli.output import echo, note, print_json, progress, table
from agnes.errors import UsageError

if TYPE_CHECKING:
    from agnes.tables.at_hand import Outcome, Registry


def _text(option: str, help_: str) -> Any:
    return typer.Option(option, help=help_, show_default=False)


def register_table(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="What people call it.", show_default=False)
    ] = None,
    source: Annotated[
        Path | None, _text("--from", "A .csv or .parquet file, or a folder of them: with columns.")
    ] = None,
    source_type: Annotated[str | None, _text("--source-type", "local, keboola ...")] = None,
    bucket: Annotated[str | None, _text("--bucket", "The source's container.")] = None,
    source_table: Annotated[str | None, _text("--source-table", "Its name there.")] = None,
    query_mode: Annotated[str | None, _text("--query-mode", "Where queries run.")] = None,
    description: Annotated[str | None, _text("--description", "What one row is.")] = None,
    schedule: Annotated[str | None, _text("--schedule", "every 6h, daily 07:00 (UTC).")] = None,
    groups: Annotated[
        list[str] | None, _text("--group", "Only members see it; repeat it. Default: everybody.")
    ] = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Register a table, as a commit: in the catalog at hand, else through the server.

    \b
    Examples:
      da admin register-table orders --description "One row per order"
      da admin register-table company --source-type keboola --bucket in.c-crm
      da admin register-table --from exports/orders.csv --schedule "daily 07:00"
      da admin register-table --from exports/
    """
    fields = {
        "name": name,
        "source_type": source_type,
        "bucket": bucket,
        "source_table": source_table,
        "query_mode": query_mode,
        "description": description,
        "sync_schedule": schedule,
        "access": {"groups": groups} if groups else None,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    with _registry(catalog) as registry, progress("Registering") as advance:
        outcome = registry.register(_tables(name, source, given), advance)
    _report(outcome, json=json)
    if source is not None and outcome.registered and not json:
        note("bring the data in: put the files into the import folder, then da setup first-sync")


def _tables(name: str | None, source: Path | None, given: dict[str, Any]) -> list[dict[str, Any]]:
    if source is None:
        if not name:
            raise UsageError("no table is named", "da admin register-table NAME, or --from FILE")
        return [given]
    if name and source.is_dir():
        raise UsageError("one name is not enough for a folder", "leave it out, or name one file")
    from agnes.tables.infer import id_of, infer_tables

    more = given | ({"id": id_of(name)} if name else {})
    return [found | more for found in infer_tables(source)]


def list_tables(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """List the registered tables.

    \b
    Example:
      da admin list-tables --json
    """
    rows = _registered(catalog)
    if json:
        print_json({"tables": rows, "count": len(rows)})
        return
    echo(f"Registered tables: {len(rows)}")
    for line in table([[str(row.get(key) or "") for key in _LISTED] for row in rows]):
        echo(line)


def _registered(catalog: Path | None) -> list[dict[str, Any]]:
    """What is registered: in a workspace its copy says it, as for other reads."""
    from agnes.workspace.freshness import workspace_here

    if catalog_or_none(catalog) is None and workspace_here() is not None:
        with options.source(catalog) as found:
            return found.tables()
    with _registry(catalog) as registry:
        return registry.tables()


_LISTED = ("id", "source_type", "query_mode", "sync_schedule", "name")


def discover_and_register(json: JsonOption = False, catalog: CatalogOption = None) -> None:
    """Register the tables of the Keboola project that are not registered yet, as one commit.

    \b
    Example:
      KBC_STACK_URL=... KBC_STORAGE_TOKEN=... da admin discover-and-register
    """
    with _registry(catalog) as registry:
        outcome = registry.discover()
    _report(outcome, json=json)
    if not json and not outcome.registered:
        echo("Nothing new to register")


@contextmanager
def _registry(catalog: Path | None) -> Iterator[Registry]:
    """The registry of the catalog at hand, else that of the configured server."""
    from agnes.config.client import server
    from agnes.tables.at_hand import LocalRegistry, RemoteRegistry

    if catalog_or_none(catalog) is None and server() is not None:
        with connect() as client:
            yield RemoteRegistry(client)
        return
    yield LocalRegistry(catalog_path(catalog, "; or ask a server: da auth login --server URL"))


def _report(outcome: Outcome, *, json: bool) -> None:
    if json:
        print_json(asdict(outcome))
        return
    for table_id in outcome.registered:
        echo(f"Registered: {table_id}")
    for table_id in outcome.existing:
        echo(f"Already exists: {table_id}")
    for table_id, reason in outcome.skipped.items():
        note(f"{table_id} is not registered: {reason}")
    if outcome.branch:
        note(f"it waits on {outcome.branch} for a review: nothing changed yet")
    elif outcome.commit:
        note(f"committed {outcome.commit[:10]}")
