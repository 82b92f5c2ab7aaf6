"""What the last sync and the last fetch did: a small file beside the snapshots, for `status`."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from agnes.cache.store import Store
from agnes.errors import AgnesError

FILE = "journal.json"
_ENTRIES = ("sync", "fetch")
_writing = Lock()
"""A watcher syncs and fetches in two threads."""


def read(store: Store) -> dict[str, Any]:
    """The journal.

    Returns:
        `sync` and `fetch`, each None until it was tried, or `{at, error, hint}` with `error` None
        when it worked; `fetch` has `failures` in a row and `next`, the time of the next try, and
        `sync` the `counts` of what it put in force.
    """
    try:
        found = json.loads((store.folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    known = found if isinstance(found, dict) else {}
    return {what: known[what] if _is_entry(known.get(what)) else None for what in _ENTRIES}


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and entry.keys() >= {"at", "error", "hint"}


def note_counts(store: Store, path: Path, counts: Mapping[str, int]) -> None:
    """Note a sync that worked, and how much the snapshot holds that it put in force."""
    with contextlib.suppress(OSError):
        note(store, "sync", None, snapshot=_seen(path), counts=dict(counts))


def counts_of(store: Store, path: Path) -> dict[str, int] | None:
    """How much a snapshot holds, without opening it.

    Returns:
        None when its file is not as it was when it was checked, or when that is not known.
    """
    entry = read(store)["sync"] or {}
    counts: dict[str, int] | None = entry.get("counts")
    try:
        return counts if entry.get("snapshot") == _seen(path) else None
    except OSError:
        return None


def _seen(path: Path) -> list[str | int]:
    found = path.stat()
    return [path.name, found.st_size, found.st_mtime_ns]


def note(store: Store, what: str, error: AgnesError | None, **more: Any) -> None:
    """Note how a `sync` or a `fetch` went; a folder that cannot be written is passed over.

    Args:
        error: None when it worked.
        more: further facts, as JSON.
    """
    entry: Mapping[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "error": error and error.message,
        "hint": error and error.hint,
        **more,
    }
    temporary = store.folder / f".{FILE}.{os.getpid()}.tmp"
    with _writing, contextlib.suppress(OSError):
        if not store.common_dir.is_dir():
            return  # the repository is gone, and must not seem to be back
        store.folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(read(store) | {what: entry}), encoding="utf-8")
        temporary.replace(store.folder / FILE)
