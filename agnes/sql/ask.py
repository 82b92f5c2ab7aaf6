"""What may be asked of a metric's SQL, and what comes of it. Light: it needs no parser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agnes.model.grain import Grain


@dataclass(frozen=True)
class Definition:
    """What is derived from.

    Args:
        sql: the canonical query.
        variants: further ones by the dimension that they break down by.
        dimensions: what may be broken down by.
        grain: of the periods of the query.
    """

    sql: str
    variants: Mapping[str, str]
    dimensions: Sequence[str]
    grain: Grain


@dataclass(frozen=True)
class Ask:
    """What is asked for; nothing but the defaults is the canonical query.

    Args:
        by: dimensions.
        grain: the length of the periods.
        start, end: the first and the last day.
        where: a condition on rows.
    """

    by: tuple[str, ...] = ()
    grain: Grain | None = None
    start: date | None = None
    end: date | None = None
    where: str | None = None


@dataclass(frozen=True)
class Derived:
    """A query that answers what was asked.

    Args:
        sql: in DuckDB's dialect.
        parameters: a day for each `$name` in it.
        is_canonical: whether it is word for word in the metric's file.
        notes: what to know when its rows are read.
    """

    sql: str
    parameters: Mapping[str, date] = field(default_factory=dict)
    is_canonical: bool = False
    notes: tuple[str, ...] = ()


def nearest_query(definition: Definition, by: Sequence[str]) -> tuple[str, list[str]]:
    """The query of a definition that is nearest to a breakdown, and the dimensions it lacks."""
    for name in by:
        if name in definition.variants:
            return definition.variants[name], [other for other in by if other != name]
    return definition.sql, list(by)


def canonical(definition: Definition, ask: Ask) -> Derived | None:
    """The answer to what is asked, if it is in the metric's file as it is; else None."""
    sql, missing = nearest_query(definition, ask.by)
    is_own = ask.grain in (None, definition.grain) and len(set(ask.by)) == len(ask.by)
    if missing or not is_own or (ask.start, ask.end, ask.where) != (None, None, None):
        return None
    return Derived(sql, is_canonical=True)
