"""Following a remote: fetched every so often, less often while that fails."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.fetch import fetch
from agnes.git.refs import Location
from agnes.sync import journal

MOST_SECONDS = 600.0
"""Between two tries, however often it failed."""


def follow_remote(
    location: Location,
    every_seconds: float,
    *,
    stop: threading.Event,
    wake: Callable[[], None],
    on_error: Callable[[AgnesError], None],
) -> None:
    """Fetch again and again until `stop` is set.

    A fetch that fails changes nothing of what is served: it is noted for `status`, and tried again
    after a time that doubles with each failure.

    Args:
        wake: called after each fetch that worked.
        on_error: called with the first of several failures in a row.
    """
    store = Store(location)
    failures = 0
    while not stop.is_set():
        error: AgnesError | None = None
        try:
            fetch(location)
            failures = 0
            wake()
        except AgnesError as failed:
            failures += 1
            error = failed
            if failures == 1:
                on_error(failed)
        wait = _wait(every_seconds, failures)
        at = datetime.now(UTC) + timedelta(seconds=wait)
        journal.note(
            store, "fetch", error, failures=failures, next=at.isoformat(timespec="seconds")
        )
        stop.wait(wait)


def _wait(every: float, failures: int) -> float:
    if not failures:
        return every
    doubled: float = min(every * 2 ** min(failures, 16), max(MOST_SECONDS, every))
    return doubled * random.uniform(0.8, 1.2)  # noqa: S311  (so that replicas spread out)
