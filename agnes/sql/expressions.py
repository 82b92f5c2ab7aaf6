"""What the names in an expression mean, where they stand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from itertools import pairwise

from sqlglot import exp

from agnes.sql.problem import refusal
from agnes.sql.relation import ALL, Relation, Scope, Values, column_of, listed_in

_BUDGET = 500_000
"""Looks at a name or a column; they take less than a second."""


class Expressions(ABC):
    """Looks up names, and notes what is read on the way."""

    def __init__(self) -> None:
        self.reads: Values = []
        self.seen: set[int] = set()
        self._left = _BUDGET

    @abstractmethod
    def query(self, node: exp.Expr, outer: Scope | None) -> Relation:
        """What a query within an expression gives."""

    @abstractmethod
    def named(self, table: exp.Table) -> Relation:
        """The table or the CTE that a name stands for."""

    def read(self, values: Values) -> Values:
        """Note that something is read; returns it."""
        self.spend(len(values))
        self.reads += values
        return values

    def spend(self, work: int) -> None:
        """Do so much work.

        Raises:
            RefusedSqlError: it is too much in all.
        """
        self._left -= work
        if self._left < 0:
            message = "the query has too many columns and tables to tell what it reads"
            raise refusal("size", message, "take it apart")

    def clauses(self, node: exp.Expr, scope: Scope, apart: Collection[str]) -> Values:
        """Read what the clauses of a node say, but for those that are looked at on their own."""
        found: Values = []
        for clause, value in node.args.items():
            if clause not in apart and clause not in ("alias", "with_", "joins"):
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, exp.Expr):
                        found += self.expression(part, scope)
        return found

    def expression(self, root: exp.Expr, scope: Scope) -> Values:
        """What an expression is made of; all of it is read."""
        found: Values = []
        pending: list[tuple[exp.Expr, frozenset[str]]] = [(root, frozenset())]
        while pending:
            node, bound = pending.pop()
            self.spend(1)
            if isinstance(node, exp.Query):
                relation = self.query(node, scope)
                found += [] if isinstance(node.parent, exp.Exists) else relation.whole
            else:
                found += self._meant(node, bound, scope)
                pending += _below(node, bound)
        return self.read(found)

    def _meant(self, node: exp.Expr, bound: frozenset[str], scope: Scope) -> Values:
        """What a node means by itself; `bound` are the parameters of lambdas around it."""
        match node:
            case exp.Column():
                self.seen.add(id(node))
                parts = [part.name.casefold() for part in node.parts]
                return [] if parts[0] in bound else self._column(parts, scope)
            case exp.Dot(this=exp.Identifier()):
                parts = _dotted(node)
                return [] if parts[0] in bound else self._column(parts, scope)
            case exp.Table(this=exp.Identifier()):
                self.seen.add(id(node))
                return self.named(node).whole
            case exp.Star() if isinstance(node.parent, exp.Count):
                return []
            case exp.Star() | exp.Columns() | exp.PositionalColumn():
                return scope.whole
        return []

    def _column(self, parts: list[str], scope: Scope) -> Values:
        """What a name of several parts may mean: a table's column, or a field of a column."""
        self.spend(sum(1 + len(around.sources) for around in scope.chain))
        found: Values = []
        for table, column in pairwise(parts):
            if relations := scope.called(table):
                if column == ALL:
                    return [value for relation in relations for value in relation.whole]
                if listed := listed_in(relations, column):
                    return listed
                found += column_of(relations, column)
        if found:
            return found + scope.struct(parts[0])
        return scope.column(parts[0])


def star_of(node: exp.Expr) -> exp.Star | None:
    """The star in `*` and `t.*`."""
    star = node.this if isinstance(node, exp.Column) else node
    return star if isinstance(star, exp.Star) else None


def _below(node: exp.Expr, bound: frozenset[str]) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """The nodes below, each with the parameters that are bound there."""
    inside = bound
    if isinstance(node, exp.Lambda):
        inside |= {name.name.casefold() for name in node.expressions}
    if isinstance(node, exp.Comprehension):
        inside |= {name.name.casefold() for name in node.expression.find_all(exp.Identifier)}
    if isinstance(node, exp.Column):  # its parts are looked up with it
        if (star := star_of(node)) is None:
            return
        node = star
    for child in node.iter_expressions():
        iterated = isinstance(node, exp.Comprehension) and child is node.args.get("iterator")
        yield child, bound if iterated else inside


def _dotted(node: exp.Dot) -> list[str]:
    """The names at the start of `a.b.f()`."""
    parts = [node.this.name.casefold()]
    at: exp.Expr | None = node
    while isinstance(at, exp.Dot) and isinstance(at.expression, exp.Identifier):
        parts.append(at.expression.name.casefold())
        at = at.parent
    return parts
