"""How a workspace is, from what is on this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace

Freshness = Literal["fresh", "stale", "missing"]
_FRESH = timedelta(hours=24)


def freshness(workspace: Workspace) -> Freshness:
    """How old what is here is: up to a day, older, or nobody knows."""
    found = synced_at(workspace.state())
    if found is None:
        return "missing"
    return "fresh" if datetime.now(UTC) - found < _FRESH else "stale"


def synced_at(state: dict[str, Any]) -> datetime | None:
    """When the last sync was, if it is noted."""
    try:
        found = datetime.fromisoformat(state["synced_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def status(workspace: Workspace) -> dict[str, Any]:
    """How a workspace is."""
    state = workspace.state()
    return {
        "workspace": str(workspace.root),
        "initialized": workspace.is_initialized,
        "freshness": freshness(workspace),
        "parquet_tables": sum(1 for _ in workspace.parquet_dir.glob("*.parquet")),
        "last_sync": state.get("synced_at") if synced_at(state) else "never",
        "server": state.get("server"),
        "commit": state.get("commit"),
    }
