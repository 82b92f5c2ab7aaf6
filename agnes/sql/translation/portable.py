"""What of DuckDB's SQL other engines can be asked for, with the same answer.

A list of what is known to mean the same, or is rewritten so that it does; all else is refused by
its name. What is here was compared on PostgreSQL and Spark.
"""

from __future__ import annotations

import re

from sqlglot import exp

_STRUCTURE = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order),
    *(exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.With, exp.CTE, exp.Subquery),
    *(exp.Union, exp.Intersect, exp.Except, exp.Table, exp.TableAlias, exp.Identifier),
    *(exp.Column, exp.Star, exp.Alias, exp.Paren, exp.Tuple, exp.DataType, exp.DataTypeParam),
    *(exp.Literal, exp.Null, exp.Boolean, exp.Var, exp.Interval, exp.Exists),
)
_OPERATORS = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is),
    *(exp.In, exp.Between, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe),
)
_SCALARS = (
    *(exp.Cast, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.Case, exp.If),
    *(exp.Abs, exp.Round, exp.Floor, exp.Ceil),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Concat, exp.Substring, exp.StartsWith),
    *(exp.DateDiff, exp.TimestampTrunc, exp.DateTrunc, exp.LastDay, exp.Extract, exp.TimeToStr),
    *(exp.Year, exp.Quarter, exp.Month, exp.Day, exp.CurrentDate),
    *(exp.Explode, exp.GenerateSeries),
)
_AGGREGATES = (
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Filter),
    *(exp.Median, exp.PercentileCont),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
    *(exp.LogicalAnd, exp.LogicalOr),
)
_WINDOWS = (
    *(exp.Window, exp.WindowSpec, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile),
    *(exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue),
)
_KNOWN = frozenset([*_STRUCTURE, *_OPERATORS, *_SCALARS, *_AGGREGATES, *_WINDOWS])
_CLAUSES = frozenset(
    "expressions from_ joins where group having qualify order limit offset distinct with_".split()
)
_ARGUMENTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: _CLAUSES,
    exp.Union: frozenset("this expression distinct order limit offset with_".split()),
    exp.Intersect: frozenset("this expression distinct order limit offset with_".split()),
    exp.Except: frozenset("this expression distinct order limit offset with_".split()),
    exp.Subquery: frozenset("this alias order limit offset with_".split()),
    exp.Table: frozenset("this alias db".split()),
    exp.Group: frozenset("expressions all".split()),
    exp.With: frozenset("expressions".split()),
    exp.CTE: frozenset("this alias materialized".split()),
    exp.Join: frozenset("this on using side kind".split()),
    exp.Star: frozenset(),
    exp.Distinct: frozenset("expressions".split()),
    exp.In: frozenset("this expressions query".split()),
    exp.Limit: frozenset("expression".split()),
    exp.Trim: frozenset("this".split()),
    exp.Explode: frozenset("this".split()),
    exp.Window: frozenset("this partition_by order spec over".split()),
    exp.WindowSpec: frozenset("kind start start_side end end_side".split()),
    exp.Between: frozenset("this low high".split()),
}
"""Of what may stand in many ways, which."""
_JOINS = frozenset(["", "INNER", "OUTER", "CROSS"])
_WORDS = {
    "recursive": "WITH RECURSIVE",
    "grouping_sets": "GROUPING SETS",
    "by_name": "UNION BY NAME",
    "except_": "* EXCLUDE",
    "replace": "* REPLACE",
    "rename": "* RENAME",
    "on": "DISTINCT ON",
    "windows": "WINDOW",
    "laterals": "LATERAL",
}


_SIGNS: dict[type[exp.Expr], str] = {
    exp.IntDiv: "//",
    exp.DPipe: "||",
    exp.Bracket: "[ ]",
    exp.TimestampTrunc: "DATE_TRUNC",
    exp.Explode: "UNNEST",
    exp.ArrayAgg: "LIST",
    exp.GroupConcat: "STRING_AGG",
    exp.ApproxDistinct: "APPROX_COUNT_DISTINCT",
    exp.TryCast: "TRY_CAST",
}
"""What sqlglot calls otherwise."""


def unknown_construct(node: exp.Expr) -> str | None:  # noqa: PLR0911
    """What a node is called if it is not known to mean the same elsewhere; None if it is."""
    if type(node) not in _KNOWN:
        return name_of(node)
    known = _ARGUMENTS.get(type(node))
    for key, value in node.args.items():
        if known is not None and value and key not in known:
            return _WORDS.get(key, f"{name_of(node)} {key.strip('_').upper()}")
    if isinstance(node, exp.Join) and node.kind.upper() not in _JOINS:
        return f"{node.kind.upper()} JOIN"
    if isinstance(node, exp.Explode) and not isinstance(node.this, exp.GenerateSeries):
        return "UNNEST"
    if isinstance(node, exp.Order) and isinstance(node.parent, exp.Func):
        return f"ORDER BY within {name_of(node.parent)}"
    if isinstance(node, exp.Ordered) and isinstance(node.this, exp.Var):
        return f"ORDER BY {node.this.name.upper()}"
    if isinstance(node, exp.WindowSpec) and node.args.get("kind") == "GROUPS":
        return "GROUPS"
    return None


def name_of(node: exp.Expr) -> str:
    """What SQL calls a node."""
    if isinstance(node, exp.Anonymous):
        return node.name.upper()
    if type(node) in _SIGNS:
        return _SIGNS[type(node)]
    if isinstance(node, exp.Func):
        return node.sql_names()[0]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()
