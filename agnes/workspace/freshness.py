"""How old a workspace is, and what to do about it.

Every command looks: nothing is imported for it that a command has not imported anyway.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from agnes.config import workspace_from_environment

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace

Freshness = Literal["fresh", "stale", "missing"]
FRESH = timedelta(hours=24)
LAST_SYNC = "data/metadata/last_sync.json"
"""What the last sync noted, in a workspace."""


def root_here() -> str | None:
    """The workspace that a command is about: `DA_LOCAL_DIR`, else the one around this folder."""
    if (given := workspace_from_environment()) is not None:
        return str(given)
    try:
        return find_root(os.getcwd())  # noqa: PTH109  (a Path takes longer)
    except OSError:  # the folder is gone
        return None


def find_root(folder: str) -> str | None:
    """The nearest folder, of this one and those above it, that a sync has noted itself in."""
    while not os.path.isfile(f"{folder}/{LAST_SYNC}"):  # noqa: PTH113
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return None
        folder = above
    return folder


def workspace_here() -> Workspace | None:
    """The workspace that a command is about; see `root_here`."""
    if (root := root_here()) is None:
        return None
    from pathlib import Path

    from agnes.workspace.layout import Workspace

    return Workspace(Path(root))


def read_state(root: str) -> dict[str, Any]:
    """What the last sync noted; nothing where there was none, or it cannot be read."""
    try:
        with open(f"{root}/{LAST_SYNC}", "rb") as file:  # noqa: PTH123
            found = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


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


def advice(root: str) -> str | None:
    """What to do about a workspace that is old, or was not set up; None where all is well."""
    parts = [reason] if (reason := age(read_state(root))) else []
    if not os.path.isfile(f"{root}/CLAUDE.md"):  # noqa: PTH113
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
