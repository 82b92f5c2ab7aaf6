"""Running queries: some at a time, in sandboxes that are kept warm."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, Generic, Self, TypeVar

from agnes.errors import SandboxError, TooManyError, UnavailableError
from agnes.queries.tables import Tables, names_of
from agnes.sandbox import Limits, ParquetTable, Result, Sandbox

_WAITING = 8
"""Queries that may wait, for each that runs."""

_TRIES = 2
"""How often a query that new data came in between is run again."""

_T = TypeVar("_T")
Parameters = Mapping[str, Any]
_Key = tuple[tuple[str, tuple[Path, ...]], ...]
"""The tables of a sandbox: their names and files."""


class Running(Generic[_T]):
    """A query that waits, runs, or is over.

    Args:
        future: its answer, for whoever does not want to block.
    """

    def __init__(self) -> None:
        self.future: Future[_T]
        self._lock = Lock()
        self._sandbox: Sandbox | None = None
        self._cancelled = False

    def result(self, timeout: float | None = None) -> _T:
        """Wait for the answer.

        Raises:
            SandboxError: it was refused, failed, took too much, or was cancelled.
            TimeoutError: it is not over yet.
        """
        try:
            return self.future.result(timeout)
        except CancelledError:
            raise _cancelled() from None

    def cancel(self) -> None:
        """End it, from any thread; if it runs, by killing the process that it runs in."""
        with self._lock:
            self._cancelled = True
            if self._sandbox:
                self._sandbox.cancel()
        self.future.cancel()

    def enter(self, sandbox: Sandbox) -> None:
        """From now on it runs there."""
        with self._lock:
            if self._cancelled:
                raise _cancelled()
            self._sandbox = sandbox

    def leave(self) -> bool:
        """It runs no more; say whether the sandbox can be used again."""
        with self._lock:
            self._sandbox = None
            return not self._cancelled


class Queries:
    """A place to run queries; close it, or use it as a context manager.

    Args:
        limits: of each query.
        workers: queries that run at a time. Twice as many sandboxes stay warm, the ones whose
            tables were asked for last.
        waiting: queries that may wait for one of them to end.
    """

    def __init__(
        self, limits: Limits | None = None, workers: int = 2, waiting: int | None = None
    ) -> None:
        self.limits = limits or Limits()
        self._room = workers + (_WAITING * workers if waiting is None else waiting)
        self._share = math.ceil(self._room / 2)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="query")
        self._kept = 2 * workers
        self._lock = Lock()
        self._idle: list[tuple[_Key, Sandbox]] = []
        self._asked: Counter[str] = Counter()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End what waits, wait for what runs, and end the processes."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(cancel_futures=True)
        while self._idle:
            self._idle.pop()[1].close()

    def run(
        self,
        sql: str,
        tables: Tables,
        limit: int | None = None,
        parameters: Parameters | None = None,
    ) -> Result:
        """Run a query and wait for its rows; see `submit`."""
        return self.submit(sql, lambda: tables, _as_they_are, limit, parameters=parameters).result()

    def submit(
        self,
        sql: str,
        tables: Callable[[], Tables],
        render: Callable[[Result], _T],
        limit: int | None = None,
        by: str = "",
        parameters: Parameters | None = None,
        reviewed: bool = False,
    ) -> Running[_T]:
        """Have a query run as soon as there is a free worker.

        Args:
            sql: one SELECT.
            tables: finds, by id, the parquet files of each table that it may read.
            render: makes the answer of the rows. The worker does that too.
            limit: the most rows to return, not above that of `limits`.
            by: who asks. Nobody may fill more than half of the room.
            parameters: a value for each `$name` in the query.
            reviewed: it is a query of the catalog; only the sandbox looks at what it does.

        Raises:
            TooManyError: too many are waiting already.
            UnavailableError: it was closed.
        """
        running: Running[_T] = Running()

        def work() -> _T:
            try:
                return render(self._run(running, sql, tables(), limit, parameters or {}, reviewed))
            finally:
                self._leave(by)  # before the answer is there, so that who has it may ask again

        def unless_run(future: Future[_T]) -> None:
            if future.cancelled():
                self._leave(by)

        with self._lock:
            if self._closed:
                raise UnavailableError("the server is stopping")
            if self._asked.total() >= self._room:
                raise TooManyError("too many queries are waiting already", self.limits.seconds)
            if by and self._asked[by] >= self._share:
                message = f"{self._asked[by]} of your queries are waiting already"
                raise TooManyError(message, self.limits.seconds)
            running.future = self._threads.submit(work)
            self._asked[by] += 1
        running.future.add_done_callback(unless_run)
        return running

    def _leave(self, by: str) -> None:
        with self._lock:
            self._asked[by] -= 1
            self._asked += Counter()  # forget who has none any more

    def _run(
        self,
        running: Running[_T],
        sql: str,
        tables: Tables,
        limit: int | None,
        parameters: Parameters,
        reviewed: bool,
    ) -> Result:
        named = names_of(tables)
        if not reviewed:
            from agnes.queries.check import check  # its parser takes long to import

            check(sql, named, parameters)
        key = _key(named)
        sandbox = self._take(key)
        try:
            running.enter(sandbox)
            return _query(sandbox, sql, limit, parameters)
        except SandboxError as error:
            from agnes.queries.check import explain

            raise explain(error, tables) from None
        finally:
            if running.leave():
                self._put(key, sandbox)
            else:
                sandbox.close()

    def warm(self, tables: Tables) -> None:
        """Launch a sandbox of tables that will be asked for."""
        key = _key(names_of(tables))
        self._put(key, Sandbox([ParquetTable(name, files) for name, files in key], self.limits))

    def _take(self, key: _Key) -> Sandbox:
        with self._lock:
            for at in reversed(range(len(self._idle))):
                if self._idle[at][0] == key:
                    return self._idle.pop(at)[1]
        return Sandbox([ParquetTable(name, files) for name, files in key], self.limits)

    def _put(self, key: _Key, sandbox: Sandbox) -> None:
        sandbox.start()  # after a crash another child, which the next query need not wait for
        with self._lock:
            self._idle.append((key, sandbox))
            surplus = self._idle[: -self._kept] if not self._closed else self._idle[:]
            del self._idle[: len(surplus)]
        for _, old in surplus:
            old.close()


def _key(named: Tables) -> _Key:
    return tuple((name, tuple(files)) for name, files in named.items())


def _query(sandbox: Sandbox, sql: str, limit: int | None, parameters: Parameters) -> Result:
    for _ in range(_TRIES):
        try:
            return sandbox.query(sql, limit, parameters)
        except SandboxError:
            if not sandbox.is_stale:
                raise
    return sandbox.query(sql, limit, parameters)


def _as_they_are(result: Result) -> Result:
    return result


def _cancelled() -> SandboxError:
    return SandboxError("crashed", "the query was cancelled")
