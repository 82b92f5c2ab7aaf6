"""One sync of a workspace at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agnes.errors import ConflictError

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Be the only one that syncs a workspace.

    Raises:
        ConflictError: another does.
    """
    from filelock import FileLock, Timeout

    workspace.metadata_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(workspace.metadata_dir / ".sync.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ConflictError(
            f"another da syncs {workspace.root} at this moment", "wait for it, then try again"
        ) from None
    with lock:
        yield
