"""Queries that mean the same have one canonical form, however they are written.

The form forgets layout, comments, the case of keywords and of unquoted names, the names of CTEs and
of table aliases, the order of AND and OR terms, parentheses that change nothing, and the several
spellings of one operator. It forgets nothing else: what it calls equal, every engine answers
equally.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from agnes.sql.gate import read_query
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Query

_OPERATORS = (exp.Binary, exp.Unary, exp.Predicate)
_BOUND = (exp.Paren, exp.Dot, exp.Slice, exp.PropertyEQ)
"""Operators to sqlglot, which bind to nothing else."""
_CONNECTORS = (exp.And, exp.Or)
ORIGIN = "origin"
"""The key in a node's `meta` of the node of the query as written that it comes from."""


class UnreadableSqlError(Exception):
    """A text that is no query which could be compared by its meaning."""


def canonical(sql: str) -> str | None:
    """The canonical form of a query; None for a text that cannot be read as one.

    Args:
        sql: one SELECT, in DuckDB's dialect.
    """
    try:
        return text(canonical_tree(read(sql)))
    except UnreadableSqlError:
        return None


def same_meaning(one: str, other: str) -> bool:
    """Whether two queries are the same but for how they are written.

    Texts that are no queries mean the same if they are equal.
    """
    if one.strip() == other.strip():
        return True
    form = canonical(one)
    return form is not None and form == canonical(other)


def canonical_expression(sql: str) -> str | None:
    """The canonical form of an expression such as `SUM(amount)`; None if it is none."""
    return canonical(f"SELECT {sql}")


def read(sql: str) -> Query:
    """Read a query that is to be compared.

    Raises:
        UnreadableSqlError: it is none.
    """
    try:
        return read_query(sql, file_names=True)
    except RefusedSqlError as error:
        raise UnreadableSqlError(str(error)) from error


def canonical_tree(query: Query, ctes: Mapping[str, str] | None = None) -> exp.Query:
    """The canonical form as a tree, a copy of the query's own.

    Args:
        ctes: what to call CTEs, by their names in lower case; by default they are numbered.

    Returns:
        A tree without parentheses; `text` tells it unambiguously all the same.

    Raises:
        UnreadableSqlError: it is nested too deeply.
    """
    try:
        tree = query.tree.copy()
        for copied, written in zip(tree.walk(bfs=False), query.tree.walk(bfs=False), strict=True):
            copied.meta[ORIGIN] = written
        tree = _outermost(tree)
        _rename(Query(query.sql, tree), ctes)
        _normalize(tree)
        _sort_terms(tree)
    except RecursionError as error:
        raise UnreadableSqlError("it is nested too deeply") from error
    return tree


def text(node: exp.Expr) -> str:
    """A canonical tree, or a part of one, as text: equal for equal trees alone.

    Raises:
        UnreadableSqlError: sqlglot cannot write it faithfully.
    """
    try:
        return _bracketed(node).sql(
            "duckdb", identify=True, comments=False, unsupported_level=ErrorLevel.RAISE
        )
    except (SqlglotError, RecursionError) as error:
        raise UnreadableSqlError(str(error)) from error


def _outermost(tree: exp.Query) -> exp.Query:
    """The query within brackets around it all."""
    while isinstance(tree, exp.Subquery) and _says_nothing_else(tree):
        inner = tree.this
        assert isinstance(inner, exp.Query)
        tree = inner
    tree.pop()
    return tree


def _says_nothing_else(node: exp.Expr) -> bool:
    return all(key == "this" or not value for key, value in node.args.items())


def _rename(query: Query, ctes: Mapping[str, str] | None) -> None:
    """Give CTEs and the tables of each SELECT names that follow from the query alone."""
    names: dict[int, str] = {}
    for at, cte in enumerate(query.tree.find_all(exp.CTE, bfs=False), 1):
        names[id(cte)] = (ctes or {}).get(cte.alias.casefold(), f"_cte_{at}")
    meant = {id(table): query.cte(table) for table in query.tree.find_all(exp.Table)}
    protected = _protected(query.tree)
    known: dict[int, dict[str, str]] = {}
    for select in query.tree.find_all(exp.Select, bfs=False):
        taken = {name for outer in _around(select, known) for name in outer.values()}
        known[id(select)] = {}
        for source in sources(select):
            visible = source.alias_or_name.casefold()
            if not visible or visible in known[id(select)]:
                continue
            of = meant.get(id(source))
            base = _base(source) if of is None else names[id(of)]
            name = visible if visible in protected else _free(base, taken)
            taken.add(name)
            known[id(select)][visible] = name
            _call(source, name)
    for column in query.tree.find_all(exp.Column):
        qualifier = column.table.casefold()
        if qualifier and not column.args.get("db"):
            found = [outer[qualifier] for outer in _around(column, known) if qualifier in outer]
            if found:
                column.set("table", exp.to_identifier(found[0], quoted=True))
    for table in query.tree.find_all(exp.Table):
        if (of := meant.get(id(table))) is not None:
            table.set("this", exp.to_identifier(names[id(of)], quoted=True))
    for cte in query.tree.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(names[id(cte)], quoted=True))


def _protected(tree: exp.Expr) -> set[str]:
    """Names that may be a table's or a column's, which renaming might take for the other."""
    columns = list(tree.find_all(exp.Column))
    bare = {column.name.casefold() for column in columns if not column.table}
    long = {
        part.name.casefold() for column in columns for part in column.parts if column.args.get("db")
    }
    return bare | long


def sources(select: exp.Expr) -> Iterator[exp.Expr]:
    """What one SELECT reads from, in the order of the text: tables, subqueries, functions."""
    start = select.args.get("from_")
    pending = [start.this] if start else []
    pending += [join.this for join in select.args.get("joins") or []]
    pending += select.args.get("laterals") or []
    while pending:
        source = pending.pop(0)
        joins = source.args.get("joins") or []
        inner = [source.this] if isinstance(source, exp.Paren) else [source]
        if inner[0] is source:
            yield source
        pending = [
            *(item for item in inner if item is not source),
            *(join.this for join in joins),
            *pending,
        ]


def _around(node: exp.Expr, known: Mapping[int, dict[str, str]]) -> Iterator[dict[str, str]]:
    """The names of the SELECTs around a node, from the inside out."""
    at: exp.Expr | None = node
    while at is not None:
        if id(at) in known:
            yield known[id(at)]
        at = at.parent


def _base(source: exp.Expr) -> str:
    return source.name.casefold() if isinstance(source, exp.Table) and source.name else "_query"


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _call(source: exp.Expr, name: str) -> None:
    alias = source.args.get("alias")
    if isinstance(alias, exp.TableAlias):
        alias.set("this", exp.to_identifier(name, quoted=True))
    elif isinstance(source, exp.Table | exp.Subquery):
        source.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _normalize(tree: exp.Expr) -> None:
    for node in list(tree.walk()):
        match node:
            case exp.Identifier():
                if not node.quoted:
                    node.set("this", node.name.lower())
                node.set("quoted", True)
            case exp.Join():
                if node.kind.upper() == "INNER" or (node.side and node.kind.upper() == "OUTER"):
                    node.set("kind", None)
            case exp.Ordered():
                node.set("desc", bool(node.args.get("desc")))
            case exp.Paren():
                node.replace(node.this)


def _sort_terms(tree: exp.Expr) -> None:
    """Put the terms of each AND and OR into the order of their text, the innermost first."""
    for node in reversed(list(tree.find_all(*_CONNECTORS, bfs=False))):
        if type(node.parent) is type(node):
            continue
        written = node.meta.get(ORIGIN)
        terms = sorted(node.flatten(unnest=False), key=text)
        for term in terms:
            term.pop()
        chain = terms[0]
        for term in terms[1:]:
            chain = type(node)(this=chain, expression=term)
        chain.meta[ORIGIN] = written
        node.replace(chain)


def terms(node: exp.Expr | None) -> list[exp.Expr]:
    """What a condition says in so many terms, joined by AND."""
    if node is None:
        return []
    return list(node.flatten(unnest=False)) if isinstance(node, exp.And) else [node]


def _bracketed(node: exp.Expr) -> exp.Expr:
    """A copy in which brackets say what binds to what."""
    copied = node.copy()
    for inner in list(copied.walk()):
        chained = isinstance(inner, _CONNECTORS) and type(inner.parent) is type(inner)
        # A chain of one connector needs no brackets, and might be too long for them.
        if inner is copied or chained or isinstance(inner, _BOUND):
            continue
        if isinstance(inner, _OPERATORS):
            bracket = exp.Paren()
            inner.replace(bracket)
            bracket.set("this", inner)
    return copied
