"""What may be wrong with a workspace: each thing checked, with its remedy."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal, NamedTuple

from agnes.errors import CacheError
from agnes.model.layout import printable
from agnes.workspace.database import holder, is_at_home
from agnes.workspace.freshness import advice, freshness
from agnes.workspace.layout import Workspace
from agnes.workspace.offline import copy_of

_SHOWN = 5
"""Names of tables that a line has."""


class Finding(NamedTuple):
    """One thing that was looked at; see `agnes.diagnosis.Check`."""

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str | None = None


def checkup(workspace: Workspace) -> Iterator[Finding]:
    """Look at everything in a workspace. It reads all of its data."""
    state = workspace.state()
    yield _workspace(workspace, state)
    yield _copy(workspace)
    yield _tables(workspace, state)
    yield _database(workspace)
    yield _documents(workspace)


def _workspace(workspace: Workspace, state: dict[str, Any]) -> Finding:
    name, root = "workspace", workspace.root
    if freshness(state) == "missing":
        return Finding(
            name, "fail", f"{root} was never synced, or its notes are damaged", "da sync"
        )
    blocked = [path for path in (workspace.parquet_dir, workspace.duckdb_dir) if _is_blocked(path)]
    if blocked:
        remedy = f"let its user own it: chown -R USER {root}"
        return Finding(name, "fail", f"{blocked[0]} cannot be written", remedy)
    if words := advice(str(root)):
        detail, _, remedy = words.rpartition(": ")
        return Finding(name, "warn", f"{root}: {detail}", remedy)
    return Finding(name, "ok", f"{root}, synced at {state['synced_at']}")


def _is_blocked(folder: Path) -> bool:
    return folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK)


def _copy(workspace: Workspace) -> Finding:
    from agnes.cache.query import Snapshot

    name = "local catalog"
    if (copy := copy_of(workspace)) is None:
        return Finding(name, "fail", "the copy of the catalog is missing", "da sync")
    try:
        with Snapshot(copy) as snapshot:
            info = snapshot.info()
            if snapshot.digest() != info["digest"]:
                return Finding(
                    name, "fail", f"{copy} was changed", f"delete it, then da sync: {copy}"
                )
    except CacheError as error:
        return Finding(name, "fail", error.message, "da sync")
    detail = f"{info['metrics']} metrics and {info['tables']} tables of commit {copy.stem[:10]}"
    return Finding(name, "ok", detail)


def _tables(workspace: Workspace, state: dict[str, Any]) -> Finding:
    """Compare the data with what the last sync noted of it."""
    name = "tables"
    noted = state.get("tables")
    noted = noted if isinstance(noted, dict) else {}
    troubles = [
        f"{printable(table_id)} {trouble}"
        for table_id, note in noted.items()
        if (trouble := _trouble(workspace, table_id, note))
    ]
    if troubles:
        more = f" and {len(troubles) - _SHOWN} more" if len(troubles) > _SHOWN else ""
        return Finding(name, "fail", ", ".join(troubles[:_SHOWN]) + more, "da sync")
    return Finding(name, "ok", f"{len(noted)} table(s) are as the server sent them")


def _trouble(workspace: Workspace, table_id: str, note: Any) -> str | None:
    if "/" in table_id or not isinstance(note, dict):
        return "is noted wrongly"
    try:
        with workspace.parquet(table_id).open("rb") as file:
            if (size := note.get("size_bytes")) not in (None, os.fstat(file.fileno()).st_size):
                return f"does not have its {size} bytes"
            changed = note.get("hash") != file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "is damaged" if changed else None


def _database(workspace: Workspace) -> Finding:
    name, path = "database", workspace.database
    if not path.exists():
        return Finding(name, "fail", f"{path} is missing", "da sync")
    if reason := holder(path):
        detail = f"{path.name} is open for writing in {reason}; no sync can renew it"
        return Finding(name, "warn", detail, "close it there, or open it read-only")
    try:
        if not is_at_home(workspace):
            detail = f"the views in {path.name} read files elsewhere: the folder was moved"
            return Finding(name, "warn", detail, "da sync")
    except CacheError as error:
        return Finding(name, "fail", error.message, "da sync")
    return Finding(name, "ok", f"{path} opens")


def _documents(workspace: Workspace) -> Finding:
    bad = []
    for path in (workspace.schema, workspace.metrics, workspace.profiles):
        try:
            json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            bad.append(path.name)
    if bad:
        detail = f"missing or damaged in {workspace.metadata_dir}: {', '.join(bad)}"
        return Finding("documents", "warn", detail, "delete them if they are there, then da sync")
    return Finding("documents", "ok", f"schema, metrics and profiles in {workspace.metadata_dir}")
