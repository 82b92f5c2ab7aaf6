"""Workspaces as a sync leaves them, made from a catalog without a server."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from agnes.sync.reading import open_snapshot
from agnes.workspace.database import build_database
from agnes.workspace.layout import Workspace
from tests.queries.conftest import write_parquet

ORDERS = "SELECT i AS id, 'n' || i AS name, i * 1.5 AS amount FROM range(1, 8) t(i)"


def make_workspace(
    root: Path, catalog: Path, *, age: timedelta = timedelta(0), **more: object
) -> Workspace:
    """A workspace with a table `orders` and the catalog.

    Args:
        age: how long ago it was synced.
        more: what the state says besides.
    """
    workspace = Workspace(root)
    with open_snapshot(catalog) as snapshot:
        commit = str(snapshot.info()["commit_id"])
        workspace.duckdb_dir.mkdir(parents=True)
        shutil.copyfile(snapshot.path, workspace.snapshot(commit))
    write_parquet(workspace.parquet("orders"), ORDERS)
    workspace.metadata_dir.mkdir()
    state = {
        "synced_at": (datetime.now(UTC) - age).isoformat(),
        "commit": commit,
        "tables": {"orders": note_on(workspace.parquet("orders"))},
    } | more
    for path in (workspace.schema, workspace.metrics, workspace.profiles):
        path.write_text("{}")
    workspace.last_sync.write_text(json.dumps(state))
    workspace.claude_md.write_text("# Acme — AI Data Analyst\n")
    build_database(workspace, workspace.snapshot(commit))
    return workspace


def note_on(path: Path) -> dict[str, object]:
    """What a sync notes of a table's file."""
    content = path.read_bytes()
    return {"hash": sha256(content).hexdigest(), "size_bytes": len(content), "rows": 7}


def snapshot_of(workspace: Workspace) -> Path:
    """The local copy of the catalog."""
    return workspace.snapshot(workspace.state()["commit"])
