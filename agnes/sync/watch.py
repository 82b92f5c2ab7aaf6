"""Following a branch while it moves. Events are hints; what counts is what the refs say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from agnes.cache.store import Store
from agnes.errors import AgnesError, GitError
from agnes.git.committing import is_unfinished
from agnes.git.refs import Location, read_tip
from agnes.sync.outcome import Outcome, is_current
from agnes.sync.reconcile import reconcile
from agnes.sync.remote import follow_remote

POLL_SECONDS = 2.0
SETTLE_SECONDS = 0.01
"""How long to wait after an event: a commit writes several files."""
_CHANGES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""Not that a file was read: our own look at the refs would wake us to the next one."""


def watch(
    location: Location,
    *,
    on_sync: Callable[[Outcome], None],
    on_error: Callable[[AgnesError], None],
    stop: threading.Event,
    poll_seconds: float = POLL_SECONDS,
    fetch_seconds: float | None = None,
    wake: threading.Event | None = None,
) -> None:
    """Sync now and whenever the branch moves, until `stop` is set.

    Args:
        on_sync: called after each sync that put another commit in force, and once at the start.
        on_error: called when a sync fails; the snapshot in force stays, and it is tried again
            when something changes or at the next poll. The same error is reported once in a row.
            Also called, from another thread, when fetching begins to fail.
        poll_seconds: how often the refs are read even if no event came.
        fetch_seconds: how often to fetch from the remote; None for never.
        wake: set it to have the branch looked at now, or `stop` noticed.
    """
    wake = wake or threading.Event()
    fetching = threading.Thread(
        target=follow_remote,
        args=(location, fetch_seconds or 0.0),
        kwargs={"stop": stop, "wake": wake.set, "on_error": on_error},
        daemon=True,  # a fetch that hangs does not keep the process
    )
    if fetch_seconds is not None:
        fetching.start()
    with _Eyes(location, wake) as eyes:
        last_error: str | None = None
        first = True
        while not stop.is_set():
            eyes.open()
            try:
                _insist_on_repository(location)
                if first or not _is_current(location) or is_unfinished(location):
                    outcome = reconcile(location)
                    if first or outcome.moved:
                        on_sync(outcome)
                    first = False
                last_error = None
            except AgnesError as error:
                if str(error) != last_error:
                    on_error(error)
                last_error = str(error)
            if wake.wait(poll_seconds) and not stop.wait(SETTLE_SECONDS):
                wake.clear()


def _insist_on_repository(location: Location) -> None:
    if not (location.git_dir / "HEAD").is_file():
        raise GitError(
            f"the repository {location.git_dir} is gone",
            "put it back, or watch it where it is now",
        )


def _is_current(location: Location) -> bool:
    current = Store(location).current()
    if current is None:
        return False
    return is_current(location, current, read_tip(location, current.ref))


class _Wake(FileSystemEventHandler):
    def __init__(self, wake: threading.Event) -> None:
        self.wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002
        self.wake.set()


class _Eyes:
    """Watches HEAD, packed-refs and the refs; where that is impossible, the poll alone does it.

    A watched folder that is deleted and made again sends no more events, so the folders are
    compared with what they were and watched anew.
    """

    def __init__(self, location: Location, wake: threading.Event) -> None:
        refs = location.common_dir / "refs"
        self._folders = {location.common_dir: False, location.git_dir: False, refs: True}
        self._handler = _Wake(wake)
        self._observer: BaseObserver | None = None
        self._seen: list[int | None] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def open(self) -> None:
        """Watch the folders that are there now, if they are not being watched yet."""
        seen = [_inode(folder) for folder in self._folders]
        if seen == self._seen:
            return
        self._close()
        self._seen = seen
        observer = Observer()
        with suppress(OSError):
            for folder, below in self._folders.items():
                if folder.is_dir():
                    observer.schedule(
                        self._handler, str(folder), recursive=below, event_filter=_CHANGES
                    )
            observer.start()
        self._observer = observer

    def _close(self) -> None:
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._observer = None


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None
