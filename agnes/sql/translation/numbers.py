"""Rules for numbers: division, means, medians, rounding, casts."""

from __future__ import annotations

import re

from sqlglot import exp

from agnes.sql.translation.kinds import NUMBERS, TIMES, within_distinct
from agnes.sql.translation.portable import name_of
from agnes.sql.translation.rewriter import CAST, Rewriter, double

ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?")
_EXACT_DOUBLES = "9007199254740992"
"""From 2^53 on, every double is a whole number."""
_LAST_PLACE = 15


def literal(_: Rewriter, node: exp.Expr) -> exp.Expr:
    """`1e3` is a DOUBLE in DuckDB, and a decimal in PostgreSQL."""
    if node.args["is_string"] or "e" not in node.name.lower():
        return node
    return exp.cast(node.copy(), "DOUBLE")


def div(_: Rewriter, node: exp.Expr) -> exp.Expr:
    """`/` gives a DOUBLE in DuckDB, also of whole numbers; none becomes NULL by it."""
    assert isinstance(node, exp.Div)
    return exp.Div(this=double(node.left), expression=double(node.right), typed=True, safe=False)


def double_aggregate(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """The mean of decimals has more places than decimals keep."""
    inner = within_distinct(node.this)
    if it.kind(inner) not in NUMBERS:
        raise it.refuse(f"{name_of(node)} of what is not known to be a number", CAST)
    inner.replace(double(inner))
    return node


def quantile(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """In DuckDB the median of decimals is rounded to their places."""
    name = name_of(node)
    if it.dialect in ("trino", "bigquery"):
        raise it.refuse(name)
    if isinstance(node.parent, exp.Window) or it.kind(node.this) not in ("integer", "double"):
        raise it.refuse(f"{name} of what is not known to be a DOUBLE or INTEGER", CAST)
    if isinstance(node, exp.Median):
        node.set("this", double(node.this))
        return node
    share = node.args.get("expression")
    if not isinstance(share, exp.Literal) or share.args["is_string"]:
        raise it.refuse(f"{name} of several shares")
    if it.dialect == "spark":
        return exp.Anonymous(this="PERCENTILE", expressions=[double(node.this), share.copy()])
    order = exp.Order(expressions=[exp.Ordered(this=double(node.this), nulls_first=False)])
    return exp.WithinGroup(this=exp.PercentileCont(this=share.copy()), expression=order)


def round_(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Halves of doubles are rounded in three ways, so what DuckDB does is spelled out."""
    kind, places = it.kind(node.this), node.args.get("decimals") or exp.Literal.number(0)
    if not isinstance(places, exp.Literal) or int(places.name) > _LAST_PLACE:
        raise it.refuse("ROUND to places that are no number from 0 to 15")
    if kind in ("decimal", "integer"):
        return node
    if kind != "double":
        raise it.refuse("ROUND of what is not known to be a number", CAST)
    moved: exp.Expr = double(node.this)
    factor = double(exp.Literal.string(f"1{'0' * int(places.name)}"))
    if int(places.name):
        moved = exp.paren(exp.Mul(this=moved, expression=factor.copy()), copy=False)
    size = exp.Abs(this=moved)
    floor = exp.Floor(this=size.copy())
    half = exp.GTE(this=size - floor.copy(), expression=exp.Literal.number("0.5"))
    up = exp.case().when(half, exp.Literal.number(1)).else_(exp.Literal.number(0))
    whole = exp.paren(exp.Sign(this=moved.copy()) * exp.paren(floor + up))
    rounded = exp.Div(this=double(whole), expression=factor, typed=True, safe=False)
    small = exp.LT(this=size.copy(), expression=double(exp.Literal.string(_EXACT_DOUBLES)))
    return exp.case().when(small, rounded).else_(double(node.this))


def cast(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Rounding, and the texts of values, differ."""
    old, new = it.kind(node.this), it.kind(node)
    target = node.args["to"].sql(dialect="duckdb")
    written = node.this if isinstance(node.this, exp.Literal) and old == "text" else None
    fine = {
        "integer": old in ("integer", "null") or isinstance(node.this, exp.Floor | exp.Ceil),
        "decimal": old in ("integer", "decimal", "null") or written is not None,
        "double": old in (*NUMBERS, "null") or written is not None,
        "boolean": old in ("boolean", "null"),
        "text": old in ("text", "integer", "date", "null"),
    }
    for time in TIMES:
        fine[time] = old in (*TIMES, "null") or bool(written and ISO.fullmatch(written.name))
    narrow = new != "integer" or target in ("SMALLINT", "INT", "BIGINT")
    if type(node) is not exp.Cast or new is None or not fine[new] or not narrow:
        raise it.refuse(f"{name_of(node)} of {old or 'an unknown type'} to {target}")
    return node
