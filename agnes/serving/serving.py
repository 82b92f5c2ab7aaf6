"""Following the snapshot in force: what a server answers from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from agnes.cache.store import Store
from agnes.errors import AgnesError, UnavailableError
from agnes.git.refs import Location
from agnes.serving.edition import Edition, View

if TYPE_CHECKING:
    from agnes.auth.principal import Principal

LOOK_SECONDS = 0.2
"""How often a process looks whether another one has put a snapshot in force."""


class Serving:
    """The edition in force of a catalog.

    Args:
        location: the catalog.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._store = Store(location)
        self._edition: Edition | None = None
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    @property
    def edition(self) -> Edition:
        """What is in force.

        Raises:
            UnavailableError: nothing is, yet.
        """
        if self._edition is None:
            raise UnavailableError(
                "the catalog is not served yet: nothing of it could be read",
                "see what is wrong with: da catalog status",
            )
        return self._edition

    @property
    def is_ready(self) -> bool:
        """Whether something is in force."""
        return self._edition is not None

    def view(self, principal: Principal) -> View:
        """What a user sees of what is in force."""
        return self.edition.view(principal)

    def refresh(self) -> Edition:
        """Open the snapshot in force, if it is not the one that is open.

        Raises:
            CacheError: it cannot be read; what was in force before stays so.
            UnavailableError: nothing is in force.
        """
        with self._lock:
            current = self._store.current()
            before = self._edition
            if current is not None and (before is None or before.path != current.path):
                self._edition = Edition(current.path, before)
        if before is not None and before is not self._edition:
            before.retire()
        if before is not self._edition:
            self.wake()
        return self.edition

    def wake(self) -> None:
        """Let all listeners look."""
        for listener in list(self._listeners):
            listener()

    def follow(self, stop: threading.Event, on_error: Callable[[AgnesError], None]) -> None:
        """Refresh whenever another process puts a snapshot in force, until `stop` is set.

        Args:
            on_error: told when one cannot be opened; once for several in a row.
        """
        last: str | None = None
        while not stop.wait(LOOK_SECONDS):
            try:
                current = self._store.current()
                if current is not None and (not self.is_ready or current.path != self.edition.path):
                    self.refresh()
                last = None
            except AgnesError as error:
                if str(error) != last:
                    on_error(error)
                last = str(error)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told, in whatever thread, when another edition is in force.

        Returns:
            What to call to be told no more.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
