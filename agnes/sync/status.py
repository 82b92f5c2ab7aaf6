"""What the cache is at, compared with what it should be at."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from agnes.sync import journal
from agnes.sync.reconcile import followed_ref

MOST_COMMITS = 10_000
"""How many commits of a lag are counted."""


def status(location: Location) -> dict[str, Any]:
    """Describe a catalog's cache, as plain data.

    Returns:
        `state` is `fresh`; `behind`; `degraded`: something is served, but a file does not validate,
        the branch cannot be read, or fetching fails; `missing` or `damaged`: nothing is served.
        `error` says why the branch cannot be read. `lag` is how many commits are not served yet,
        and for how many seconds the first of them has been there. `sync` and `fetch` are those of
        `journal.read`.
    """
    store = Store(location)
    current = store.current()
    found: dict[str, Any] = {
        "state": "missing",
        "catalog": str(location.path),
        "branch": None,
        "follows": current.ref if current else None,
        "commit": current.commit if current else None,
        "wanted": None,
        "lag": None,
        "path": str(current.path) if current else None,
        "error": None,
        **journal.read(store),
    }
    try:
        repository = Repository(location, PARTS)
        ref = followed_ref(repository, repository.tip())
        tip = repository.tip(ref)
        found |= {"branch": tip.branch, "follows": ref, "wanted": tip.commit}
        found["shallow"] = repository.is_shallow()
        if current is not None:
            found["lag"] = _lag(repository, current.commit, tip.commit)
    except AgnesError as error:
        found["error"] = str(error)
    if current is None:
        return found
    try:
        with Snapshot(current.path) as snapshot:
            info, counts = snapshot.info(), snapshot.counts()
            found["stale_files"] = snapshot.stale_files()
        found["size_bytes"] = current.path.stat().st_size
        found["snapshots"] = len(store.snapshots())
    except (AgnesError, OSError) as error:
        return found | {"state": "damaged", "error": str(error)}
    found |= counts
    found |= {"built_at": info["built_at"], "committed_at": info["committed_at"]}
    found |= {"format": info["format"], "digest": info["digest"]}
    found["agnes_version"] = info["agnes_version"]
    found["state"] = _state(found)
    return found


def _state(found: dict[str, Any]) -> str:
    fetch = found["fetch"]
    if found["error"] or (fetch and fetch["error"]):
        return "degraded"
    if found["wanted"] != found["commit"]:
        return "behind"
    return "degraded" if found["errors"] else "fresh"


def _lag(repository: Repository, served: str, wanted: str) -> dict[str, int | None]:
    """Commits on the first-parent history; None of what is served is not on it."""
    first = None
    for number, (commit, _) in enumerate(islice(repository.first_parents(wanted), MOST_COMMITS)):
        if commit == served:
            return {"commits": number, "seconds": _age(repository, first)}
        first = commit
    return {"commits": None, "seconds": _age(repository, wanted)}


def _age(repository: Repository, commit: str | None) -> int:
    if commit is None:
        return 0
    now = datetime.now(UTC).replace(tzinfo=None)
    return max(0, round((now - repository.commit(commit).time).total_seconds()))
