"""Where the SQL of metrics runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

from agnes.queries import Queries, Tables
from agnes.sandbox import Column, Limits, Result

LIMITS = Limits(seconds=300, memory_mb=4096, rows=200_000)


class Engine(Protocol):
    """A place to run SQL, in DuckDB's dialect whatever it is made of; a context manager.

    Args:
        name: what a receipt calls it: `duckdb`, `postgres`.
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

    def columns(self, table: str) -> list[Column]:
        """The columns of a table.

        Raises:
            SandboxError: there is no such table, or it cannot be read.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class DuckDB:
    """Parquet files, in the sandbox: no other files, no network, a deadline and bounded memory.

    Several threads may ask at a time; as many queries run as there are workers.

    Args:
        tables: the parquet files of each table, by its id.
    """

    name = "duckdb"

    def __init__(self, tables: Tables, limits: Limits = LIMITS, workers: int = 1) -> None:
        self._tables = tables
        self._queries = Queries(limits, workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> Result:
        """Run one SELECT; see `Engine`."""
        return self._queries.run(sql, self._tables, limit, parameters)

    def columns(self, table: str) -> list[Column]:
        """The columns of a table; see `Engine`."""
        quoted = '"' + table.replace('"', '""') + '"'
        return list(self.query(f"FROM {quoted}", limit=0).columns)

    def close(self) -> None:
        """End what runs."""
        self._queries.close()
