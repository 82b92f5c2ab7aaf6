"""Rules for texts and for comparing: patterns, collations, what comes first."""

from __future__ import annotations

from sqlglot import exp

from agnes.sql.translation.kinds import TIMES, within_distinct
from agnes.sql.translation.numbers import cast
from agnes.sql.translation.portable import name_of
from agnes.sql.translation.rewriter import Rewriter


def like(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """DuckDB has no character that takes the meaning of % and _; most others have the backslash."""
    pattern = node.expression
    if not isinstance(pattern, exp.Literal) or "\\" in pattern.name:
        raise it.refuse("LIKE of a pattern that is computed or has a backslash")
    return node


def text(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """What is no text is written in another way by every engine."""
    parts = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
    if any(it.kind(part) not in ("text", "null") for part in parts):
        raise it.refuse(f"{name_of(node)} of what is not known to be text")
    return node


def substring(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """Places before the first are counted in several ways."""
    at = [value for key in ("start", "length") if (value := node.args.get(key)) is not None]
    if any(not isinstance(value, exp.Literal) or value.name == "0" for value in at):
        raise it.refuse("SUBSTRING from or over what is no number above 0")
    return node


def comparison(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """A text that is compared with a date is one, which not all engines see."""
    keys = ("this", "low", "high") if isinstance(node, exp.Between) else ("this", "expression")
    sides = [node.args[key] for key in keys]
    time = next((kind for side in sides if (kind := it.kind(side)) in TIMES), None)
    for side in sides:
        if time and isinstance(side, exp.Literal) and side.args["is_string"]:
            side.replace(cast(it, exp.cast(side.copy(), time.upper())))
    if not isinstance(node, exp.EQ | exp.NEQ):
        collated(it, node, [node.args[key] for key in keys])
    return node


def extreme(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """The first and the last text depend on a collation."""
    collated(it, node, [within_distinct(node.this)])
    return node


def ignoring_nulls(it: Rewriter, node: exp.Expr) -> exp.Expr:
    """GREATEST and LEAST of a NULL: DuckDB leaves it out, Trino and BigQuery give NULL."""
    collated(it, node, [node.this, *node.expressions])
    if it.dialect not in ("trino", "bigquery"):
        return node
    result: exp.Expr = node.this
    for other in node.expressions:
        both = type(node)(this=result.copy(), expressions=[other.copy()])
        result = exp.Coalesce(this=both, expressions=[result.copy(), other.copy()])
    return result


def collated(it: Rewriter, node: exp.Expr, sides: list[exp.Expr]) -> None:
    """Have PostgreSQL order text as DuckDB does, by its bytes, and not as a dictionary does."""
    if it.dialect != "postgres":
        return
    kinds = {it.kind(side) for side in sides}
    if kinds <= {None, "null"}:
        raise it.refuse(f"{name_of(node)} of values of an unknown type", "CAST one of them")
    first = sides[0]
    if "text" in kinds and kinds <= {"text", "null", None}:
        binary = exp.to_identifier("C", quoted=True)
        first.replace(exp.Collate(this=first.copy(), expression=binary))
