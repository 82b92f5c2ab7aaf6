"""What is said of a column besides how full it is, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agnes.profile.numbers import compact, percent, rounded
from agnes.profile.types import FLOATS, TEXT, Category

if TYPE_CHECKING:
    import duckdb

CATEGORICAL = 50
"""A text of at most so many values has its top values listed."""
_TOP = 10
_BINS = 15

# {c} is the column, {n} the column as a float, without NaN and infinity.
_COUNTS = {"count": "count({c})"}
_DISTINCT = {"distinct": "count(DISTINCT {c})"}
_ABOUT_DISTINCT = {"distinct": "approx_count_distinct({c})"}
_WHOLE: dict[Category, dict[str, str]] = {
    "NUMERIC": {
        "min": "min({c})",
        "max": "max({c})",
        "mean": "avg({n})",
        "stddev": "stddev_samp({n})",
        "zeros": "count(*) FILTER (WHERE {n} = 0)",
        "negative": "count(*) FILTER (WHERE {n} < 0)",
    },
    "STRING": {
        "min_length": "min(length({c}))",
        "max_length": "max(length({c}))",
        "avg_length": "avg(length({c}))",
    },
    "DATE": {
        "earliest": "min({c})::DATE::VARCHAR",
        "latest": "max({c})::DATE::VARCHAR",
        "span_days": "date_diff('day', min({c})::DATE, max({c})::DATE)",
    },
    "BOOLEAN": {
        "true_count": "count(*) FILTER (WHERE {c})",
        "false_count": "count(*) FILTER (WHERE NOT {c})",
    },
}
_WHOLE["TIMESTAMP"] = _WHOLE["DATE"]
_ORDERED: dict[Category, dict[str, str]] = {
    "NUMERIC": {
        "median": "median({n})",
        "quantiles": "quantile_cont({n}, [0.05, 0.25, 0.75, 0.95])",
    }
}
"""What must be sorted for: of a large table it is the sample's."""


@dataclass(frozen=True)
class Column:
    """A column of the table that is profiled.

    Args:
        ref: what the SQL here calls it.
        type: its DuckDB type.
        pii: holds what nobody is to see, so that no value of it is shown.
        sensitive: what that is, where its values told: see `agnes.values.personal`.
    """

    ref: str
    name: str
    type: str
    category: Category
    pii: bool
    sensitive: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether it is looked at as text: lists, times, bytes and the like are."""
        return self.category == "STRING" and self.type != TEXT

    def of(self, expression: str) -> str:
        """An expression about it."""
        finite = f"CASE WHEN isfinite({self.ref}) THEN {self.ref}::DOUBLE END"
        number = finite if self.type in FLOATS else f"{self.ref}::DOUBLE"
        value = finite if self.type in FLOATS else self.ref
        plain = value if expression.startswith(("min", "max")) else self.ref
        return expression.format(c=plain, n=number)


def aggregates(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], *, sampled: bool
) -> list[dict[str, Any]]:
    """What is told of each of some columns: by one scan of `data`, which may be the whole table.

    Args:
        sampled: `data` is a sample. What needs no sorting is told of the whole table, `shaped`, by
            one scan of it; and how many distinct values there are is approximate.
    """
    if not sampled:
        return _facts(connection, columns, "data", [_COUNTS, _DISTINCT], [_WHOLE, _ORDERED])
    whole = _facts(connection, columns, "shaped", [_COUNTS, _ABOUT_DISTINCT], [_WHOLE])
    ordered = _facts(connection, columns, "data", [{"sampled": "count({c})"}], [_ORDERED])
    facts = [one | other for one, other in zip(whole, ordered, strict=True)]
    _mend_distinct(connection, columns, facts)
    return facts


def _facts(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    relation: str,
    of_all: Sequence[dict[str, str]],
    of_kinds: Sequence[dict[Category, dict[str, str]]],
) -> list[dict[str, Any]]:
    wanted = []
    for column in columns:
        kinds = [] if column.pii else [kind.get(column.category, {}) for kind in of_kinds]
        wanted.append({key: sql for part in (*of_all, *kinds) for key, sql in part.items()})
    expressions = [
        column.of(expression)
        for column, some in zip(columns, wanted, strict=True)
        for expression in some.values()
    ]
    sql = f"SELECT {', '.join(expressions)} FROM {relation}"  # noqa: S608
    values = iter(connection.execute(sql).fetchone() or ())
    return [{name: next(values) for name in some} for some in wanted]


_NEARLY_ALL = 0.9
"""An approximation may be a few percent off."""


def _mend_distinct(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], facts: list[dict[str, Any]]
) -> None:
    """All values are distinct where nearly all seem to be, and those of the sample are."""
    for column, found in zip(columns, facts, strict=True):
        found["distinct"] = min(found["distinct"], found["count"])
        if found["distinct"] > _NEARLY_ALL * found["count"]:
            sql = f"SELECT count(DISTINCT {column.ref}) FROM data"  # noqa: S608
            (distinct,) = connection.execute(sql).fetchone() or (0,)
            if distinct == found["sampled"]:
                found["distinct"] = found["count"]
            else:
                found["distinct"] = min(found["distinct"], found["count"] - 1)


def statistics(
    connection: duckdb.DuckDBPyConnection, column: Column, facts: dict[str, Any]
) -> dict[str, Any]:
    """The entry for the column's kind: `{"numeric_stats": {...}}`."""
    match column.category:
        case "NUMERIC":
            return {"numeric_stats": _numeric(connection, column, facts)}
        case "STRING":
            return {"string_stats": _string(connection, column, facts)}
        case "BOOLEAN":
            count = facts["count"]
            shares = {
                "true_count": facts["true_count"],
                "false_count": facts["false_count"],
                "true_pct": percent(facts["true_count"], count),
            }
            return {"boolean_stats": shares}
        case _:
            return {"date_stats": _dates(connection, column, facts)}


def _numeric(
    connection: duckdb.DuckDBPyConnection, column: Column, facts: dict[str, Any]
) -> dict[str, Any]:
    count = facts["count"]
    quantiles = facts["quantiles"] or [None] * 4
    return {
        **{key: rounded(facts[key]) for key in ("min", "max", "mean", "median", "stddev")},
        **dict(zip(("p5", "p25", "p75", "p95"), map(rounded, quantiles), strict=True)),
        "zeros": facts["zeros"],
        "zeros_pct": percent(facts["zeros"], count),
        "negative": facts["negative"],
        "negative_pct": percent(facts["negative"], count),
        "histogram": _histogram(connection, column, facts["min"], facts["max"]),
    }


def _histogram(
    connection: duckdb.DuckDBPyConnection, column: Column, least: Any, most: Any
) -> dict[str, list[Any]]:
    if least is None or least == most:
        return {"bins": [], "counts": []}
    low, high = float(least), float(most)
    width = high / _BINS - low / _BINS  # their difference may be no number any more
    if not width:
        return {"bins": [], "counts": []}
    number = column.of("{n}")
    rows = connection.execute(
        f"SELECT least(floor({number} / $width - $low / $width), $last)::INTEGER AS bin,"  # noqa: S608
        f" count(*) FROM data WHERE {number} IS NOT NULL GROUP BY bin",
        {"width": width, "low": low, "last": _BINS - 1},
    ).fetchall()
    counts = [0] * _BINS
    for at, count in rows:
        counts[max(at, 0)] += count
    edges = [low + width * at for at in range(_BINS)] + [high]
    bins = [f"{compact(edges[at])}-{compact(edges[at + 1])}" for at in range(_BINS)]
    return {"bins": bins, "counts": counts}


def _string(
    connection: duckdb.DuckDBPyConnection, column: Column, facts: dict[str, Any]
) -> dict[str, Any]:
    top = []
    seen = facts.get("sampled", facts["count"])
    if 0 < facts["distinct"] <= CATEGORICAL:
        rows = connection.execute(
            f"SELECT left({column.ref}, 200), count(*) AS n FROM data"  # noqa: S608
            f" WHERE {column.ref} IS NOT NULL GROUP BY {column.ref}"
            f" ORDER BY n DESC, {column.ref} LIMIT {_TOP}"
        ).fetchall()
        top = [
            {"value": value, "count": count, "pct": percent(count, seen)} for value, count in rows
        ]
    return {
        "min_length": facts["min_length"] or 0,
        "max_length": facts["max_length"] or 0,
        "avg_length": rounded(facts["avg_length"]) or 0.0,
        "top_values": top,
    }


def _dates(
    connection: duckdb.DuckDBPyConnection, column: Column, facts: dict[str, Any]
) -> dict[str, Any]:
    rows = connection.execute(
        f"SELECT year(d) || '-Q' || quarter(d), count(*) FROM"  # noqa: S608
        f" (SELECT {column.ref}::DATE AS d FROM data WHERE isfinite({column.ref}))"
        " GROUP BY year(d), quarter(d) ORDER BY year(d), quarter(d)"
    ).fetchall()
    histogram = {"bins": [label for label, _ in rows], "counts": [count for _, count in rows]}
    return {
        **{key: facts[key] for key in ("earliest", "latest", "span_days")},
        "histogram": histogram,
    }
