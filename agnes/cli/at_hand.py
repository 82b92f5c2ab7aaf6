"""The data that commands about numbers compute on, and where their receipts go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agnes.compute.account import Files
    from agnes.compute.engine import DuckDB
    from agnes.compute.receipt import Receipt
    from agnes.workspace.layout import Workspace


@contextmanager
def open_data(
    data: Path | None, catalog: Path | None, limit: int = 0
) -> Iterator[tuple[DuckDB, Files, Workspace | None]]:
    """An engine on the data at hand, the files that it reads, and the workspace they are of.

    Args:
        data: a folder of parquet files, or one that has them in data/parquet, or a data snapshot's
            name; None for the data of the workspace around, else beside the catalog.
        limit: rows that will be asked for.

    Raises:
        NotFoundError: there is no data.
    """
    from agnes.cli.data import data_called
    from agnes.cli.query import data_folders
    from agnes.compute.account import Files
    from agnes.compute.engine import LIMITS, DuckDB
    from agnes.queries.local import local_data
    from agnes.sandbox import Limits
    from agnes.workspace.freshness import workspace_here

    tables = data_called(None, data, catalog).tables if data else None
    tables = tables or local_data(data_folders(catalog)).tables
    workspace = None if data or catalog else workspace_here()
    notes = {} if workspace is None else workspace.state().get("tables", {})
    limits = Limits(LIMITS.seconds, LIMITS.memory_mb, rows=max(limit, LIMITS.rows))
    with DuckDB(tables, limits) as engine:
        yield engine, Files(tables, notes), workspace


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
        f" {receipt.row_count} rows in {receipt.seconds:.2f} s"
    )
