"""From files to the rows of a snapshot: in this process, or on all cores when there are many."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agnes.cache import rows
from agnes.git.entry import Entry
from agnes.git.history import FileHistory
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.load.catalog import Served, read_entry
from agnes.model.layout import PARTS, Slot

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Batch = dict[str, list[rows.Row]]
"""Rows by table, of some files."""
Job = tuple[Slot, Entry, FileHistory]

WORTH_PROCESSES = 1_500
"""Files from which on it pays to start further processes."""
_CHUNK = 500


class Producer:
    """Makes rows; use it in a `with` block.

    Args:
        files: how many files there will be about; further processes start at once when there are
            many, so that they are ready when the first file is known.
    """

    def __init__(self, location: Location, files: int) -> None:
        self._repository = Repository(location, PARTS)
        self._workers = min((os.cpu_count() or 1) - 1, 7) if files >= WORTH_PROCESSES else 0
        self._pool: ProcessPoolExecutor | None = None
        if self._workers:
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import get_context

            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))
            self._pool.submit(_produce_apart, location, [])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # They end while the rest is written; after an error nothing may be left behind.
            self._pool.shutdown(wait=kind is not None, cancel_futures=True)

    def produce(
        self,
        slots: Mapping[str, Slot],
        entries: Sequence[Entry],
        histories: Mapping[str, FileHistory],
    ) -> Iterator[tuple[Batch, list[Served]]]:
        """Read files and make their rows.

        Args:
            entries: files that have a slot.
            histories: by path.

        Returns:
            Some files at a time: the rows of those that validate, and the others, of which an
            earlier version may be served.

        Raises:
            GitError: an object is missing.
        """
        jobs = [(slots[entry.path], entry, histories[entry.path]) for entry in entries]
        chunks = deque(jobs[at : at + _CHUNK] for at in range(0, len(jobs), _CHUNK))
        running: deque[Future[tuple[Batch, list[Served]]]] = deque()
        location = self._repository.location
        while chunks or running:
            # The others are kept busy, and the rest is done here meanwhile.
            while self._pool and chunks and len(running) < 2 * self._workers:
                running.append(self._pool.submit(_produce_apart, location, chunks.popleft()))
            if chunks:
                yield _produce(self._repository, chunks.pop())
            while running and (running[0].done() or not chunks):
                yield running.popleft().result()


def _produce_apart(location: Location, chunk: list[Job]) -> tuple[Batch, list[Served]]:
    return _produce(_opened(location), chunk)


@cache
def _opened(location: Location) -> Repository:
    import gc

    gc.disable()  # what is made here lives until it is sent
    return Repository(location, PARTS)


def _produce(repository: Repository, chunk: list[Job]) -> tuple[Batch, list[Served]]:
    batch: Batch = {table: [] for table in rows.BY_FILE}
    broken = []
    for slot, entry, history in chunk:
        document = read_entry(repository, slot, entry)
        served = Served(document, document.value, entry)
        if document.value is None:
            broken.append(served)
        else:
            rows.add_rows(batch, served, history)
    return batch, broken
