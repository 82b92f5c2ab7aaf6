"""Which kind of value an expression gives in DuckDB, as far as names and functions tell.

A name is not resolved to the one column that it means. It has the kind that all columns and aliases
of that name in the query agree on, else none: so what is said is never wrong, at most unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlglot import exp

from agnes.sql.names import lower
from agnes.sql.query import Query

Kind = Literal[
    "integer", "decimal", "double", "boolean", "text", "date", "timestamp", "timestamptz", "null"
]
Schema = Callable[[str], Mapping[str, str]]
"""Finds the DuckDB type of each column of a table."""
NUMBERS: tuple[Kind, ...] = ("integer", "decimal", "double")
"""In the order in which a value of one fits into the next."""
TIMES: tuple[Kind, ...] = ("date", "timestamp", "timestamptz")
_PENDING = "pending"
_TYPES: dict[str, Kind] = {
    **dict.fromkeys("TINYINT SMALLINT INTEGER INT BIGINT HUGEINT INT128".split(), "integer"),
    **dict.fromkeys("UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT UINT".split(), "integer"),
    **dict.fromkeys("DECIMAL NUMERIC".split(), "decimal"),
    **dict.fromkeys("DOUBLE FLOAT REAL".split(), "double"),
    **dict.fromkeys("VARCHAR TEXT STRING CHAR".split(), "text"),
    **dict.fromkeys("TIMESTAMPTZ TIMESTAMP_WITH_TIME_ZONE".split(), "timestamptz"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}
_ALWAYS: list[tuple[Kind, tuple[type[exp.Expr], ...]]] = [
    ("double", (exp.Div, exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp)),
    ("double", (exp.Variance, exp.VariancePop)),
    ("integer", (exp.Count, exp.CountIf, exp.DateDiff, exp.Extract, exp.Length)),
    ("integer", (exp.Year, exp.Quarter, exp.Month, exp.Day)),
    ("integer", (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)),
    ("date", (exp.LastDay, exp.CurrentDate)),
    ("text", (exp.Lower, exp.Upper, exp.Trim, exp.Concat, exp.DPipe, exp.TimeToStr)),
    ("text", (exp.Substring,)),
    ("boolean", (exp.Predicate, exp.And, exp.Or, exp.Not, exp.Boolean, exp.In)),
    ("boolean", (exp.LogicalAnd, exp.LogicalOr, exp.StartsWith)),
    ("null", (exp.Null,)),
]


def kind_of_type(name: str) -> Kind | None:
    """The kind of a DuckDB type such as `DECIMAL(18,2)`."""
    word = re.sub(r"\(.*\)$", "", name.strip().upper()).strip().replace(" ", "_")
    return _TYPES.get(word)


class Kinds:
    """The kinds of what stands in a query.

    Args:
        schema: asked for the columns of the tables that it reads.
        parameters: a value for each `$name` in it.
    """

    def __init__(
        self,
        query: Query,
        schema: Schema | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self._parameters = parameters or {}
        self._names: dict[str, set[Kind | None]] = {}
        self.columns: set[str] = set()
        for read in query.reads if schema else ():
            assert schema is not None
            for column, type_ in schema(read.name.removeprefix("main.")).items():
                self.columns.add(lower(column))
                self._names.setdefault(lower(column), set()).add(kind_of_type(type_))
        for source in query.tree.find_all(exp.TableAlias):
            for name in source.columns:
                self._names.setdefault(lower(name.name), set()).add(None)
        aliases = list(query.tree.find_all(exp.Alias))
        moved = True
        while moved:
            moved = False
            for alias in aliases:
                known = self._names.setdefault(lower(alias.alias), set())
                found = self._of(alias.this)
                if found != _PENDING and found not in known:
                    known.add(found)  # type: ignore[arg-type]
                    moved = True

    def of(self, node: exp.Expr) -> Kind | None:
        """The kind of an expression; None where it is not known, or none of these."""
        found = self._of(node)
        return None if found == _PENDING else found  # type: ignore[return-value]

    def _of(self, node: exp.Expr) -> str | None:  # noqa: PLR0911
        for kind, classes in _ALWAYS:
            if isinstance(node, classes):
                return kind
        match node:
            case exp.Column():
                known = self._names.get(lower(node.name))
                return _PENDING if known is not None and not known else _one(known or ())
            case exp.Placeholder():
                return kind_of_value(self._parameters.get(node.name))
            case exp.Literal():
                return "text" if node.is_string else _number(node.name)
            case exp.Cast():
                return kind_of_type(node.to.sql(dialect="duckdb"))
            case exp.Add() | exp.Sub():
                return self._sum(node)
            case exp.Mul() | exp.Mod():
                return self._common([node.left, node.right], NUMBERS)
            case exp.Explode() if isinstance(node.this, exp.GenerateSeries):
                return _moment(self._of(node.this.args["start"]))
        return self._of_parts(node)

    def _of_parts(self, node: exp.Expr) -> str | None:
        """The kind of what gives one of its parts, or is of the kind of its part."""
        match node:
            case exp.Coalesce() | exp.Greatest() | exp.Least():
                return self._common([node.this, *node.expressions])
            case exp.Case():
                results = [branch.args["true"] for branch in node.args["ifs"]]
                return self._common([*results, node.args.get("default") or exp.Null()])
            case exp.If():
                return self._common([node.args["true"], node.args.get("false") or exp.Null()])
            case exp.Subquery() if isinstance(node.this, exp.Select):
                return self._of(node.this.expressions[0])
        for classes, convert in _CONVERTED:
            if isinstance(node, classes):
                return convert(self._of(within_distinct(node.this)))
        return None

    def _sum(self, node: exp.Binary) -> str | None:
        if isinstance(node.right, exp.Interval):
            return _moment(self._of(node.left))
        left, right = self._of(node.left), self._of(node.right)
        if left == "date" and isinstance(node, exp.Sub) and right == "date":
            return "integer"
        if left == "date" and right == "integer":
            return "date"
        return self._common([node.left, node.right], NUMBERS)

    def _common(self, nodes: Iterable[exp.Expr], among: Sequence[str] = ()) -> str | None:
        found = {self._of(node) for node in nodes} - {"null"}
        if _PENDING in found:
            return _PENDING
        kind = _one(found)
        return kind if not among or kind in among else None


def _one(kinds: Iterable[str | None]) -> str | None:
    """What several kinds become where one value may be of any of them."""
    found = set(kinds)
    if len(found) == 1:
        return found.pop()
    if found and found <= set(NUMBERS):
        return next(kind for kind in reversed(NUMBERS) if kind in found)
    return "timestamp" if found == {"date", "timestamp"} else None


def kind_of_value(value: object) -> Kind | None:
    """The kind of a Python value."""
    if isinstance(value, datetime):
        return "timestamp" if value.tzinfo is None else "timestamptz"
    return next((kind for type_, kind in _VALUES.items() if isinstance(value, type_)), None)


_VALUES: dict[type, Kind] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    float: "double",
    date: "date",
    str: "text",
}


def _number(digits: str) -> Kind:
    if "e" in digits.lower():
        return "double"
    return "decimal" if "." in digits else "integer"


def within_distinct(node: exp.Expr) -> exp.Expr:
    """What an aggregate takes, without its DISTINCT."""
    if isinstance(node, exp.Distinct) and len(node.expressions) == 1:
        first: exp.Expr = node.expressions[0]
        return first
    return node


def _same(kind: str | None) -> str | None:
    return kind


def _moment(kind: str | None) -> str | None:
    """What becomes of a date to which a time is added."""
    return "timestamp" if kind == "date" else kind


def _summed(kind: str | None) -> str | None:
    return "integer" if kind == "boolean" else kind


def _in_the_middle(kind: str | None) -> str | None:
    """Of a median: DuckDB rounds that of decimals, so it is like no other."""
    return "double" if kind in ("integer", "double") else kind if kind == _PENDING else None


def _whole(kind: str | None) -> str | None:
    return "double" if kind == "integer" else kind


_CONVERTED: list[tuple[tuple[type[exp.Expr], ...], Callable[[str | None], str | None]]] = [
    ((exp.Paren, exp.Neg, exp.Min, exp.Max, exp.Alias, exp.Filter, exp.Window), _same),
    ((exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Nullif), _same),
    ((exp.Abs, exp.Collate, exp.Round), _same),
    ((exp.TimestampTrunc, exp.DateTrunc), _moment),
    ((exp.Sum,), _summed),
    ((exp.Median, exp.PercentileCont), _in_the_middle),
    ((exp.Floor, exp.Ceil), _whole),
]
"""What makes of the kind of its part the kind of the whole."""
