"""Other names for the tables of a query, so that two can be compared whatever they are called.

A name that is given here has no quotes, while all others have, so that none can be taken for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from agnes.sql.names import lower
from agnes.sql.query import Query


@dataclass
class _Scope:
    """The tables that a SELECT names, and those around it, by their names in lower case."""

    outer: _Scope | None
    own: dict[str, exp.Expr] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[_Scope]:
        scope: _Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, name: str) -> exp.Expr | None:
        return next((scope.own[name] for scope in self if name in scope.own), None)

    def give(self, base: str) -> str:
        """A name that no other table has which can be seen."""
        self.given[base] += 1
        return f"{base}#{sum(scope.given[base] for scope in self)}"


def rename(query: Query, ctes: Mapping[str, str]) -> None:
    """Give CTEs and the tables of each SELECT names that follow from the query alone.

    Args:
        query: what is changed.
        ctes: what to call CTEs, by their names in lower case; others are numbered.
    """
    tables = [(table, query.cte(table)) for table in query.tree.find_all(exp.Table)]
    scopes, columns = _resolve(query.tree)
    kept = _kept(query.tree, scopes, columns)
    for at, cte in enumerate(query.tree.find_all(exp.CTE, bfs=False), 1):
        name = ctes.get(cte.alias.casefold(), f"cte#{at}")
        cte.args["alias"].set("this", exp.to_identifier(name, quoted=False))
    for table, of in tables:
        if of is not None:
            table.set("alias", table.args.get("alias") or exp.TableAlias(this=table.this))
            table.set("this", exp.to_identifier(of.alias, quoted=False))
    labels: dict[int, exp.Identifier] = {}
    for scope in scopes:
        for visible, source in scope.own.items():
            if _can_be_renamed(source):
                base = source.name if isinstance(source, exp.Table) else ""
                name = visible if visible in kept else scope.give(base)
                label = exp.to_identifier(name, quoted=visible in kept)
                alias = source.args.get("alias") or exp.TableAlias()
                alias.set("this", label)
                source.set("alias", alias)
                labels[id(source)] = label
    for column, of_column in columns:
        if id(of_column) in labels:
            column.set("table", labels[id(of_column)].copy())


def _resolve(tree: exp.Expr) -> tuple[list[_Scope], list[tuple[exp.Column, exp.Expr | None]]]:
    """The scope of each SELECT, and which table each `table.column` means, if it is one."""
    scopes: list[_Scope] = []
    columns: list[tuple[exp.Column, exp.Expr | None]] = []
    pending: list[tuple[exp.Expr, _Scope | None]] = [(tree, None)]
    while pending:
        node, outer = pending.pop()
        scope = outer
        if isinstance(node, exp.Select):
            scope = _Scope(outer)
            scopes.append(scope)
            for source in sources(node):
                if name := lower(source.alias_or_name):
                    scope.own.setdefault(name, source)
        elif isinstance(node, exp.Column) and node.table and not node.args.get("db"):
            columns.append((node, scope.find(lower(node.table)) if scope else None))
        # A CTE sees nothing of the SELECT that it belongs to.
        pending += [
            (child, outer if isinstance(child, exp.With) else scope)
            for child in reversed(list(node.iter_expressions()))
        ]
    return scopes, columns


def _kept(
    tree: exp.Expr, scopes: list[_Scope], columns: list[tuple[exp.Column, exp.Expr | None]]
) -> set[str]:
    """Names that may mean a table where it cannot be told; tables called so are not renamed."""
    told: set[int] = set()
    for source in (source for scope in scopes for source in scope.own.values()):
        if _can_be_renamed(source):
            alias = source.args.get("alias")
            told.update(id(part) for part in (alias and alias.this, *_parts(source)))
    for column, of in columns:
        told.add(id(column.this))
        if of is not None and _can_be_renamed(of):
            told.add(id(column.args["table"]))
    told.update(id(alias.args.get("alias")) for alias in tree.find_all(exp.Alias))
    told.update(id(cte.args["alias"].this) for cte in tree.find_all(exp.CTE))
    return {lower(name.name) for name in tree.find_all(exp.Identifier) if id(name) not in told} | {
        lower(column.table)
        for select in tree.find_all(exp.Select)
        if _has_outputs(select)
        for projection in select.expressions
        if not isinstance(projection, exp.Alias | exp.Column)
        for column in projection.find_all(exp.Column)
    }


def _has_outputs(select: exp.Select) -> bool:
    """Whether the names of its columns can be seen; one without an alias is called by its text."""
    at: exp.Expr = select
    while isinstance(around := at.parent, exp.Subquery | exp.SetOperation):
        if at.arg_key == "expression" and not around.args.get("by_name"):
            return False
        at = around
    return around is None or isinstance(around, exp.CTE | exp.From | exp.Join | exp.Lateral)


def _parts(source: exp.Expr) -> list[exp.Expr]:
    return source.parts if isinstance(source, exp.Table) else []


def _can_be_renamed(source: exp.Expr) -> bool:
    """Whether nothing but `alias.column` is called by its alias; a function's column may be."""
    if source.args.get("pivots"):
        return False
    return isinstance(source, exp.Values) or isinstance(source.this, exp.Identifier | exp.Query)


def sources(select: exp.Expr) -> Iterator[exp.Expr]:
    """What one SELECT reads from, in the order of the text: tables, subqueries, functions."""
    start = select.args.get("from_")
    pending = [*reversed(select.args.get("laterals") or []), *_joined(select)]
    pending += [start.this] if start else []
    while pending:
        source = pending.pop()
        pending += _joined(source)
        if _brackets_tables(source) and not source.alias:
            pending.append(source.this)
        else:
            yield source


def _joined(source: exp.Expr) -> list[exp.Expr]:
    return [join.this for join in reversed(source.args.get("joins") or [])]


def _brackets_tables(source: exp.Expr) -> bool:
    return isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table | exp.Subquery)
