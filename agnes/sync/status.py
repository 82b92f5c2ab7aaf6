"""What the cache is at, compared with what it should be at."""

from __future__ import annotations

from typing import Any

from agnes.cache.query import Snapshot
from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from agnes.sync.reconcile import followed_ref


def status(location: Location) -> dict[str, Any]:
    """Describe a catalog's cache, as plain data.

    Returns:
        `state` is `fresh`, `behind`, `degraded` (fresh, but a file does not validate) or
        `missing`; `error` says why the branch cannot be read, if it cannot.
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
        "path": str(current.path) if current else None,
        "error": None,
    }
    try:
        repository = Repository(location, PARTS)
        ref = followed_ref(repository, repository.tip())
        tip = repository.tip(ref)
        found |= {"branch": tip.branch, "follows": ref, "wanted": tip.commit}
        found["shallow"] = repository.is_shallow()
    except AgnesError as error:
        found["error"] = str(error)
    if current is None:
        return found
    found["size_bytes"] = current.path.stat().st_size
    found["snapshots"] = len(store.snapshots())
    try:
        with Snapshot(current.path) as snapshot:
            info, counts = snapshot.info(), snapshot.counts()
    except AgnesError as error:
        return found | {"state": "damaged", "error": str(error)}
    found |= counts
    found |= {"built_at": info["built_at"], "format": info["format"]}
    found["agnes_version"] = info["agnes_version"]
    behind = found["wanted"] != current.commit
    found["state"] = "behind" if behind else "degraded" if counts["errors"] else "fresh"
    return found
