"""A query as data: the tables it reads, the columns it gives, how it groups and orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from agnes.sql.names import lower

_GROUPINGS = (exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren, exp.Distinct)
_DIGITS = 5


@dataclass(frozen=True)
class Place:
    """Where something stands in a query: characters from its start, and how many."""

    start: int
    length: int


@dataclass(frozen=True)
class Read:
    """A table that a query reads, as written: `orders`, `main.orders`, `"in.c-crm.company"`."""

    name: str
    place: Place


class Query:
    """One SELECT.

    Args:
        sql: its text.
        tree: what sqlglot made of it.
    """

    def __init__(self, sql: str, tree: exp.Query) -> None:
        self.sql = sql
        self.tree = tree

    @cached_property
    def reads(self) -> list[Read]:
        """The tables that are read, once each, in the order of the text; no CTEs."""
        found: dict[str, Read] = {}
        for table in self.tree.find_all(exp.Table, bfs=False):
            if isinstance(table.this, exp.Identifier) and not self.is_cte(table):
                name = ".".join(part.name for part in table.parts)
                read = Read(name, name_place(table))
                first = found.setdefault(name.casefold(), read)
                if read.place.start < first.place.start:
                    found[name.casefold()] = read
        return sorted(found.values(), key=lambda read: read.place.start)

    @cached_property
    def _scopes(self) -> dict[int, dict[str, int]]:
        """Of each WITH, by its id, the names and at which place in it each stands first."""
        return {
            id(scope): {
                lower(cte.alias): at for at, cte in reversed(list(enumerate(scope.expressions)))
            }
            for scope in self.tree.find_all(exp.With)
        }

    def cte(self, table: exp.Table) -> exp.CTE | None:
        """The CTE that a name means, one that is visible where it stands: there, or around it."""
        return _find_cte(table, self._scopes)

    def is_cte(self, table: exp.Table) -> bool:
        """Whether a name means a CTE."""
        return self.cte(table) is not None

    @cached_property
    def outputs(self) -> list[str] | None:
        """The names of the columns it gives, "" for one without; None when a star hides them."""
        names: list[str] = []
        pending: list[exp.Expr] = [self.tree]
        while pending:
            query = pending.pop().unnest()
            if isinstance(query, exp.SetOperation):
                both = [query.expression, query.this]
                pending += both if query.args.get("by_name") else both[1:]
            elif not isinstance(query, exp.Select):
                return None
            else:
                found = [_output(item) for item in query.expressions]
                if None in found:
                    return None
                before = {name.casefold() for name in names}  # of UNION BY NAME
                names += [
                    name for name in found if name is not None and name.casefold() not in before
                ]
        return names

    @cached_property
    def columns(self) -> set[str]:
        """Every column name that is mentioned, in lower case."""
        names = {column.name.casefold() for column in self.tree.find_all(exp.Column)}
        # Those of `USING (name)` and `name.lower()` are no columns to sqlglot.
        parts = [part for dot in self.tree.find_all(exp.Dot) for part in (dot.left, dot.right)]
        for join in self.tree.find_all(exp.Join):
            parts += join.args.get("using") or []
        return names | {part.name.casefold() for part in parts if isinstance(part, exp.Identifier)}

    @cached_property
    def grouped_by(self) -> set[str]:
        """The names, in lower case, that any part of it groups by: columns, and their aliases."""
        return {name for select in self.tree.find_all(exp.Select) for name in _groups(select)}

    @cached_property
    def stars(self) -> list[Place]:
        """Where it says `SELECT *`, `t.*` or `FROM t` alone; a star within `COUNT(*)` is none."""
        return [
            self._star(select, projection)
            for select in self.tree.find_all(exp.Select)
            for projection in select.expressions
            if projection.is_star and not projection.find(exp.Func)
        ]

    def _star(self, select: exp.Select, projection: exp.Expr) -> Place:
        where = place(projection)
        if "*" in self.sql[where.start : where.start + where.length]:
            return where
        source = select.args.get("from_")
        return place(source.this) if source else where

    @cached_property
    def directionless(self) -> list[Place]:
        """What the result is ordered by without saying ASC or DESC."""
        order = self._of_result("order")
        terms = order.expressions if order else []
        return [place(term) for term in terms if term.args.get("desc") is None]

    @cached_property
    def limit(self) -> Place | None:
        """A LIMIT of the result, if there is one."""
        limit = self._of_result("limit")
        return None if limit is None else place(limit)

    def _of_result(self, clause: str) -> exp.Expr | None:
        """A clause that applies to the whole result, also from within brackets around it all."""
        query: exp.Expr = self.tree
        while query.args.get(clause) is None and isinstance(query, exp.Subquery):
            query = query.this
        found = query.args.get(clause)
        return found if isinstance(found, exp.Expr) else None

    @cached_property
    def crossed(self) -> list[Place]:
        """Tables that are joined without any condition, by a comma or by JOIN alone."""
        return [
            name_place(join.this)
            for join in self.tree.find_all(exp.Join)
            if _is_crossed(join) and not _has_where(join)
        ]


def place(node: exp.Expr) -> Place:
    """Where the leftmost name or literal of a node stands, to the end of the rightmost."""
    spans = [
        (part.meta["start"], part.meta["end"])
        for part in node.walk()
        if part.meta and "start" in part.meta
    ]
    if not spans:
        return Place(0, 0)
    start = min(start for start, _ in spans)
    return Place(start, max(end for _, end in spans) + 1 - start)


def name_place(table: exp.Table) -> Place:
    """Where the name of a table stands, without its alias and what is joined to it."""
    places = [place(part) for part in table.parts]
    start = places[0].start
    return Place(start, places[-1].start + places[-1].length - start)


def _find_cte(table: exp.Table, scopes: Mapping[int, Mapping[str, int]]) -> exp.CTE | None:
    if table.args.get("db"):
        return None
    name = lower(table.name)
    below: exp.Expr = table
    path = {id(table)}
    while (at := below.parent) is not None:
        if isinstance(at, exp.With):
            first = scopes[id(at)].get(name)
            if first is not None and (
                first < (below.index or 0)
                or (first == below.index and at.recursive and id(_recursive_part(below)) in path)
            ):
                return _cte(at, first)
        else:
            scope = at.args.get("with_")
            if scope is not None and scope is not below and name in scopes[id(scope)]:
                return _cte(scope, scopes[id(scope)][name])
        path.add(id(at))
        below = at
    return None


def _cte(scope: exp.Expr, at: int) -> exp.CTE:
    found = scope.expressions[at]
    assert isinstance(found, exp.CTE)
    return found


def _recursive_part(cte: exp.Expr) -> exp.Expr | None:
    """What may read the CTE itself: the right side of its UNION."""
    body = cte.this.unnest()
    return body.expression if isinstance(body, exp.Union) else None


def _output(projection: exp.Expr) -> str | None:
    """The name of a column of the result, "" for one without; None when it stands for several."""
    item = projection.unnest()
    if isinstance(item, exp.Alias):
        return item.alias
    if item.is_star or isinstance(item, exp.Columns):
        return None
    if isinstance(item, exp.Dot) and isinstance(item.right, exp.Identifier):
        return item.right.name
    return item.name if isinstance(item, exp.Column) else ""


def _groups(select: exp.Select) -> Iterator[str]:
    """The names that one SELECT groups by."""
    group, distinct = select.args.get("group"), select.args.get("distinct")
    plain = [item for item in select.expressions if not item.find(exp.AggFunc)]
    if group and group.args.get("all"):
        yield from (item.alias_or_name.casefold() for item in plain)
    if distinct and not distinct.args.get("on"):
        yield from (item.alias_or_name.casefold() for item in select.expressions)
    terms = [term for term in (group, distinct and distinct.args.get("on")) if term]
    if not terms:
        return
    aliases: dict[exp.Expr, list[str]] = defaultdict(list)
    for item in plain:
        if isinstance(item, exp.Alias):
            for column in item.find_all(exp.Column):
                aliases[column].append(item.alias.casefold())
    for grouped in (node for term in terms for node in term.find_all(exp.Column, exp.Literal)):
        if isinstance(grouped, exp.Column):
            yield grouped.name.casefold()
            yield from aliases[grouped]
        elif not grouped.is_string and isinstance(grouped.parent, _GROUPINGS):
            digits = grouped.name if grouped.name.isdecimal() else ""
            at = int(digits[:_DIGITS] or 0) - 1
            yield from (
                item.alias_or_name.casefold() for item in select.expressions[at:][:1] if at >= 0
            )


def _has_where(join: exp.Join) -> bool:
    select = join.find_ancestor(exp.Select)
    return select is not None and select.args.get("where") is not None


def _is_crossed(join: exp.Join) -> bool:
    if join.args.get("on") or join.args.get("using") or join.args.get("method"):
        return False  # a method is NATURAL, ASOF or POSITIONAL
    if join.kind.upper() in ("CROSS", "SEMI", "ANTI"):
        return False
    return isinstance(join.this, exp.Table) and isinstance(join.this.this, exp.Identifier)
