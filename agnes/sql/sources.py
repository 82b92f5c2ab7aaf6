"""What a SELECT reads from: tables, CTEs, subqueries, joins, and what is computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp

from agnes.sql.expressions import Expressions
from agnes.sql.query import Query
from agnes.sql.relation import Base, Origin, Relation, Scope, Value, column_of


class Sources(Expressions):
    """Tells what stands behind FROM and JOIN.

    Args:
        query: the query that is taken apart.
        columns: what is known of tables: the names of columns by the table's id.
    """

    def __init__(self, query: Query, columns: Mapping[str, Collection[str]]) -> None:
        super().__init__()
        self.read_query = query
        self.ids = {id_.casefold(): id_ for id_ in columns}
        self.known = {
            id_.casefold(): {name.casefold(): name for name in names}
            for id_, names in columns.items()
        }
        self._short: dict[str, list[str]] = defaultdict(list)
        for key in self.known:
            self._short[key.rpartition(".")[2]].append(key)
        self.tables: set[str] = set()
        self.ctes: dict[int, Relation] = {}

    def joins(self, node: exp.Expr, scope: Scope) -> None:
        """Add what is joined to the sources, and read what it is joined by."""
        for join in node.args.get("joins") or []:
            before = len(scope.sources)
            self.source(join.this, scope)
            left, right = scope.relations[:before], scope.relations[before:]
            if join.method.upper() == "NATURAL":
                self.read(scope.whole)
            for shared in join.args.get("using") or []:
                self.spend(len(scope.sources))
                name = shared.name.casefold()
                self.read(column_of(left, name) + column_of(right, name))
                for relation in left:
                    self.read(relation.unknown(name))
            self.clauses(join, scope, ("this", "using"))
            if join.kind.upper() in ("SEMI", "ANTI"):
                del scope.sources[before:]  # it only chooses among the rows

    def source(self, node: exp.Expr, scope: Scope) -> None:
        """Add what stands behind FROM or JOIN to the sources."""
        self.seen.add(id(node))
        if isinstance(node, exp.Paren):
            self.source(node.this, scope)
            self.joins(node, scope)
            return
        if isinstance(node, exp.Subquery) and holds_sources(node):
            inner = Scope(scope, list(scope.sources))
            self.source(node.this, inner)
            added = inner.sources[len(scope.sources) :]
            if not node.alias and not node.args.get("pivots"):
                scope.sources += added
                self.joins(node, scope)
                return
            relation = self.star(relation for _, relation in added)
        elif isinstance(node, exp.Subquery | exp.Query):
            relation = self.query(node, scope)
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            relation = self.named(node)
            self.clauses(node, scope, ("this", "db", "catalog", "pivots"))
        elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Query):
            relation = self.query(node.this, scope)
        else:
            relation = self._computed(node, scope)
        if not isinstance(node, exp.Subquery) or holds_sources(node):
            relation = self.pivoted(node, relation, scope)
        scope.sources.append((node.alias_or_name.casefold(), self.renamed(relation, node)))
        self.joins(node, scope)

    def named(self, table: exp.Table) -> Relation:
        """The table or the CTE that a name stands for."""
        cte = self.read_query.cte(table)
        return self.ctes.get(id(cte), Relation()) if cte else self.base(table)

    def base(self, table: exp.Table) -> Relation:
        """A table that is read."""
        key = ".".join(part.name for part in table.parts).casefold()
        if key not in self.known:
            key = key.removeprefix("main.")
            # As everywhere, the last part of an id will do when no other table has it.
            ids = [] if key in self.known else self._short.get(key, [])
            key = ids[0] if len(ids) == 1 else key
        self.tables.add(key)
        return self.relation(key)

    def relation(self, key: str) -> Relation:
        """A table by its name in lower case."""
        known = self.known.get(key, {})
        self.spend(1 + len(known))
        columns = {column: Value(name, [Origin(key, column)]) for column, name in known.items()}
        return Relation(columns, {Base(key, bool(known))})

    def _computed(self, node: exp.Expr, scope: Scope) -> Relation:
        """What VALUES, a PIVOT or a table function gives."""
        inner = Scope(scope)
        pivoted = isinstance(node, exp.Pivot) and isinstance(node.this, exp.Table | exp.Subquery)
        if pivoted:
            self.source(node.this, inner)
        made_of = self.clauses(node, inner, ("this", "pivots") if pivoted else ("pivots",))
        value = Value("", [*inner.whole, *made_of])
        self.read([value])
        return Relation(rest=[value])

    def pivoted(self, node: exp.Expr, relation: Relation, outer: Scope | None) -> Relation:
        """A source with what PIVOT and UNPIVOT behind it make of it."""
        pivots = node.args.get("pivots") or []
        if not pivots:
            return relation
        # Behind a join it is about all that is joined.
        value = Value("", [*relation.whole, *(outer.whole if outer else ())])
        for pivot in pivots:
            value.of += self.expression(pivot, Scope(outer, [("", relation)]))
        self.read([value])
        return Relation(rest=[value])

    def renamed(self, relation: Relation, node: exp.Expr) -> Relation:
        """A relation with the names of columns that a node gives it, as in `AS t(a, b)`."""
        alias = node.args.get("alias")
        columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
        if not columns:
            return relation
        if relation.in_order is None:
            self.read(relation.whole)  # without one of them all names would move
        return relation.renamed([column.name for column in columns])

    def star(self, relations: Iterable[Relation]) -> Relation:
        """What `*` gives of some sources."""
        found = Relation()
        for relation in relations:
            if not found.columns:
                self.spend(1 + len(relation.columns) // 8)
                found.columns = dict(relation.columns)
            else:
                self.spend(1 + len(relation.columns))
                for key, value in relation.columns.items():
                    found.add(key, value)
            found.hidden |= relation.hidden
            found.rest += relation.rest
        if len(found.rest) > 1:
            found.rest = [Value("", found.rest)]
        return found


def holds_sources(node: exp.Subquery) -> bool:
    """Whether its brackets are around tables that are joined, not around a query."""
    inner = node.this
    if isinstance(inner, exp.Subquery):
        return any(inner.args.get(key) for key in ("alias", "joins", "pivots"))
    return not isinstance(inner, exp.Query)
