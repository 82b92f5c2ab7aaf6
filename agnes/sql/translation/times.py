"""Rules for dates and times: where periods begin, what lies between, intervals."""

from __future__ import annotations

import re

from sqlglot import exp

from agnes.sql.translation.kinds import NUMBERS, TIMES
from agnes.sql.translation.portable import name_of
from agnes.sql.translation.rewriter import Rewriter, timestamp

_UNITS = frozenset(["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"])
_STEPS = {"YEAR": (12, "MONTH"), "QUARTER": (3, "MONTH"), "WEEK": (7, "DAY")}
_FIELDS = frozenset(["YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE"])
_FORMAT = re.compile(r"(%[YmdHMS]|[-/:. ])*")
_WITH_INTERVAL = (exp.Add, exp.Sub, exp.GenerateSeries)


def date_diff(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """DuckDB counts the boundaries between two times, but whole weeks; most others whole units."""
    unit = _unit(it, node, name_of(node))
    ends = [node.this, node.expression]
    if any(it.kind(end) not in TIMES for end in ends):
        raise it.refuse("DATE_DIFF of what is not known to be dates", "write CAST(... AS DATE)")
    coarse = it.dialect != "bigquery" or unit not in ("HOUR", "MINUTE", "SECOND")
    if unit == "WEEK" or not coarse:
        raise it.refuse(f"DATE_DIFF by {unit}")
    if it.dialect in ("snowflake", "bigquery"):
        return node
    this, other = (_trunc_to(it, end, unit) for end in ends)
    return exp.DateDiff(this=this, expression=other, unit=exp.var(unit), date_part_boundary=False)


def _trunc_to(it: Rewriter, node: exp.Expr, unit: str) -> exp.Expr:
    node = timestamp(node) if it.kind(node) == "date" else node.copy()
    return exp.TimestampTrunc(this=node, unit=exp.var(unit))


def trunc(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """DATE_TRUNC gives a TIMESTAMP in DuckDB, and weeks begin on Mondays."""
    unit = _unit(it, node, name_of(node))
    kind = it.kind(node.this)
    if kind not in TIMES:
        raise it.refuse("DATE_TRUNC of what is not known to be a date", "write CAST(... AS DATE)")
    this = timestamp(node.this) if kind == "date" else node.this.copy()
    if it.dialect == "bigquery" and unit == "WEEK":
        unit = "ISOWEEK"
    return exp.TimestampTrunc(this=this, unit=exp.var(unit))


def _unit(it: Rewriter, node: exp.Expr, name: str) -> str:
    unit = node.text("unit").upper()
    if unit not in _UNITS:
        raise it.refuse(f"{name} by {unit or 'what is computed'}")
    return unit


def interval(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Not all engines have intervals of quarters, weeks or years."""
    unit, amount = node.text("unit").upper().removesuffix("S"), node.this
    whole = isinstance(amount, exp.Literal) and re.fullmatch(r"\d+", amount.name)
    if unit not in _UNITS or not whole or not isinstance(node.parent, _WITH_INTERVAL):
        raise it.refuse("this INTERVAL", "add or subtract INTERVAL 1 MONTH, or another number")
    times, unit = _STEPS.get(unit, (1, unit))
    number = exp.Literal.string(str(int(amount.name) * times))
    return exp.Interval(this=number, unit=exp.var(unit))


def plus_minus(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Dates and intervals: DuckDB has TIMESTAMP for what others have DATE, and whole days."""
    assert isinstance(node, exp.Add | exp.Sub)
    sign = "+" if isinstance(node, exp.Add) else "-"
    left, right = it.kind(node.left), it.kind(node.right)
    if isinstance(node.right, exp.Interval):
        if left not in TIMES:
            raise it.refuse(f"{sign} INTERVAL of what is not known to be a date", "CAST it")
        if left == "date":
            node.set("this", timestamp(node.left))
        return node
    if left == right == "date" and sign == "-":
        ends = {"this": node.left.copy(), "expression": node.right.copy()}
        return date_diff(it, exp.DateDiff(**ends, unit=exp.var("DAY")))
    if left not in (*NUMBERS, "null") or right not in (*NUMBERS, "null"):
        raise it.refuse(f"{sign} of what is not known to be numbers", "CAST both sides")
    return node


def extract(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Days of the week, and weeks, are counted in several ways; seconds may have fractions."""
    part = node.name.upper() if isinstance(node, exp.Extract) else name_of(node)
    this = node.expression if isinstance(node, exp.Extract) else node.this
    if part not in _FIELDS or it.kind(this) not in TIMES:
        raise it.refuse(f"EXTRACT({part}) of what is not known to be a date or this part of it")
    return exp.cast(exp.Extract(this=exp.var(part), expression=this.copy()), "BIGINT")


def strftime(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Only numbers look the same everywhere; names of months and days depend on a language."""
    format_ = node.args["format"]
    plain = isinstance(format_, exp.Literal) and _FORMAT.fullmatch(format_.name)
    if not plain or it.kind(node.this) not in ("date", "timestamp"):
        raise it.refuse("STRFTIME with more than %Y %m %d %H %M %S, or of no date")
    return node


def last_day(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """It is always a DATE, of the month."""
    if it.kind(node.this) not in TIMES or node.args.get("unit"):
        raise it.refuse("LAST_DAY of what is not known to be a date", "write CAST(... AS DATE)")
    return node
