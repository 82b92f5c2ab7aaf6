"""Opening the snapshot that a read command answers from.

The usual case, a snapshot in force of the branch's tip, is decided from git's own files: neither
pygit2 nor pydantic is imported for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from agnes.cache.query import Snapshot
from agnes.cache.store import Current, Store
from agnes.errors import AgnesError, CacheError, CacheWriteError, NoCommitError
from agnes.git.refs import Location, locate, read_tip
from agnes.sync.outcome import is_current

Say = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Reading:
    """How to read.

    Args:
        revision: a revision other than the one in force.
        as_of: the commit that the branch was at when this day ended, in UTC.
        worktree: the uncommitted working tree.
        sync: follow the branch first, when it has moved and the change is cheap.
        say: told what the reader should know: that HEAD is detached, that the answer is old.
        progress: told how many files of a build are done.
    """

    revision: str | None = None
    as_of: date | None = None
    worktree: bool = False
    sync: bool = True
    say: Say = lambda _: None
    progress: Progress | None = None


def open_snapshot(path: Path, reading: Reading | None = None) -> Snapshot:
    """Open the snapshot of a catalog.

    Args:
        path: the catalog's folder.

    Raises:
        AgnesError: there is no catalog, no commit or no such revision; or nothing is in force and
            nothing can be built.
    """
    reading = reading or Reading()
    location = locate(path)
    if reading.worktree:
        from agnes.sync.reconcile import preview

        return Snapshot(preview(location, reading.progress))
    if reading.as_of is not None:
        reading = replace(reading, revision=_commit_of(location, reading.as_of))
    if reading.revision is not None:
        from agnes.sync.reconcile import materialize

        try:
            return Snapshot(materialize(location, reading.revision, reading.progress))
        except CacheWriteError as error:
            return _open_apart(location, reading, error)
    current = Store(location).current()
    try:
        fresh = current is not None and _is_fresh(location, current, reading.say)
        if current is None or (not fresh and reading.sync):
            current = _sync(location, reading)
        elif not fresh:
            reading.say(f"answering from {current.commit[:10]}; the branch has moved (--no-sync)")
    except AgnesError as error:
        # What is in force stays in force, whatever is wrong with the repository or the disk.
        if current is None:
            if isinstance(error, CacheWriteError):
                return _open_apart(location, reading, error)
            raise
        reading.say(f"answering from {current.commit[:10]}; the sync failed: {error}")
    try:
        return Snapshot(current.path)
    except CacheError:
        if not reading.sync:
            raise
        from agnes.sync.reconcile import rebuild

        reading.say("the snapshot is damaged; building it anew from git")
        return Snapshot(rebuild(location, reading.progress).path)


def _commit_of(location: Location, day: date) -> str:
    from agnes.git.repository import Repository
    from agnes.model.layout import PARTS
    from agnes.sync.point import find_commit

    return find_commit(Repository(location, PARTS), as_of=day)


def _is_fresh(location: Location, current: Current, say: Say) -> bool:
    tip = read_tip(location, current.ref)
    if tip.commit is None:
        raise NoCommitError(f"the branch {tip.branch} has no commit any more")
    if tip.branch is None:
        say(f"HEAD is detached at {tip.commit[:10]}; answering from that commit")
    return is_current(location, current, tip)


def _open_apart(location: Location, reading: Reading, error: CacheWriteError) -> Snapshot:
    """Answer from a snapshot that is deleted as soon as it is open."""
    from tempfile import TemporaryDirectory

    from agnes.sync.reconcile import materialize_apart

    reading.say(f"building for this answer alone: {error}")
    with TemporaryDirectory(prefix="agnes-") as folder:
        return Snapshot(materialize_apart(location, reading.revision, Path(folder)))


def _sync(location: Location, reading: Reading) -> Current:
    from agnes.sync.reconcile import reconcile

    outcome = reconcile(location, cheap_only=True, progress=reading.progress)
    if outcome.commit != outcome.wanted:
        reading.say(
            f"answering from {outcome.commit[:10]}: the branch is at {outcome.wanted[:10]}, many "
            "files away; run `da catalog sync`"
        )
    elif outcome.branch is None and outcome.previous is None:
        reading.say(f"HEAD is detached at {outcome.commit[:10]}; answering from that commit")
    current = Store(location).current()
    if current is None:
        raise CacheError("the snapshot was deleted while it was opened", "try again")
    return current
