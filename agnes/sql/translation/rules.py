"""Which rule is for which construct: all those that would mean something else word by word.

A rule says the same in a way in which all engines agree, or refuses where it cannot.
"""

from __future__ import annotations

from sqlglot import exp

from agnes.sql.translation import numbers, texts, times
from agnes.sql.translation.kinds import within_distinct
from agnes.sql.translation.literals import literal
from agnes.sql.translation.portable import name_of
from agnes.sql.translation.rewriter import Rewriter, Rule


def rewritten(tree: exp.Expr, it: Rewriter) -> exp.Expr:
    """A tree in which every node is rewritten, those within a node before it."""
    for node in reversed(list(tree.walk(bfs=False))):
        rule = next((rule for class_, rule in _RULES.items() if isinstance(node, class_)), None)
        if rule and (new := rule(it, node)) is not node:
            node.replace(new)
    return tree


def _parameter(it: Rewriter, node: exp.Expr) -> exp.Expr:
    return literal(it.parameters[node.name])


def _table(_: Rewriter, node: exp.Expr) -> exp.Expr:
    if node.text("db") == "main":
        node.set("db", None)
    return node


def _filter(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Where there is no FILTER, what it leaves out becomes NULL, which no aggregate counts."""
    if it.dialect not in ("bigquery", "snowflake"):
        return node
    aggregate, condition = node.this, node.expression.this
    inner = within_distinct(aggregate.this)
    if not isinstance(aggregate, exp.Count | exp.Sum | exp.Avg | exp.Min | exp.Max):
        raise it.refuse(f"FILTER of {name_of(aggregate)}")
    kept = exp.Literal.number(1) if isinstance(inner, exp.Star) else inner.copy()
    inner.replace(exp.case().when(condition.copy(), kept))
    return aggregate.copy()


def _count(it: Rewriter, node: exp.Expr) -> exp.Expr:
    inner = within_distinct(node.this)
    if node.expressions or isinstance(inner, exp.Distinct | exp.Tuple):
        raise it.refuse("COUNT of several values")
    return node


def _count_if(_: Rewriter, node: exp.Expr) -> exp.Expr:
    """A sum in DuckDB: of nothing it is NULL."""
    one, zero = exp.Literal.number(1), exp.Literal.number(0)
    yes, no = node.this.copy(), exp.Not(this=exp.paren(node.this.copy()))
    return exp.Sum(this=exp.case().when(yes, one).when(no, zero))


def _limit(it: Rewriter, node: exp.Expr) -> exp.Expr:
    if not isinstance(node.expression, exp.Literal):
        raise it.refuse(f"{name_of(node)} of what is no number")
    return node


_RULES: dict[type[exp.Expr], Rule] = {
    exp.Placeholder: _parameter,
    exp.Table: _table,
    exp.Filter: _filter,
    exp.Count: _count,
    exp.CountIf: _count_if,
    exp.Literal: numbers.literal,
    exp.Div: numbers.div,
    exp.Round: numbers.round_,
    exp.Cast: numbers.cast,
    exp.Interval: times.interval,
    exp.DateDiff: times.date_diff,
    exp.LastDay: times.last_day,
    exp.TimeToStr: times.strftime,
    exp.Concat: texts.text,
    exp.DPipe: texts.text,
    exp.Like: texts.like,
    exp.Substring: texts.substring,
    **dict.fromkeys([exp.Avg, exp.Stddev, exp.StddevPop, exp.StddevSamp], numbers.double_aggregate),
    **dict.fromkeys([exp.Variance, exp.VariancePop], numbers.double_aggregate),
    **dict.fromkeys([exp.Median, exp.PercentileCont], numbers.quantile),
    **dict.fromkeys([exp.TimestampTrunc, exp.DateTrunc], times.trunc),
    **dict.fromkeys([exp.Add, exp.Sub], times.plus_minus),
    **dict.fromkeys([exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day], times.extract),
    **dict.fromkeys([exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE], texts.comparison),
    exp.Between: texts.comparison,
    **dict.fromkeys([exp.Greatest, exp.Least], texts.ignoring_nulls),
    **dict.fromkeys([exp.Min, exp.Max], texts.extreme),
    **dict.fromkeys([exp.Limit, exp.Offset], _limit),
}
