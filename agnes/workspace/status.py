"""How a workspace is, from what is on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agnes.workspace.freshness import freshness

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace


def status(workspace: Workspace) -> dict[str, Any]:
    """How a workspace is."""
    state = workspace.state()
    found = freshness(state)
    return {
        "workspace": str(workspace.root),
        "initialized": workspace.is_initialized,
        "freshness": found,
        "parquet_tables": sum(1 for _ in workspace.parquet_dir.glob("*.parquet")),
        "last_sync": "never" if found == "missing" else state["synced_at"],
        "server": state.get("server"),
        "commit": state.get("commit"),
    }
