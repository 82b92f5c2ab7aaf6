"""The profile of one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agnes.profile.alerts import alerts_of, explained
from agnes.profile.engine import engine
from agnes.profile.numbers import percent, rounded
from agnes.profile.statistics import Column, aggregates, statistics
from agnes.profile.subject import Subject
from agnes.profile.types import TEXT, classify_type

if TYPE_CHECKING:
    import duckdb

VERSION = 1
"""Of a profile's form."""
SAMPLE_ROWS = 500_000
"""A table of more rows is sampled,"""
SAMPLE_CELLS = 20_000_000
"""and so is one of more cells."""
SECONDS = 120
_BATCH = 64
"""Columns that are summed up in one scan: a statement of thousands is slow to plan."""
_SHOWN_ROWS, _SHOWN_VALUES, _SHOWN_TEXT = 5, 5, 200
_LOOKED_AT = 500
"""Rows in which sample values are looked for."""

_Row = dict[str, str | None]
"""Values as text, by the `ref` of their column."""


def profile_table(subject: Subject, seconds: float = SECONDS) -> dict[str, Any]:
    """Profile a table. If it is sampled, all counts but `row_count` are the sample's.

    Args:
        subject: the table and its data.
        seconds: the most it may take.

    Raises:
        UnavailableError: its files cannot be read, or it takes too long.
    """
    data_hash = subject.digest()
    with engine(subject, seconds) as connection:
        columns, total, rows = _load(connection, subject)
        shown = [column for column in columns if not column.pii]
        samples = _samples(connection, shown)
        duplicates = _duplicates(connection, columns, subject.primary_key)
        described = []
        for start in range(0, len(columns), _BATCH):
            batch = columns[start : start + _BATCH]
            for column, facts in zip(batch, aggregates(connection, batch), strict=True):
                entry = _common(column, facts, rows, column.name in subject.primary_key)
                if not column.pii:
                    entry |= {"sample_values": _values(connection, column, samples)}
                    entry |= statistics(connection, column, facts)
                entry["alerts"] = alerts_of(entry)
                described.append(entry)
    missing = sum(entry["null_count"] for entry in described)
    completeness = [entry["completeness_pct"] for entry in described]
    dates = [entry["date_stats"] for entry in described if "date_stats" in entry]
    return {
        "table_id": subject.table_id,
        "version": VERSION,
        "hash": data_hash,
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "row_count": total,
        "column_count": len(columns),
        "sampled": rows < total,
        "sample_size": rows,
        "primary_key": list(subject.primary_key),
        "duplicate_rows": duplicates,
        "avg_completeness": rounded(sum(completeness) / max(len(columns), 1)),
        "missing_cells": missing,
        "missing_cells_pct": percent(missing, rows * len(columns)),
        "date_range": next((_span(found) for found in dates if found["earliest"]), None),
        "variable_types": dict(Counter(entry["type_category"] for entry in described)),
        "alerts": [alert for entry in described for alert in explained(entry)],
        "columns": described,
        "sample_rows": [
            {column.name: row[column.ref] for column in shown} for row in samples[:_SHOWN_ROWS]
        ],
    }


def _load(connection: duckdb.DuckDBPyConnection, subject: Subject) -> tuple[list[Column], int, int]:
    """Put the table, or a sample, into `data` with columns `c0`, `c1` ...; count both's rows."""
    files = [str(path) for path in subject.files]
    source = connection.from_parquet(files, hive_partitioning=False)
    types = [str(kind) for kind in source.types]
    columns = [
        Column(f"c{at}", name, kind, classify_type(kind), name in subject.pii)
        for at, (name, kind) in enumerate(zip(source.columns, types, strict=True))
    ]
    names = ", ".join(column.ref for column in columns)
    source.create_view("source")
    connection.execute(f"CREATE TEMP VIEW named({names}) AS FROM source")
    total = _number(connection, "SELECT count(*) FROM source")
    most = min(SAMPLE_ROWS, max(SAMPLE_CELLS // max(len(columns), 1), 1_000))
    kept = ", ".join(
        f"{column.ref}::{TEXT} AS {column.ref}" if column.is_text else column.ref
        for column in columns
    )
    sample = f" USING SAMPLE reservoir({most} ROWS) REPEATABLE (1)" if total > most else ""
    connection.execute(f"CREATE TEMP TABLE data AS SELECT {kept} FROM named{sample}")  # noqa: S608
    return columns, total, _number(connection, "SELECT count(*) FROM data")


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = connection.execute(sql).fetchone()
    assert found is not None
    return int(found[0])


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
    if not found:  # a column that is nearly empty
        rows = connection.execute(
            f"SELECT DISTINCT left({column.ref}::{TEXT}, {_SHOWN_TEXT}) FROM data"  # noqa: S608
            f" WHERE {column.ref} IS NOT NULL LIMIT {_SHOWN_VALUES}"
        ).fetchall()
        found = dict.fromkeys(text for (text,) in rows)
    return list(found)[:_SHOWN_VALUES]


def _duplicates(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], primary_key: Sequence[str]
) -> int:
    """How many rows have the primary key of another one."""
    refs = {column.name: column.ref for column in columns}
    key = [refs[name] for name in primary_key if name in refs]
    if not key or len(key) < len(primary_key):
        return 0
    sql = f"SELECT count(*) - count(DISTINCT ({', '.join(key)},)) FROM data"  # noqa: S608
    return _number(connection, sql)


def _common(column: Column, facts: dict[str, Any], rows: int, is_key: bool) -> dict[str, Any]:
    """What every column has."""
    return {
        "name": column.name,
        "type": column.type,
        "type_category": column.category,
        "completeness_pct": percent(facts["count"], rows),
        "null_count": rows - facts["count"],
        "unique_count": facts["distinct"],
        "unique_pct": percent(facts["distinct"], facts["count"]),
        "sample_values": [],
        "is_primary_key": is_key,
        "pii": column.pii,
    }


def _span(dates: dict[str, Any]) -> dict[str, Any]:
    return {key: dates[key] for key in ("earliest", "latest", "span_days")}
