"""What runs beside the answers: following the branch, what is due, and telling all processes.

Of all processes of an instance one leads: it watches the repository and fetches. The others look
which snapshot it has put in force. A leader that dies is followed by another one.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from agnes.errors import AgnesError
from agnes.sync.watch import watch

if TYPE_CHECKING:
    from agnes.api.instance import Instance
    from agnes.sync.outcome import Outcome

LEAD_SECONDS = 1.0
"""How often a process looks whether nobody leads."""
DUE_SECONDS = 5.0
"""How often it is looked which tables are due."""
LOG = logging.getLogger("agnes.api")


class Background:
    """The threads of one process."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._stop = instance.stopping
        self._wake = threading.Event()
        self._leads = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, name="agnes-follow", daemon=True),
            threading.Thread(target=self._lead, name="agnes-lead", daemon=True),
            threading.Thread(target=self._bring_due, name="agnes-due", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for what is under way."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _follow(self) -> None:
        self._instance.serving.follow(self._stop, self._instance.complain)

    def _lead(self) -> None:
        lock = FileLock(self._instance.data_dir / "state" / "leader.lock", timeout=0)
        while not self._stop.is_set():
            try:
                with lock:
                    self._leads.set()
                    try:
                        self._watch()
                    finally:
                        self._leads.clear()
            except Timeout:
                pass
            except OSError:
                LOG.exception("cannot lead")
            self._stop.wait(LEAD_SECONDS)

    def _bring_due(self) -> None:
        """Bring in the tables that are due, and what a process that ended left undone."""
        while not self._stop.wait(DUE_SECONDS):
            if self._leads.is_set() and self._instance.serving.is_ready:
                try:
                    self._instance.syncer.run_due()
                except AgnesError as error:
                    self._instance.complain(error)

    def _watch(self) -> None:
        watch(
            self._instance.location,
            on_sync=self._on_sync,
            on_error=self._instance.complain,
            stop=self._stop,
            fetch_seconds=self._instance.settings.fetch_every,
            wake=self._wake,
        )

    def _on_sync(self, outcome: Outcome) -> None:
        try:
            self._instance.serving.refresh()
        except AgnesError as error:
            self._instance.complain(error)
            return
        if outcome.moved:
            LOG.info("serving", extra={"facts": {"commit": outcome.commit} | outcome.counts})
