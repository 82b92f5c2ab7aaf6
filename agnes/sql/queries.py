"""What queries give: SELECTs, what combines them, and the stars in them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from agnes.sql.expressions import star_of
from agnes.sql.relation import Relation, Scope, Value, column_of
from agnes.sql.sources import Sources, holds_sources

_APART = ("expressions", "from_", "joins", "laterals", "with_", "order")
"""The clauses of a SELECT that are looked at on their own."""


class Queries(Sources):
    """Tells what each query gives, from the inside out."""

    def query(self, node: exp.Expr, outer: Scope | None, cte: exp.CTE | None = None) -> Relation:
        """What a query gives; `cte` when the query is this one's."""
        for inner in _ctes(node):
            relation = self.query(inner.this, outer, inner)
            self.ctes[id(inner)] = self.renamed(relation, inner)
        if isinstance(node, exp.Select):
            return self._select(node, outer)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, outer, cte)
        if isinstance(node, exp.Subquery) and not holds_sources(node):
            found = self.query(node.this, outer, cte)
        else:
            scope = Scope(outer)
            self.source(node.this if isinstance(node, exp.Subquery) else node, scope)
            found = self.star(scope.relations)
        if isinstance(node, exp.Subquery) and node.args.get("pivots"):
            found = self.pivoted(node, found, outer)
        if isinstance(node, exp.Subquery):
            self.clauses(node, Scope(outer, [(node.alias.casefold(), found)]), ("this", "pivots"))
        return found

    def _set_operation(
        self, node: exp.SetOperation, outer: Scope | None, cte: exp.CTE | None
    ) -> Relation:
        chain = _chain(node)
        result = self._operand(chain[-1].this, outer)
        found = Relation(hidden=set(result.hidden), rest=list(result.rest), width=result.width)
        for key, value in result.columns.items():
            found.columns[key] = Value(value.name, [value])
        if cte is not None:
            self.ctes[id(cte)] = self.renamed(found, cte)
        for operation in reversed(chain):
            self._combine(found, self._operand(operation.expression, outer), operation)
        scope = Scope(outer, [("", found)])
        for operation in chain:
            self.clauses(operation, scope, ("this", "expression", "with_"))
        return found

    def _operand(self, node: exp.Expr, outer: Scope | None) -> Relation:
        relation = self.query(node, outer)
        self.read(relation.whole)
        return relation

    def _combine(self, found: Relation, other: Relation, operation: exp.SetOperation) -> None:
        self.spend(len(found.columns) + len(other.columns))
        by_name = operation.args.get("by_name")
        columns, others = found.in_order, other.in_order
        if by_name:
            for key, value in other.columns.items():
                if key in found.columns:
                    found.columns[key].of.append(value)
                else:
                    found.columns[key] = Value(value.name, [value])
            found.hidden |= other.hidden
            found.rest += other.rest
            found.width = len(found.columns) if columns and others else None
        elif columns is not None and others is not None and len(columns) == len(others):
            for value, right in zip(columns, others, strict=True):
                value.of.append(right)
        else:
            whole = Value("", other.whole)
            for value in found.columns.values():
                value.of.append(whole)
            found.rest.append(whole)

    def _select(self, select: exp.Select, outer: Scope | None) -> Relation:
        scope = Scope(outer)
        if start := select.args.get("from_"):
            self.source(start.this, scope)
        self.joins(select, scope)
        for lateral in select.args.get("laterals") or []:
            self.source(lateral, scope)
        names = [(item, item.alias) for item in select.expressions if isinstance(item, exp.Alias)]
        scope.aliases = {alias.casefold(): Value(alias) for _, alias in names}
        result = Relation(width=0)
        for at, item in enumerate(select.expressions, 1):
            self._project(item, at, scope, result)
        order = select.args.get("order")
        if result.width is None and (
            order or any(select.args.get(clause) for clause in ("distinct", "group"))
        ):
            self.read(result.whole)  # columns may be meant by their number
        for ordered in order.expressions if order else ():
            term = ordered.this
            named = isinstance(term, exp.Column) and not term.table
            if named and term.name.casefold() in scope.aliases:
                self.seen.add(id(term))  # here a column's new name goes before a table's column
            else:
                self.expression(ordered, scope)
        self.clauses(select, scope, _APART)
        return result

    def _project(self, item: exp.Expr, at: int, scope: Scope, result: Relation) -> None:
        inner = item.unnest()
        if star := star_of(inner):
            self.seen.add(id(inner))
            named = scope.called(inner.table.casefold()) if isinstance(inner, exp.Column) else []
            if named or star is inner:
                self._give_star(star, named or scope.relations, scope, result)
                return
        values = self.expression(item, scope)
        value = Value(_name(item) or f"#{at}", values)
        if isinstance(item, exp.Alias):
            scope.aliases[item.alias.casefold()].of.append(value)
        if _is_several(inner):
            result.rest.append(value)
            result.width = None
            return
        result.add(value.name.casefold(), value)
        if result.width is not None:
            result.width += 1

    def _give_star(
        self, star: exp.Star, relations: list[Relation], scope: Scope, result: Relation
    ) -> None:
        given = self.star(relations)
        inside = Scope(scope.outer, [("", relation) for relation in relations])
        inside.sources += scope.sources
        for left_out in star.args.get("except_") or []:
            self.expression(left_out, inside)  # it must be there to be left out
            given.columns.pop(left_out.name.casefold(), None)
        for replaced in star.args.get("replace") or []:
            key = replaced.alias.casefold()
            self.read(column_of(relations, key))  # and to be replaced
            value = Value(replaced.alias, self.expression(replaced, inside))
            given.columns[key] = value
        for renamed in star.args.get("rename") or []:
            value = Value(renamed.alias, self.expression(renamed, inside))
            if isinstance(renamed, exp.Alias):  # it is nonsense if not
                given.columns.pop(renamed.this.name.casefold(), None)
            given.columns[renamed.alias.casefold()] = value
        for key, value in given.columns.items():
            result.add(key, value)
        result.hidden |= given.hidden
        result.rest += given.rest
        result.width = None


def _ctes(node: exp.Expr) -> Iterator[exp.CTE]:
    """The CTEs of a query, and of what it combines."""
    for at in [node] if not isinstance(node, exp.SetOperation) else _chain(node):
        with_ = at.args.get("with_")
        yield from with_.expressions if with_ else ()


def _chain(node: exp.SetOperation) -> list[exp.SetOperation]:
    """A row of set operations, the last first."""
    chain = [node]
    while isinstance(chain[-1].this, exp.SetOperation):
        chain.append(chain[-1].this)
    return chain


def _name(item: exp.Expr) -> str:
    inner = item.unnest()
    if isinstance(inner, exp.Dot) and isinstance(inner.right, exp.Identifier):
        return inner.right.name
    return inner.alias_or_name if isinstance(inner, exp.Alias | exp.Column) else ""


def _is_several(item: exp.Expr) -> bool:
    """Whether a projection may stand for several columns."""
    inner = item.this if isinstance(item, exp.Alias) else item
    return isinstance(inner, exp.Explode) or any(
        not isinstance(node.parent, exp.Count) for node in item.find_all(exp.Star, exp.Columns)
    )
