"""Rows to DuckDB as Arrow columns; row by row it would take a hundred times as long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import arro3.core as arrow
import duckdb

Kind = Literal["text", "texts", "bool", "int", "float", "time"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_TYPES = {
    "text": arrow.DataType.string(),
    "bool": arrow.DataType.bool(),
    "int": arrow.DataType.int64(),
    "float": arrow.DataType.float32(),
}


def insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, Kind],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Append rows to a table.

    Args:
        columns: name and kind of each column, in the rows' order; JSON goes in as text, a time
            as a datetime in UTC without an offset.
        rows: one sequence per row, None for NULL.
    """
    if not rows:
        return
    batch = arrow.Table.from_pydict(
        {
            name: _column(kind, values)
            for (name, kind), values in zip(columns.items(), zip(*rows, strict=True), strict=True)
        }
    )
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(
        f'make_timestamp("{name}")' if kind == "time" else f'"{name}"'
        for name, kind in columns.items()
    )
    connection.register("batch", batch)
    try:
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM batch")  # noqa: S608
    finally:
        connection.unregister("batch")


def _column(kind: Kind, values: Sequence[Any]) -> arrow.Array:
    if kind == "texts":
        offsets, flat = [0], list[str]()
        for value in values:
            flat.extend(value or ())
            offsets.append(len(flat))
        return arrow.list_array(
            arrow.Array(offsets, type=arrow.DataType.int32()),
            arrow.Array(flat, type=_TYPES["text"]),
        )
    if kind == "time":
        micros = [None if value is None else _micros(value) for value in values]
        return arrow.Array(micros, type=_TYPES["int"])
    return arrow.Array(list(values), type=_TYPES[kind])


def _micros(value: datetime) -> int:
    elapsed = value - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
