"""The data of a table as a profile reads them: the whole, and what of it is kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agnes.profile.statistics import Column
from agnes.profile.subject import Subject
from agnes.profile.types import TEXT, classify_type
from agnes.values.personal import sensitive

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS = 500_000
"""A table of more rows is sampled,"""
SAMPLE_CELLS = 20_000_000
"""and so is one of more cells."""
_SHOWN_ROWS, _SHOWN_VALUES, _SHOWN_TEXT = 5, 5, 200
_LOOKED_AT = 500
"""Rows in which sample values are looked for."""
_FEW = 50
"""Values that are looked for of a column that is nearly empty."""

_Row = dict[str, str | None]
"""Values as text, by the `ref` of their column."""


@dataclass(frozen=True)
class Source:
    """A table, as relations `shaped`, all of it, and `data`, which may be a sample.

    Args:
        total, rows: how many the table has, and `data`.
        values: some values of each column that may be shown, by `ref`.
        first: the first rows, of the columns that may be shown.
    """

    columns: list[Column]
    total: int
    rows: int
    values: dict[str, list[str]]
    first: list[dict[str, str | None]]

    @property
    def sampled(self) -> bool:
        """Whether `data` is not the whole table."""
        return self.rows < self.total


def load(connection: duckdb.DuckDBPyConnection, subject: Subject) -> Source:
    """Open a table, and find out which of its columns may be shown."""
    columns, total = _open(connection, subject)
    most = min(SAMPLE_ROWS, max(SAMPLE_CELLS // max(len(columns), 1), 1_000))
    share = 100 * most / max(total, 1)
    sample = f" USING SAMPLE {share} PERCENT (bernoulli, 1)" if total > most else ""
    # One scan: of so many rows, choosing each by chance costs a fifth of a reservoir.
    connection.execute(f"CREATE TEMP TABLE data AS FROM shaped{sample}")
    rows = _samples(connection, columns)
    values = {column.ref: _values(connection, column, rows) for column in columns}
    columns = [_told(column, values[column.ref]) for column in columns]
    shown = [column for column in columns if not column.pii]
    return Source(
        columns,
        total,
        number(connection, "SELECT count(*) FROM data"),
        {column.ref: values[column.ref][:_SHOWN_VALUES] for column in shown},
        [{column.name: row[column.ref] for column in shown} for row in rows[:_SHOWN_ROWS]],
    )


def number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a query gives."""
    found = connection.execute(sql).fetchone()
    assert found is not None
    return int(found[0])


def _open(connection: duckdb.DuckDBPyConnection, subject: Subject) -> tuple[list[Column], int]:
    """Call the table `shaped`, with columns `c0`, `c1` ...; count its rows."""
    files = [str(path) for path in subject.files]
    source = connection.from_parquet(files, hive_partitioning=False)
    types = [str(kind) for kind in source.types]
    columns = [
        Column(f"c{at}", name, kind, classify_type(kind), name in subject.pii)
        for at, (name, kind) in enumerate(zip(source.columns, types, strict=True))
    ]
    source.create_view("source")
    names = ", ".join(column.ref for column in columns)
    connection.execute(f"CREATE TEMP VIEW named({names}) AS FROM source")
    kept = ", ".join(
        f"{column.ref}::{TEXT} AS {column.ref}" if column.is_text else column.ref
        for column in columns
    )
    connection.execute(f"CREATE TEMP VIEW shaped AS SELECT {kept} FROM named")  # noqa: S608
    return columns, number(connection, "SELECT count(*) FROM source")


def _samples(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> list[_Row]:
    """The first rows, as text that is cut off."""
    shown = [f"left({column.ref}::{TEXT}, {_SHOWN_TEXT})" for column in columns]
    rows = connection.execute(
        f"SELECT {', '.join(shown) or 'NULL'} FROM data LIMIT {_LOOKED_AT}"  # noqa: S608
    ).fetchall()
    names = [column.ref for column in columns]
    return [dict(zip(names, row, strict=False)) for row in rows]


def _values(
    connection: duckdb.DuckDBPyConnection, column: Column, samples: Sequence[_Row]
) -> list[str]:
    """Some different values of a column."""
    found = dict.fromkeys(text for row in samples if (text := row[column.ref]) is not None)
    if not found and len(samples) == _LOOKED_AT:  # a column that is nearly empty
        rows = connection.execute(
            f"SELECT DISTINCT left({column.ref}::{TEXT}, {_SHOWN_TEXT}) FROM data"  # noqa: S608
            f" WHERE {column.ref} IS NOT NULL LIMIT {_FEW}"
        ).fetchall()
        found = dict.fromkeys(text for (text,) in rows)
    return list(found)


def _told(column: Column, values: Sequence[str]) -> Column:
    """The column, marked as personal where its values say so."""
    if column.pii or column.category not in ("STRING", "NUMERIC"):
        return column
    kind = sensitive(column.name, values)
    return replace(column, pii=True, sensitive=kind) if kind else column
