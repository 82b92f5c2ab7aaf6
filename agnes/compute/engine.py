"""Where the SQL of metrics runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol, Self

from agnes.queries import Queries, Running, Tables
from agnes.sandbox import Column, Limits, Result

LIMITS = Limits(seconds=300, memory_mb=4096, rows=200_000)


class Engine(Protocol):
    """A place to run SQL, in DuckDB's dialect whatever it is made of; a context manager.

    Args:
        name: what a receipt calls it: `duckdb`, or an address without passwords.
    """

    name: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> Result:
        """Run one SELECT.

        Args:
            parameters: a value for each `$name` in it.
            limit: the most rows to return.

        Raises:
            SandboxError: it was refused, failed, or took too much.
        """
        ...

    def compile(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """The text that is run for a SELECT: the same in DuckDB, another dialect elsewhere.

        Raises:
            SandboxError: it was refused.
        """
        ...

    def columns(self, table: str) -> list[Column]:
        """The columns of a table.

        Raises:
            SandboxError: there is no such table, or it cannot be read.
        """
        ...

    def cancel(self) -> None:
        """From another thread: end what runs, and what is asked from now on."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Shared:
    """Parquet files, in sandboxes that others use too, for queries of the catalog.

    Args:
        queries: runs the queries of everybody.
        tables: finds the parquet files of each table that may be read here, by its id.
        by: who asks.
    """

    name = "duckdb"

    def __init__(self, queries: Queries, tables: Callable[[], Tables], by: str = "") -> None:
        self._queries = queries
        self._tables = tables
        self._by = by
        self._lock = Lock()
        self._running: set[Running[Result]] = set()
        self._cancelled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> Result:
        """Run one SELECT; see `Engine`."""
        running = self._queries.submit(
            sql,
            self._tables,
            _as_it_is,
            limit,
            by=self._by,
            parameters=parameters,
            reviewed=True,
        )
        with self._lock:
            self._running.add(running)
            if self._cancelled:
                running.cancel()
        try:
            return running.result()
        finally:
            with self._lock:
                self._running.discard(running)

    def compile(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:  # noqa: ARG002
        """The text itself; see `Engine`."""
        return sql

    def columns(self, table: str) -> list[Column]:
        """The columns of a table; see `Engine`."""
        quoted = '"' + table.replace('"', '""') + '"'
        return list(self.query(f"FROM {quoted}", limit=0).columns)

    def cancel(self) -> None:
        """End what runs; see `Engine`."""
        with self._lock:
            self._cancelled = True
            for running in self._running:
                running.cancel()

    def close(self) -> None:
        """End what runs."""
        self.cancel()


class DuckDB(Shared):
    """Parquet files, in a sandbox: no other files, no network, a deadline and bounded memory.

    Several threads may ask at a time; as many queries run as there are workers. The first sandbox
    is launched at once.

    Args:
        tables: the parquet files of each table, by its id.
    """

    def __init__(self, tables: Tables, limits: Limits = LIMITS, workers: int = 1) -> None:
        super().__init__(Queries(limits, workers), lambda: tables)
        self._queries.warm(tables)

    def close(self) -> None:
        """End what runs, and the processes."""
        super().close()
        self._queries.close()


def _as_it_is(result: Result) -> Result:
    return result
