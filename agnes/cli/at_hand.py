"""The data that commands about numbers compute on, and where their receipts go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import UsageError

if TYPE_CHECKING:
    from agnes.compute.data import Files
    from agnes.compute.engine import Engine
    from agnes.compute.receipt import Receipt
    from agnes.workspace.layout import Workspace


@contextmanager
def open_data(
    data: Path | None, catalog: Path | None, limit: int = 0, engine: str | None = None
) -> Iterator[tuple[Engine, Files | None, Workspace | None]]:
    """An engine, the files that it reads, if it reads files, and the workspace around.

    Args:
        data: a folder of parquet files, or one that has them in data/parquet, or a data snapshot's
            name; None for the data of the workspace around, else beside the catalog.
        limit: rows that will be asked for.
        engine: the address of another engine; see `engine_at_hand`.

    Raises:
        NotFoundError: there is no data.
        UsageError: the address is none, or `data` is given too.
        UnavailableError: the engine cannot be reached.
    """
    from agnes.cli.data import data_called
    from agnes.cli.query import data_folders
    from agnes.compute.data import Files
    from agnes.compute.engine import LIMITS, DuckDB
    from agnes.queries.local import local_data
    from agnes.sandbox import Limits
    from agnes.workspace.freshness import workspace_here

    limits = Limits(LIMITS.seconds, LIMITS.memory_mb, rows=max(limit, LIMITS.rows))
    if (url := engine_at_hand(engine, data, catalog)) is not None:
        from agnes.engines import open_engine

        with open_engine(url, limits) as elsewhere:
            yield elsewhere, None, None
        return
    workspace = None if data or catalog else workspace_here()
    tables = data_called(None, data, catalog).tables if data else None
    tables = tables or local_data(data_folders(catalog)).tables
    notes = {} if workspace is None else workspace.state().get("tables", {})
    with DuckDB(tables, limits) as here:
        yield here, Files(tables, notes), workspace


def engine_at_hand(option: str | None, data: Path | None, catalog: Path | None) -> str | None:
    """The address of the engine that metrics run in; None for DuckDB on parquet files.

    It is the one that was asked for; else parquet files that were named, or those of the workspace
    around; else what agnes.yml says. From a workspace nothing connects elsewhere, since an agent
    may compute there without being asked whether.

    Args:
        option, data, catalog: what was asked for.

    Raises:
        UsageError: both an engine and files were, or another engine from within a workspace.
        AgnesError: agnes.yml does not validate.
    """
    from agnes.cli.options import catalog_or_none
    from agnes.load.settings import engine_of
    from agnes.workspace.freshness import workspace_here

    if option and data:
        raise UsageError("--engine and --data exclude each other", "leave one of them out")
    url, workspace = option, workspace_here()
    if url is None and data is None and workspace is None:
        root = catalog_or_none(catalog)
        url = None if root is None else engine_of(root)
    if url in (None, "duckdb", "duckdb://"):
        return None
    if workspace is not None:
        hint = "run it in a clone of the catalog, outside of it; see docs/engines.md"
        raise UsageError("a workspace computes on its own files", hint)
    return url


def keep(receipt: Receipt, workspace: Workspace | None) -> str:
    """Keep a receipt, in a workspace; what to say of it."""
    from agnes.compute.receipt import FOLDER
    from agnes.compute.receipt import keep as keep_in

    if workspace is not None:
        path = keep_in(receipt, workspace.root / FOLDER)
        return str(path.relative_to(workspace.root))
    at = f" at {receipt.commit[:10]}" if receipt.commit else ""
    data = ", ".join(f"{table} {digest[:8]}" for table, digest in (receipt.data or {}).items())
    return (
        f"{receipt.id}: definition {receipt.definition[:8]}{at}; {data or receipt.engine};"
        f" {receipt.row_count} row(s) in {receipt.seconds:.2f} s"
    )
