"""SQL for another engine: the same answer, or a refusal that names what stands in the way.

    transpile(sql, "postgres", {"start": date(2025, 1, 1)}, schema)

It counts on a session in UTC, whose weeks begin on Mondays, and which fails where a number
overflows; `agnes.engines` sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from agnes.errors import UntranslatableError
from agnes.sql.gate import read_query
from agnes.sql.names import lower
from agnes.sql.query import Query
from agnes.sql.translation.kinds import Kind, Kinds, Schema
from agnes.sql.translation.portable import unknown_construct
from agnes.sql.translation.rewriter import Rewriter
from agnes.sql.translation.rules import rewritten
from agnes.sql.translation.series import unnest_series
from agnes.sql.translation.texts import collated
from agnes.sql.writing import lost_words

DIALECTS = ("postgres", "spark", "trino", "bigquery", "snowflake")


@dataclass(frozen=True)
class Translation:
    """A query in another engine's dialect.

    Args:
        sql: its text.
        names: what DuckDB would call its columns, None where a star hides that.
        kinds: which kind of value DuckDB would give in each, None where that is not known.
    """

    sql: str
    names: list[str] | None
    kinds: list[Kind | None]


def transpile(
    sql: str,
    dialect: str,
    parameters: Mapping[str, Any] | None = None,
    schema: Schema | None = None,
) -> str:
    """A query in another engine's dialect; see `translate`."""
    return translate(sql, dialect, parameters, schema).sql


def translate(
    sql: str,
    dialect: str,
    parameters: Mapping[str, Any] | None = None,
    schema: Schema | None = None,
    rows: int | None = None,
) -> Translation:
    """Say a query in another engine's dialect, so that it gives what it would in DuckDB.

    Args:
        sql: one SELECT, in DuckDB's dialect.
        dialect: one of `DIALECTS`.
        parameters: a value for each `$name` in it; they become literals of the syntax tree.
        schema: asked for the DuckDB types of a table's columns. What depends on a type that is not
            known is refused.
        rows: the most rows that it is to give.

    Raises:
        RefusedSqlError: it is not one SELECT that reads tables alone.
        UntranslatableError: something in it has no equal there.
        UsageError: a parameter that has no literal.
    """
    bound = dict(parameters or {})
    query = read_query(sql, file_names=True, parameters=bound)
    kinds = Kinds(query, schema, bound)
    names, found = query.outputs, _output_kinds(query, kinds)
    rewriter = Rewriter(dialect, kinds, bound)
    for word in lost_words(query):
        raise rewriter.refuse(word.upper(), "write it in another way")
    tree: exp.Expr = query.tree.copy()
    for node in tree.walk():
        if not isinstance(node, exp.Placeholder) and (what := unknown_construct(node)):
            raise rewriter.refuse(what)
    for select in tree.find_all(exp.Select):
        _group(select, rewriter)
        _order(select, rewriter)
    tree = rewritten(tree, rewriter)
    for select in list(tree.find_all(exp.Select)):
        unnest_series(select, dialect, rewriter.refuse)
    if rows is not None:
        _limit(tree, rows)
    return Translation(_generate(tree, rewriter), names, found)


def _limit(tree: exp.Expr, rows: int) -> None:
    """At most so many rows, whatever limit is written."""
    limit = tree.args.get("limit")
    if limit is None or int(limit.expression.name) > rows:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(rows)))


def _generate(tree: exp.Expr, rewriter: Rewriter) -> str:
    try:
        return tree.sql(
            dialect=rewriter.dialect,
            unsupported_level=ErrorLevel.RAISE,
            identify="safe",
            comments=False,
            pretty=True,
        )
    except SqlglotError as error:
        what = str(error).partition("\n")[0]
        raise UntranslatableError(
            f"it cannot be translated to {rewriter.dialect}: {what}", what
        ) from None


def _group(select: exp.Select, rewriter: Rewriter) -> None:
    """GROUP BY ALL, and for Trino that by an alias, as the places of columns."""
    group = select.args.get("group")
    if group is None:
        return
    if group.args.get("all"):
        plain = [
            at
            for at, item in enumerate(select.expressions, 1)
            if not item.find(exp.AggFunc, exp.Window)
        ]
        if any(item.is_star and not item.find(exp.Func) for item in select.expressions):
            raise rewriter.refuse("GROUP BY ALL of a star")
        select.set("group", exp.Group(expressions=[exp.Literal.number(at) for at in plain]))
    elif rewriter.dialect == "trino":
        for term in group.expressions:
            if not isinstance(term, exp.Column) or lower(term.name) in rewriter.kinds.columns:
                continue
            if not term.table and (at := _place(select, term)):
                term.replace(exp.Literal.number(at))


def _place(select: exp.Select, column: exp.Column) -> int | None:
    """Which of the columns of a SELECT has this alias."""
    for at, item in enumerate(select.expressions, 1):
        if isinstance(item, exp.Alias) and lower(item.alias) == lower(column.name):
            return at
    return None


def _order(select: exp.Select, rewriter: Rewriter) -> None:
    """In PostgreSQL text is ordered by its bytes when it is told so; of an alias it cannot be."""
    order = select.args.get("order")
    if order is None or rewriter.dialect != "postgres" or select.args.get("distinct"):
        return
    for term in order.expressions:
        if rewriter.kind(term.this) != "text" or isinstance(term.this, exp.Literal):
            continue
        if isinstance(term.this, exp.Column) and (at := _place(select, term.this)):
            term.this.replace(select.expressions[at - 1].this.copy())
        collated(rewriter, term, [term.this])


def _output_kinds(query: Query, kinds: Kinds) -> list[Kind | None]:
    tree: exp.Expr = query.tree.unnest()
    while isinstance(tree, exp.SetOperation):
        tree = tree.this.unnest()
    return [kinds.of(item) for item in tree.expressions] if query.outputs is not None else []
