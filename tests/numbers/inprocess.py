"""DuckDB in this process, for laws that are tried on many small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import duckdb

from agnes.errors import SandboxError
from agnes.sandbox import Column, Result

Rows = Sequence[tuple[Any, ...]]


class InProcess:
    """An engine with one table, `orders`, of the types that metrics are made of."""

    name = "duckdb"

    def __init__(self, rows: Rows) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute(
            "CREATE TABLE orders (day DATE, region VARCHAR, amount INTEGER,"
            " price DECIMAL(12, 2), weight DOUBLE)"
        )
        if rows:
            places = ", ".join(["(?, ?, ?, ?, ?)"] * len(rows))
            values = [value for row in rows for value in row]
            self._connection.execute(f"INSERT INTO orders VALUES {places}", values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> Result:
        """Run one SELECT."""
        try:
            done = self._connection.execute(sql, dict(parameters or {}))
        except duckdb.Error as error:
            raise SandboxError("failed", str(error).splitlines()[0]) from None
        columns = tuple(Column(it[0], str(it[1])) for it in done.description or ())
        rows = done.fetchall() if limit is None else done.fetchmany(limit)
        return Result(columns, tuple(rows), False)

    def columns(self, table: str) -> list[Column]:
        """The columns of a table."""
        return list(self.query(f'FROM "{table}"', limit=0).columns)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
