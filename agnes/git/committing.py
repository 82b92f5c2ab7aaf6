"""One Agnes at a time commits to a repository; what a killed one left behind is cleared away.

    <common git dir>/agnes/
        commit-lock     held while committing; the kernel frees it with its owner
        committing      what is being committed: left over, its owner was killed

Git's own lock files do not say whose they are. Those that are younger than a left-over `committing`
and stay as they are while they are watched are the killed owner's; no others are ever touched.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from agnes.errors import ConflictError
from agnes.git.refs import Location, read_tip

WAIT_SECONDS = 60.0
STALE_SECONDS = 1.0
"""Git holds its locks for milliseconds; a hook of its may take longer, but not unnoticed by us."""


@dataclass(frozen=True)
class Unfinished:
    """A commit whose owner was killed: made or not, but perhaps not in the checkouts yet.

    Args:
        tip: where the branch was before, None where it was unborn.
        paths: of the files that were to change, in the repository.
    """

    branch: str
    tip: str | None
    paths: list[str]


@contextlib.contextmanager
def committing(
    location: Location,
    branch: str,
    paths: Iterable[str] = (),
    finish: Callable[[Unfinished], None] = lambda _: None,
) -> Iterator[None]:
    """Be the only Agnes that commits here.

    Args:
        paths: of the files that are to change, in the repository.
        finish: called first with what a killed one left, if it left something.

    Raises:
        ConflictError: another one takes a minute.
        OSError: the git directory cannot be written.
    """
    with _alone(location, WAIT_SECONDS):
        _see_to_killed(location, finish)
        mark = _mark(location)
        now = Unfinished(branch, read_tip(location, branch).commit, list(paths))
        mark.write_text(json.dumps(asdict(now)), encoding="utf-8")
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def is_unfinished(location: Location) -> bool:
    """Whether a commit is under way, or its owner was killed."""
    try:
        _mark(location).stat()
    except OSError:
        return False
    return True


def take_over(location: Location, finish: Callable[[Unfinished], None]) -> None:
    """Finish what a killed commit left, without one of one's own; never wait for a live one.

    Raises:
        ConflictError: another one is at work, and has seen to it itself.
        OSError: the git directory cannot be written.
    """
    with _alone(location, 0):
        _see_to_killed(location, finish)


@contextlib.contextmanager
def _alone(location: Location, seconds: float) -> Iterator[None]:
    from filelock import FileLock, Timeout  # not for `is_unfinished`, which every sync asks

    lock = _mark(location).with_name("commit-lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=seconds):
            yield
    except Timeout:
        raise ConflictError(
            f"another process is committing to {location.path}", "wait for it, or stop it"
        ) from None


def _see_to_killed(location: Location, finish: Callable[[Unfinished], None]) -> None:
    mark = _mark(location)
    left = _read(mark)
    if left is not None:
        _clear(_git_locks(location, left.branch), mark.stat().st_mtime_ns)
        finish(left)
    mark.unlink(missing_ok=True)


def _mark(location: Location) -> Path:
    return location.common_dir / "agnes" / "committing"


def _read(mark: Path) -> Unfinished | None:
    try:
        return Unfinished(**json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not there, or its owner was killed while it wrote
        return None


def _git_locks(location: Location, branch: str) -> list[Path]:
    folders = [location.common_dir, *(location.common_dir / "worktrees").glob("*")]
    names = ("index.lock", "HEAD.lock")
    found = [location.common_dir / f"{branch}.lock"]
    return found + [folder / name for folder in folders for name in names]


def _clear(locks: list[Path], since: int) -> None:
    watched = {lock: seen for lock in locks if (seen := _seen(lock)) and seen[1] >= since}
    if not watched:
        return
    time.sleep(STALE_SECONDS)
    for lock, seen in watched.items():
        if _seen(lock) == seen:
            lock.unlink(missing_ok=True)


def _seen(lock: Path) -> tuple[int, int, int] | None:
    """What a file is: inode, time of change in ns, size."""
    try:
        found = lock.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
