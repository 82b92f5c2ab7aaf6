"""What the last sync and the last fetch did, for `status`: a small file of each, by the snapshots.

They are written without a lock, by processes and threads that know nothing of each other.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import get_ident
from typing import Any

from agnes.cache.store import Store
from agnes.errors import AgnesError

_ENTRIES = ("sync", "fetch")
_ATTEMPTS = 3


def read(store: Store) -> dict[str, Any]:
    """The journal.

    Returns:
        `sync` and `fetch`, each None until it was tried, or `{at, error, hint}` with `error` None
        when it worked; `fetch` has `failures` in a row and `next`, the time of the next try, and
        `sync` the `counts` of what it put in force.
    """
    return {what: _read(store, what) for what in _ENTRIES}


def _read(store: Store, what: str) -> dict[str, Any] | None:
    try:
        found = json.loads(_file(store, what).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and found.keys() >= {"at", "error", "hint"}
    return found if whole else None


def _file(store: Store, what: str) -> Path:
    return store.folder / f"journal.{what}.json"


def note_counts(store: Store, path: Path, counts: Mapping[str, int]) -> None:
    """Note a sync that worked, and how much the snapshot holds that it put in force."""
    with contextlib.suppress(OSError):
        note(store, "sync", None, snapshot=_seen(path), counts=dict(counts))


def counts_of(store: Store, path: Path) -> dict[str, int] | None:
    """How much a snapshot holds, without opening it.

    Returns:
        None when its file is not as it was when it was checked, or when that is not known.
    """
    entry = _read(store, "sync") or {}
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
    file = _file(store, what)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{get_ident()}.tmp")
    with contextlib.suppress(OSError):
        if not store.common_dir.is_dir():
            return  # the repository is gone, and must not seem to be back
        store.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            temporary.write_text(json.dumps(entry), encoding="utf-8")
            with contextlib.suppress(FileNotFoundError):  # a sync took it for a killed one's litter
                temporary.replace(file)
                return
