"""The rows that a query aggregates: which columns they have, and the query of some of them.

A condition on rows, or one more column to group by, is sound where the query aggregates the rows of
tables once: every aggregate is then computed anew from fewer rows. It is not where it aggregates
in steps, or takes a total from elsewhere, for those would still be made of all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from sqlglot import exp

from agnes.errors import NotDerivableError
from agnes.model.names import nearest
from agnes.sql.expression import is_aggregate
from agnes.sql.names import lower
from agnes.sql.periods import sources_of
from agnes.sql.query import Query
from agnes.sql.writing import identifier

Columns = Callable[[str], Sequence[str]]
"""Finds the names of a table's columns."""
_PLAIN = ("", "INNER", "CROSS", "OUTER")
_FURTHER = ("distinct", "having", "qualify", "limit", "offset", "sample", "laterals", "windows")
_SHOWN = 12


class Rows:
    """What a query aggregates.

    Args:
        query: its tree is changed in place.
        columns: asked for the columns of the tables that it reads.
        home: tables, in lower case, that a column is of before it is of another one, so that a
            variant which joins further tables does not give a name another meaning.

    Raises:
        NotDerivableError: it does not aggregate the rows of tables once.
    """

    def __init__(self, query: Query, columns: Columns, home: Collection[str] = ()) -> None:
        tree = query.tree.unnest()
        if not isinstance(tree, exp.Select):
            raise NotDerivableError("its query joins the results of several")
        self.select = tree
        self._query = query
        self._columns = columns
        self._home = home
        if (reason := next(self._obstacles(), None)) is not None:
            raise NotDerivableError(reason)
        self._tables = [it for it in sources_of(tree) if not query.is_cte(_table(it))]

    def keep(self, condition: exp.Expr) -> None:
        """Aggregate only the rows for which a condition holds; its columns are resolved already."""
        where = self.select.args.get("where")
        both: exp.Expr = exp.Paren(this=condition)
        if where is not None:
            both = exp.And(this=exp.Paren(this=where.this), expression=both)
        self.select.set("where", exp.Where(this=both))

    def group(self, name: str, expression: exp.Expr, at: int) -> None:
        """Break the result down by one more expression.

        Args:
            name: what the column is called.
            at: its place among the columns.
        """
        select = self.select
        group = select.args.get("group")
        if group is None:
            group = exp.Group(expressions=[])
            select.set("group", group)
        order = select.args.get("order")
        for key in [
            *group.expressions,
            *(term.this for term in (order.expressions if order else [])),
        ]:
            if isinstance(key, exp.Literal) and not key.is_string and int(key.name) > at:
                key.replace(exp.Literal.number(int(key.name) + 1))
        if not group.args.get("all"):
            group.append("expressions", expression.copy())
        column = exp.Alias(this=expression.copy(), alias=identifier(name))
        select.set("expressions", [*select.expressions[:at], column, *select.expressions[at:]])
        term = exp.Ordered(this=expression.copy(), desc=False, nulls_first=False)
        if order is None:
            select.set("order", exp.Order(expressions=[term]))
        else:
            order.append("expressions", term)

    def resolved(self, expression: exp.Expr) -> exp.Expr:
        """An expression whose columns all name the table that they are of.

        Raises:
            NotDerivableError: there is no such column, or several.
        """
        copied = exp.Paren(this=expression.copy())
        for column in list(copied.find_all(exp.Column)):
            column.replace(self._resolve(column))
        return copied.this  # type: ignore[no-any-return]

    def _resolve(self, column: exp.Column) -> exp.Column:
        if column.args.get("db"):
            raise NotDerivableError(f"{column.sql()} is no column", "write table.column, or column")
        name, table = lower(column.name), lower(column.table)
        found = []
        known: list[str] = []
        for source in self._tables:
            called = source.alias_or_name
            if table and table != lower(called):
                continue
            names = self._columns(".".join(part.name for part in _table(source).parts))
            known += names
            found += [(source, it) for it in names if lower(it) == name]
        at_home = [(source, it) for source, it in found if _name(source) in self._home]
        if len(found) > 1 and len(at_home) == 1:
            found = at_home
        if len(found) > 1 and not self._is_used(name):
            tables = " and ".join(source.alias_or_name for source, _ in found)
            raise NotDerivableError(
                f"{column.name} is a column of {tables}",
                f"write which: {found[0][0].alias_or_name}.{column.name}",
            )
        if not found:
            near = nearest(column.name, known) or known[:_SHOWN]
            tables = " or ".join(source.alias_or_name for source in self._tables)
            raise NotDerivableError(
                f"{column.sql()} is no column of {tables}",
                f"there is: {', '.join(near)}" if near else None,
            )
        source, written = found[0]
        alias = source.args.get("alias")
        called = (alias.this if alias and alias.this else source.this).copy()
        return exp.Column(this=identifier(written), table=called)

    def _is_used(self, name: str) -> bool:
        """Whether inner joins make one column of several of this name."""
        joins = self.select.args.get("joins") or []
        return any(
            lower(part.name) == name
            for join in joins
            if not join.side
            for part in join.args.get("using") or []
        )

    def _obstacles(self) -> Iterator[str]:
        select = self.select
        if not any(is_aggregate(node) for it in select.expressions for node in it.walk()):
            yield "its query does not aggregate at its end"
        for key in _FURTHER:
            if select.args.get(key):
                yield f"its query has {key.upper()}, which would mean something else for a part"
        group = select.args.get("group")
        if group and (
            any(value for key, value in group.args.items() if key not in _GROUPS)
            or any(isinstance(key, _MANY_GROUPS) for key in group.expressions)
        ):
            yield "its query groups in several ways at once"
        inside = [
            node
            for part in select.iter_expressions()
            if not isinstance(part, exp.With)
            for node in part.walk()
        ]
        if any(isinstance(node, exp.Window) for node in inside):
            yield "a window function in its query looks at other rows"
        if any(isinstance(node, exp.Select | exp.SetOperation) for node in inside):
            yield "there is a query within its query, which would still be of all rows"
        yield from self._odd_sources(sources_of(select), select.args.get("joins") or [])

    def _odd_sources(self, sources: list[exp.Expr], joins: list[exp.Join]) -> Iterator[str]:
        tables = [it for it in sources if isinstance(it, exp.Table)]
        if any(not isinstance(it, exp.Table) or not _is_named(it) for it in sources):
            yield "its query reads from something that is no table"
        ctes = [(it.name, cte) for it in tables if (cte := self._query.cte(it)) is not None]
        if steps := [name for name, cte in ctes if not _is_calendar(cte.this)]:
            yield f"its query computes in steps ({', '.join(steps)}), made of all rows"
        for join in joins:
            if join.args.get("method") or join.kind not in _PLAIN or join.side == "FULL":
                kind = " ".join(filter(None, [join.method, join.side, join.kind]))
                yield f"its query has a {kind} JOIN, which would mean something else for a part"
        if ctes and any(join.side for join in joins):
            yield "its query keeps periods without rows, and a part of the rows would have others"


_GROUPS = ("expressions", "all")
_MANY_GROUPS = (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)


def _table(source: exp.Expr) -> exp.Table:
    assert isinstance(source, exp.Table)
    return source


def _name(source: exp.Expr) -> str:
    return lower(".".join(part.name for part in _table(source).parts))


def _is_named(table: exp.Table) -> bool:
    """Whether it is no table function."""
    return isinstance(table.this, exp.Identifier)


def _is_calendar(query: exp.Expr) -> bool:
    """Whether a CTE lists periods and nothing else."""
    select = query.unnest()
    return (
        isinstance(select, exp.Select)
        and len(select.expressions) == 1
        and isinstance(select.find(exp.GenerateSeries), exp.GenerateSeries)
        and isinstance(select.find(exp.Explode), exp.Explode)
    )
