"""`da data`: snapshots of the data, so that there is a past to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, DataOption, JsonOption
from agnes.cli.output import echo, note, print_json, progress, table
from agnes.cli.query import data_folders

if TYPE_CHECKING:
    from agnes.compute.folder import Data
    from agnes.compute.snapshots import DataSnapshots

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def snapshot(
    name: Annotated[
        str | None,
        typer.Argument(help="What to call it. Default: the time in UTC.", show_default=False),
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Keep the data as they are now, under a name, beside them.

    Files are linked, not copied: a snapshot takes no space until a sync replaces them. Without a
    name there is no new one where nothing has changed since the newest.

    \b
    Examples:
      da data snapshot
      da data snapshot before-migration
      da metrics explain revenue/mrr --from HEAD:before-migration --to HEAD
    """
    found = snapshots(data, catalog)
    with progress("Pinning") as advance:
        taken = found.take(name, advance=advance)
    if taken.copied:
        count = len(taken.copied)
        note(f"{count} table(s) were copied and take space: {found.path} cannot have links to them")
    if json:
        print_json(taken.snapshot.as_dict() | {"is_new": taken.is_new})
    elif taken.is_new:
        echo(f"Pinned {len(taken.snapshot.tables)} table(s) as {taken.snapshot.name}")
    else:
        echo(f"Nothing has changed since {taken.snapshot.name}")


@app.command("list")
def list_snapshots(
    data: DataOption = None, json: JsonOption = False, catalog: CatalogOption = None
) -> None:
    """List the snapshots of the data, the oldest first.

    \b
    Example:
      da data list --json
    """
    found = snapshots(data, catalog)
    kept = found.all()
    for name in found.damaged():
        note(f"{name} is damaged; delete it with: da data remove {name}")
    if json:
        print_json([it.as_dict() for it in kept])
    elif not kept:
        echo("No data snapshots; take one with: da data snapshot")
    else:
        rows = [
            (
                it.name,
                f"{it.created:%Y-%m-%d %H:%M}",
                f"{len(it.tables)} table(s)",
                f"{it.size_bytes / 1e6:,.1f} MB",
            )
            for it in kept
        ]
        for line in table(rows, indent=""):
            echo(line)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As da data list has it.")],
    data: DataOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Delete snapshots of the data; the data at hand stay.

    \b
    Example:
      da data remove 2026-11-28T0615
    """
    found = snapshots(data, catalog)
    for name in names:
        found.remove(name)
        echo(f"Removed {name}")


def snapshots(data: Path | None, catalog: Path | None) -> DataSnapshots:
    """The snapshots of the data at hand."""
    from agnes.compute.folder import parquet_folder
    from agnes.compute.snapshots import DataSnapshots

    return DataSnapshots(parquet_folder([data] if data else data_folders(catalog)))


def data_called(name: str | None, data: Path | None, catalog: Path | None) -> Data:
    """The data that are meant.

    Args:
        name: of a snapshot of the data at hand, or a folder; None for the data at hand.
        data: the folder that has the data at hand, or a snapshot's name.

    Raises:
        NotFoundError: there are no such data.
        AgnesError: the snapshot is damaged.
    """
    from agnes.compute.folder import Data, parquet_folder, tables_of
    from agnes.compute.snapshots import data_at
    from agnes.errors import NotFoundError

    if name is None and data is None:
        return Data("", tables_of(parquet_folder(data_folders(catalog))))
    if name is None and data is not None and data.is_dir():
        return Data("", data_at(data).tables)
    if name is None:
        name, data = str(data), None
    folder, hint = Path(name), None
    try:
        kept = snapshots(data, catalog)
        if kept.has(name) or not folder.is_dir():
            return kept.get(name).data()
    except NotFoundError as error:
        hint = error.hint
    if not folder.is_dir():
        raise NotFoundError(f"{name!r} is neither a folder nor a data snapshot", hint)
    return data_at(folder)
