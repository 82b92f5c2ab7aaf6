"""Following a branch while it moves. Events are hints; what counts is what the refs say."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.refs import Location, read_tip
from agnes.sync.outcome import Outcome, is_current
from agnes.sync.reconcile import reconcile

POLL_SECONDS = 2.0
SETTLE_SECONDS = 0.02
"""How long to wait after an event: a commit writes several files."""


def watch(
    location: Location,
    *,
    on_sync: Callable[[Outcome], None],
    on_error: Callable[[AgnesError], None],
    stop: threading.Event,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Sync now and whenever the branch moves, until `stop` is set.

    Args:
        on_sync: called after each sync that put another commit in force, and once at the start.
        on_error: called when a sync fails; the snapshot in force stays, and it is tried again
            when something changes or at the next poll. The same error is reported once in a row.
        poll_seconds: how often the refs are read even if no event came.
    """
    wake = threading.Event()
    with _observing(location, wake):
        last_error: str | None = None
        first = True
        while not stop.is_set():
            try:
                if first or not _is_current(location):
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


@contextlib.contextmanager
def _observing(location: Location, wake: threading.Event) -> Iterator[None]:
    """Watch HEAD, packed-refs and the refs; where that is impossible, the poll alone does it."""
    observer = Observer()
    handler = _Wake(wake)
    with contextlib.suppress(OSError):
        observer.schedule(handler, str(location.common_dir), recursive=False)
        observer.schedule(handler, str(location.common_dir / "refs"), recursive=True)
        if location.git_dir != location.common_dir:
            observer.schedule(handler, str(location.git_dir), recursive=False)
        observer.start()
    try:
        yield
    finally:
        if observer.is_alive():
            observer.stop()
            observer.join()
