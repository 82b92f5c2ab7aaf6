"""The local copy of the catalog: a snapshot, and JSON for agents that read files."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agnes.client import LARGEST_DOCUMENT
from agnes.errors import AgnesError, CacheError, UnavailableError
from agnes.tables.atomic import new_file
from agnes.workspace.manifest import COMMIT
from agnes.workspace.state import write_json

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.workspace.layout import Workspace

_PROFILES_VERSION = 1
_TRIES = 3
"""How often the snapshot is asked for, where it breaks off."""
_LARGEST_SNAPSHOT = 4 << 30
"""In bytes; that of 10,000 metrics has some 20 MB."""


def fetch_snapshot(client: Client, workspace: Workspace, etag: str, commit: str) -> tuple[str, str]:
    """Get the snapshot unless it is here.

    Args:
        etag, commit: of the one that is here; empty if there is none.

    Returns:
        the tag and the commit of the one that is here now.

    Raises:
        AgnesError: it cannot be had, or is none; the earlier one stays.
    """
    here = bool(etag and commit) and workspace.snapshot(commit).is_file()
    known = (etag, commit) if here else None
    for again in range(_TRIES - 1):
        with suppress(UnavailableError):
            return _fetch_snapshot(client, workspace, known)
        time.sleep(0.2 * 2**again)
    return _fetch_snapshot(client, workspace, known)


def _fetch_snapshot(
    client: Client, workspace: Workspace, known: tuple[str, str] | None
) -> tuple[str, str]:
    headers = {"If-None-Match": known[0]} if known else {}
    with client.download("/api/catalog/snapshot", headers, largest=_LARGEST_SNAPSHOT) as incoming:
        if incoming.status == 304 and known:
            return known
        new = incoming.headers.get("X-Agnes-Commit", "")
        if incoming.status != 200 or not COMMIT.fullmatch(new):
            raise UnavailableError(f"{client.server} does not say which catalog it sends")
        tag = incoming.headers.get("ETag", "")
        with new_file(workspace.snapshot(new)) as file:
            for chunk in incoming.chunks:
                file.write(chunk)
            file.flush()
            _check(file.name, new)
    return tag, new


def clear_snapshots(workspace: Workspace, commit: str) -> None:
    """Delete the snapshots of other commits."""
    for path in workspace.duckdb_dir.glob("*.duckdb"):
        if COMMIT.fullmatch(path.stem) and path.stem != commit:
            path.unlink(missing_ok=True)


def fetch_documents(client: Client, workspace: Workspace) -> None:
    """Get schema.json and metrics.json, as the server answers.

    Raises:
        AgnesError: they cannot be had; the earlier ones stay.
    """
    schema = _mapping(client, client.get("/api/catalog/tables"), "tables")
    metrics = _mapping(client, client.get("/api/metrics", largest=LARGEST_DOCUMENT), "metrics")
    write_json(workspace.schema, schema)
    write_json(workspace.metrics, metrics)


def fetch_profiles(client: Client, workspace: Workspace) -> None:
    """Get profiles.json: what is in each table, by its id.

    Raises:
        AgnesError: they cannot be had; the earlier ones stay.
    """
    found = _mapping(client, client.get("/api/catalog", largest=LARGEST_DOCUMENT), "tables")
    tables = {
        str(table.get("id")): table["profile"]
        for table in found["tables"]
        if isinstance(table, dict) and isinstance(table.get("profile"), dict)
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"generated_at": now, "version": _PROFILES_VERSION, "tables": tables}
    write_json(workspace.profiles, said)


def _check(path: str, commit: str) -> None:
    """Look whether a file is the catalog of a commit."""
    from pathlib import Path

    from agnes.cache.query import Snapshot

    try:
        with Snapshot(Path(path)) as snapshot:
            found = snapshot.info()["commit_id"]
    except CacheError as error:
        raise AgnesError("what the server sends is no catalog") from error
    if found != commit:
        raise AgnesError("the server sends the catalog of another commit than it says")


def _mapping(client: Client, answer: Any, key: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get(key), list):
        raise UnavailableError(
            f"{client.server} does not answer as Agnes does", "is the address right? da diagnose"
        )
    return answer
