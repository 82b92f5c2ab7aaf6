"""What is said of a column besides how full it is, by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agnes.profile.numbers import compact, percent, rounded
from agnes.profile.shown import discreet
from agnes.profile.types import FLOATS, TEXT, Category

if TYPE_CHECKING:
    import duckdb

CATEGORICAL = 50
"""A text of at most so many values has its top values listed."""
_TOP = 10
_BINS = 15
_SHOWN = 200
"""Characters of a value."""

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


def distributions(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    facts: Sequence[dict[str, Any]],
) -> list[dict[Any, int]]:
    """How often what comes in each of some columns, by one scan of `data`.

    Returns:
        counts: of a number by its bin, of a text by its value, of a day by its quarter; empty
        where that says nothing.
    """
    wanted = [_counted(column, known) for column, known in zip(columns, facts, strict=True)]
    expressions = [expression for expression in wanted if expression]
    if not expressions:
        return [{} for _ in columns]
    sql = f"SELECT {', '.join(expressions)} FROM data"  # noqa: S608
    found = iter(connection.execute(sql).fetchone() or ())
    return [dict(next(found) or {}) if expression else {} for expression in wanted]


def _counted(column: Column, facts: dict[str, Any]) -> str | None:
    """What counts a column's values, in SQL."""
    if column.pii:
        return None
    match column.category:
        case "NUMERIC":
            if (bins := _bins(facts)) is None:
                return None
            low, width = bins
            number = column.of("{n}")
            at = f"floor({number} / {width!r}::DOUBLE - {low!r}::DOUBLE / {width!r}::DOUBLE)"
            within = f"least(greatest({at}, 0), {_BINS - 1})::INTEGER"
            return f"histogram({within}) FILTER (WHERE {number} IS NOT NULL)"
        case "STRING":
            few = 0 < facts["distinct"] <= CATEGORICAL
            return f"histogram(left({column.ref}, {_SHOWN}))" if few else None
        case "DATE" | "TIMESTAMP":
            day = f"{column.ref}::DATE"
            quarter = f"year({day}) || '-Q' || quarter({day})"
            finite = f"isfinite({column.ref})"
            return f"histogram(CASE WHEN {finite} THEN {quarter} END) FILTER (WHERE {finite})"
        case _:
            return None


def _bins(facts: dict[str, Any]) -> tuple[float, float] | None:
    """Where the bins of a histogram begin, and how wide each is; None where there is but one."""
    least, most = facts["min"], facts["max"]
    if least is None or least == most:
        return None
    low, high = float(least), float(most)
    width = high / _BINS - low / _BINS  # their difference may be no number any more
    return (low, width) if width else None


def statistics(
    column: Column, facts: dict[str, Any], counts: dict[Any, int]
) -> dict[str, dict[str, Any]]:
    """The entry for the column's kind: `{"numeric_stats": {...}}`."""
    match column.category:
        case "NUMERIC":
            return {"numeric_stats": _numeric(facts, counts)}
        case "STRING":
            return {"string_stats": _string(facts, counts)}
        case "BOOLEAN":
            shares = {
                "true_count": facts["true_count"],
                "false_count": facts["false_count"],
                "true_pct": percent(facts["true_count"], facts["count"]),
            }
            return {"boolean_stats": shares}
        case _:
            return {"date_stats": _dates(facts, counts)}


def _numeric(facts: dict[str, Any], counts: dict[int, int]) -> dict[str, Any]:
    count = facts["count"]
    quantiles = facts["quantiles"] or [None] * 4
    return {
        **{key: rounded(facts[key]) for key in ("min", "max", "mean", "median", "stddev")},
        **dict(zip(("p5", "p25", "p75", "p95"), map(rounded, quantiles), strict=True)),
        "zeros": facts["zeros"],
        "zeros_pct": percent(facts["zeros"], count),
        "negative": facts["negative"],
        "negative_pct": percent(facts["negative"], count),
        "histogram": _histogram(facts, counts),
    }


def _histogram(facts: dict[str, Any], counts: dict[int, int]) -> dict[str, list[Any]]:
    if (bins := _bins(facts)) is None:
        return {"bins": [], "counts": []}
    low, width = bins
    edges = [low + width * at for at in range(_BINS)] + [float(facts["max"])]
    return {
        "bins": [f"{compact(edges[at])}-{compact(edges[at + 1])}" for at in range(_BINS)],
        "counts": [counts.get(at, 0) for at in range(_BINS)],
    }


def _string(facts: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    seen = facts.get("sampled", facts["count"])
    top = sorted(counts.items(), key=lambda it: (-it[1], it[0]))[:_TOP]
    shown = discreet([value for value, _ in top])
    return {
        "min_length": facts["min_length"] or 0,
        "max_length": facts["max_length"] or 0,
        "avg_length": rounded(facts["avg_length"]) or 0.0,
        "top_values": [
            {"value": value, "count": count, "pct": percent(count, seen)}
            for value, (_, count) in zip(shown, top, strict=True)
        ],
    }


def _dates(facts: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    def when(label: str) -> tuple[int, str]:
        year, _, quarter = label.rpartition("-Q")
        return int(year), quarter

    labels = sorted(counts, key=when)
    return {
        **{key: facts[key] for key in ("earliest", "latest", "span_days")},
        "histogram": {"bins": labels, "counts": [counts[label] for label in labels]},
    }
