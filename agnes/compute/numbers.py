"""What came out of a metric's query: a value for each period and each part of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agnes.compute.engine import Engine
from agnes.compute.subject import Subject
from agnes.errors import AgnesError, NotFoundError
from agnes.model.names import nearest
from agnes.sandbox import Column, Result

Key = tuple[Any, ...]
"""A period, and a value of each dimension behind it; without the period where there is none."""
_TIMES = ("DATE", "TIMESTAMP")


@dataclass(frozen=True)
class Numbers:
    """The values of a metric.

    Args:
        period: the column that says which period a row is of, None where there is none.
        dimensions: the columns by which the values are broken down.
        value: the column with the value.
        values: a value for each key, in the order of the rows.
        result: the rows themselves, with whatever else the query gives.
    """

    period: str | None
    dimensions: tuple[str, ...]
    value: str
    values: Mapping[Key, Any]
    result: Result


def numbers(engine: Engine, metric: Subject, by: str | None = None) -> Numbers:
    """Run a metric's canonical query, or its variant by a dimension.

    Raises:
        NotFoundError: there is no such variant.
        SandboxError: the query was refused, failed, or took too much.
        AgnesError: what it gives is not one value for each key.
    """
    sql = canonical_sql(metric, by)
    return read_numbers(engine.query(sql), metric, [by] if by else [])


def canonical_sql(metric: Subject, by: str | None = None) -> str:
    """A metric's query as its file has it.

    Args:
        by: the dimension of a variant.

    Raises:
        NotFoundError: there is no such variant.
    """
    if by is None:
        return metric.sql
    if (found := metric.sql_variants.get(f"by_{by}")) is None:
        there = [key.removeprefix("by_") for key in metric.sql_variants]
        hint = f"there is: {', '.join(nearest(by, there) or there)}" if there else None
        raise NotFoundError(f"{metric.id} has no sql_by_{by}", hint)
    return found


def read_numbers(result: Result, metric: Subject, dimensions: Collection[str]) -> Numbers:
    """Tell the value of a metric, its period and its dimensions among the columns of a result.

    The value is in the column that is called like the metric, else in the last one. The period is
    the first column of dates that is no dimension.

    Args:
        dimensions: what the query breaks down by; those that are no column of it do not count.

    Raises:
        AgnesError: two rows have one key, or there are too many rows.
    """
    names = [column.name for column in result.columns]
    period, parts, value = read_columns(result.columns, metric, dimensions)
    keys = [at for at in (period, *parts) if at is not None]
    values: dict[Key, Any] = {}
    for row in result.rows:
        key = tuple(row[at] for at in keys)
        if key in values:
            raise AgnesError(f"{metric.id} has two rows for {_said(key)}", _ONE_ROW)
        values[key] = row[value]
    if result.truncated:
        raise AgnesError(f"{metric.id} gives more than {len(result.rows):,} rows")
    return Numbers(
        None if period is None else names[period],
        tuple(names[at] for at in parts),
        names[value],
        values,
        result,
    )


def read_columns(
    columns: Sequence[Column], metric: Subject, dimensions: Collection[str]
) -> tuple[int | None, list[int], int]:
    """Which columns are the period, the dimensions and the value; see `read_numbers`."""
    folded = [column.name.casefold() for column in columns]
    value = _last(folded, metric.name)
    parts = [at for it in dimensions if (at := _last(folded, it)) is not None and at != value]
    times = (
        at
        for at, column in enumerate(columns)
        if column.type.startswith(_TIMES) and at != value and at not in parts
    )
    return next(times, None), parts, len(columns) - 1 if value is None else value


_ONE_ROW = "a metric's query gives one row for each period and each part: GROUP BY all of them"


def _last(names: list[str], name: str) -> int | None:
    """Where a column stands; the last one where a name repeats."""
    found = [at for at, it in enumerate(names) if it == name.casefold()]
    return found[-1] if found else None


def _said(key: Key) -> str:
    return ", ".join("no value" if part is None else str(part) for part in key) or "all"
