"""How old a workspace is, and what to do about it; cheap, for every command looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from agnes.config import workspace_from_environment
from agnes.workspace.layout import Workspace, find_workspace

Freshness = Literal["fresh", "stale", "missing"]
FRESH = timedelta(hours=24)


def workspace_here() -> Workspace | None:
    """The workspace that a command is about: `DA_LOCAL_DIR`, else the one around this folder."""
    given = workspace_from_environment()
    if given is not None:
        return Workspace(given)
    try:
        return find_workspace(Path.cwd())
    except OSError:  # the folder is gone
        return None


def freshness(state: dict[str, Any]) -> Freshness:
    """How old what is here is: up to a day, older, or nobody knows.

    Args:
        state: what the last sync noted.
    """
    found = synced_at(state)
    if found is None:
        return "missing"
    return "fresh" if datetime.now(UTC) - found < FRESH else "stale"


def synced_at(state: dict[str, Any]) -> datetime | None:
    """When the last sync was, if it is noted."""
    try:
        found = datetime.fromisoformat(state["synced_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def advice(workspace: Workspace) -> str | None:
    """What to do about a workspace that is old, or was not set up; None where all is well."""
    parts = [reason] if (reason := age(workspace.state())) else []
    if not workspace.claude_md.is_file():
        parts.append("there is no CLAUDE.md, make it: da analyst setup")
    return "; ".join(parts) or None


def age(state: dict[str, Any]) -> str | None:
    """That what is here is older than a day, or than what the server last announced.

    Args:
        state: what the last sync noted.
    """
    announced, found = state.get("announced_commit"), synced_at(state)
    if found is not None and (passed := datetime.now(UTC) - found) >= FRESH:
        hours = int(passed.total_seconds() // 3600)
        old = f"{hours} hours" if hours < 48 else f"{hours // 24} days"
        return f"the data and metrics here are {old} old, get newer ones: da sync"
    if announced and announced != state.get("commit"):
        return "the server has a newer catalog than the copy here, get it: da sync"
    return None
