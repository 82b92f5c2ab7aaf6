"""The profile of one table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from agnes.profile.alerts import alerts_of, explained
from agnes.profile.engine import engine
from agnes.profile.numbers import percent, rounded
from agnes.profile.source import BATCH, duplicates, load
from agnes.profile.statistics import Column, aggregates, distributions, statistics
from agnes.profile.subject import Subject

VERSION = 2
"""Of a profile's form."""
SECONDS = 120
OF_A_SAMPLE = ("median", "percentiles", "histogram", "top_values", "sample_values")
"""What is told of the sample alone, where a table is sampled."""
APPROXIMATE = ("unique_count", "unique_pct")
"""What is told of the whole table then, and is a few percent off."""


def profile_table(subject: Subject, seconds: float = SECONDS) -> dict[str, Any]:
    """Profile a table.

    Of a large one, what can be had by one scan is of all its rows, and the rest of a sample;
    `approximate` and `of_sample` name which is which.

    Args:
        subject: the table and its data.
        seconds: the most it may take.

    Raises:
        UnavailableError: its files cannot be read, or it takes too long.
    """
    data_hash = subject.digest()
    with engine(subject, seconds) as connection:
        source = load(connection, subject)
        columns, total = source.columns, source.total
        repeated = duplicates(connection, source, subject.primary_key)
        described = []
        for start in range(0, len(columns), BATCH):
            batch = columns[start : start + BATCH]
            found = aggregates(connection, batch, sampled=source.sampled)
            counted = distributions(connection, batch, found)
            for column, facts, counts in zip(batch, found, counted, strict=True):
                entry = _common(column, facts, total, column.name in subject.primary_key)
                if not column.pii:
                    entry |= {"sample_values": source.values[column.ref]}
                    entry |= statistics(column, facts, counts)
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
        "size_bytes": sum(path.stat().st_size for path in subject.files),
        "sampled": source.sampled,
        "sample_size": source.rows,
        "of_sample": list(OF_A_SAMPLE) if source.sampled else [],
        "approximate": list(APPROXIMATE) if source.sampled else [],
        "primary_key": list(subject.primary_key),
        "duplicate_rows": repeated,
        "avg_completeness": rounded(sum(completeness) / max(len(columns), 1)),
        "missing_cells": missing,
        "missing_cells_pct": percent(missing, total * len(columns)),
        "date_range": next((_span(found) for found in dates if found["earliest"]), None),
        "variable_types": dict(Counter(entry["type_category"] for entry in described)),
        "alerts": [alert for entry in described for alert in explained(entry)],
        "columns": described,
        "sample_rows": source.first,
    }


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
        "sensitive": column.sensitive,
    }


def _span(dates: dict[str, Any]) -> dict[str, Any]:
    return {key: dates[key] for key in ("earliest", "latest", "span_days")}
