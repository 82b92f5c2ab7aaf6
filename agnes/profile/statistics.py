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
_ALL = {"count": "count({c})", "distinct": "count(DISTINCT {c})"}
_AGGREGATES: dict[Category, dict[str, str]] = {
    "NUMERIC": {
        "min": "min({c})",
        "max": "max({c})",
        "mean": "avg({n})",
        "median": "median({n})",
        "stddev": "stddev_samp({n})",
        "quantiles": "quantile_cont({n}, [0.05, 0.25, 0.75, 0.95])",
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
_AGGREGATES["TIMESTAMP"] = _AGGREGATES["DATE"]


@dataclass(frozen=True)
class Column:
    """A column of the table that is profiled.

    Args:
        ref: what the SQL here calls it.
        type: its DuckDB type.
        pii: holds personal data, of which no value is shown.
    """

    ref: str
    name: str
    type: str
    category: Category
    pii: bool

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
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """What one scan tells of each of some columns."""
    wanted = [_ALL | ({} if column.pii else _AGGREGATES[column.category]) for column in columns]
    expressions = [
        column.of(expression)
        for column, some in zip(columns, wanted, strict=True)
        for expression in some.values()
    ]
    row = connection.execute(f"SELECT {', '.join(expressions)} FROM data").fetchone()  # noqa: S608
    values = iter(row or ())
    return [{name: next(values) for name in some} for some in wanted]


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
    if 0 < facts["distinct"] <= CATEGORICAL:
        rows = connection.execute(
            f"SELECT left({column.ref}, 200), count(*) AS n FROM data"  # noqa: S608
            f" WHERE {column.ref} IS NOT NULL GROUP BY {column.ref}"
            f" ORDER BY n DESC, {column.ref} LIMIT {_TOP}"
        ).fetchall()
        top = [
            {"value": value, "count": count, "pct": percent(count, facts["count"])}
            for value, count in rows
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
