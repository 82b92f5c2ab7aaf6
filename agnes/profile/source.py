"""The data of a table as a profile reads them: the whole, and what of it is kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agnes.profile.shown import discreet
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
BATCH = 32
"""Columns that are asked for at once: a statement of thousands is slow to plan."""
_SHOWN_ROWS, _SHOWN_VALUES, _SHOWN_TEXT = 5, 5, 200
_LOOKED_AT, _LOOKED_AT_CELLS = 2_000, 1_000_000
"""Rows, by chance, in which samples and what nobody is to see are looked for."""


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
    rows = number(connection, "SELECT count(*) FROM data")
    texts = _texts(connection, columns, rows)
    columns = [_told(column, texts[column.ref]) for column in columns]
    shown = {it.ref: discreet(texts[it.ref]) for it in columns if not it.pii}
    first = min(map(len, texts.values()), default=0)
    return Source(
        columns,
        total,
        rows,
        {ref: _different(values) for ref, values in shown.items()},
        [
            {column.name: shown[column.ref][at] for column in columns if column.ref in shown}
            for at in range(min(first, _SHOWN_ROWS))
        ],
    )


def duplicates(connection: duckdb.DuckDBPyConnection, source: Source, key: Sequence[str]) -> int:
    """How many rows have the values of another one.

    Args:
        key: names of the columns that are compared; all, if there are none. With one that does
            not exist there are no duplicates.
    """
    refs = {column.name: column.ref for column in source.columns}
    if not refs or not refs.keys() >= set(key):
        return 0
    compared = ", ".join(refs[name] for name in key or refs)
    relation = "shaped" if source.sampled else "data"
    sql = f"SELECT count(*) - count(DISTINCT hash({compared})) FROM {relation}"  # noqa: S608
    return number(connection, sql)


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


def _texts(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], rows: int
) -> dict[str, list[str | None]]:
    """The values of some rows, as text that is cut off, by the `ref` of their column."""
    most = min(_LOOKED_AT, max(_LOOKED_AT_CELLS // max(len(columns), 1), 1))
    sample = f" USING SAMPLE reservoir({most} ROWS) REPEATABLE (1)" if rows > most else ""
    connection.execute(f"CREATE TEMP TABLE looked AS FROM data{sample}")
    found: dict[str, list[str | None]] = {}
    for start in range(0, len(columns), BATCH):
        batch = columns[start : start + BATCH]
        asked = ", ".join(_text(column) for column in batch)
        values = connection.execute(f"SELECT {asked} FROM looked").fetchall()  # noqa: S608
        by_column = zip(*values, strict=True) if values else [()] * len(batch)
        found |= {it.ref: list(texts) for it, texts in zip(batch, by_column, strict=True)}
        empty = [it for it in batch if rows > most and not any(map(_is_value, found[it.ref]))]
        if empty:  # nearly: there may be values in other rows
            asked = ", ".join(f"min({_text(it)}), max({_text(it)})" for it in empty)
            told = connection.execute(f"SELECT {asked} FROM data").fetchone() or ()  # noqa: S608
            for at, column in enumerate(empty):
                found[column.ref] += told[2 * at : 2 * at + 2]
    return found


def _text(column: Column) -> str:
    return f"left({column.ref}::{TEXT}, {_SHOWN_TEXT})"


def _is_value(text: str | None) -> bool:
    return text is not None


def _different(texts: Sequence[str | None]) -> list[str]:
    """The first different values."""
    return list(dict.fromkeys(text for text in texts if text is not None))[:_SHOWN_VALUES]


def _told(column: Column, values: Sequence[str | None]) -> Column:
    """The column, marked as personal where its values say so."""
    if column.pii or column.category not in ("STRING", "NUMERIC"):
        return column
    kind = sensitive(column.name, values)
    return replace(column, pii=True, sensitive=kind) if kind else column
