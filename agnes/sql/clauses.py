"""A query taken apart into the clauses of its SELECTs, so that two can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from agnes.sql.canonical import ORIGIN, sources, terms, text


@dataclass(frozen=True)
class Clause:
    """One term of a clause.

    Args:
        key: its canonical text, by which it is compared.
        node: it, in the canonical tree.
    """

    key: str
    node: exp.Expr

    @property
    def said(self) -> str:
        """It as the query says it."""
        return said(self.node)


@dataclass(frozen=True)
class Source:
    """What a SELECT reads from, and how it is joined to what comes before.

    Args:
        name: a table's name, or `(...)` for a subquery.
        join: `JOIN`, `LEFT JOIN` ...; None for the first.
        on: the condition's terms, or the columns of USING.
    """

    name: str
    join: str | None
    on: tuple[Clause, ...]
    said: str


@dataclass
class Part:
    """One SELECT of a query, or what combines several.

    Args:
        label: where it stands: "" for the query itself, else the CTE or subquery.
        outputs: what it gives, by name; a column without one is called `#1`, by its place.
        others: clauses that are compared as a whole, by what they are called.
    """

    label: str
    sources: list[Source] = field(default_factory=list)
    filters: dict[str, list[Clause]] = field(default_factory=dict)
    outputs: dict[str, Clause] = field(default_factory=dict)
    others: dict[str, Clause] = field(default_factory=dict)


_FILTERS = {"where": "filter", "having": "filter on groups", "qualify": "filter on windows"}
_OTHERS = {
    "distinct": "DISTINCT",
    "group": "grouping",
    "windows": "named window",
    "limit": "LIMIT",
    "offset": "OFFSET",
    "sample": "sampling",
    "order": "order of rows",
}


def said(node: exp.Expr) -> str:
    """A part of a canonical tree as the query that it comes from says it, in one line."""
    written = node.meta.get(ORIGIN)
    return (written if isinstance(written, exp.Expr) else node).sql("duckdb", comments=False)


def take_apart(tree: exp.Query) -> dict[str, Part]:
    """The SELECTs of a canonical tree by their label: its CTEs', its subqueries', its own."""
    found: dict[str, Part] = {}
    for part in _parts(tree, ""):
        label, number = part.label, 1
        while part.label in found:
            number += 1
            part.label = f"{label} ({number})"
        found[part.label] = part
    return found


def _parts(query: exp.Expr, label: str) -> Iterator[Part]:
    with_ = query.args.get("with_")
    for cte in with_.expressions if with_ else ():
        yield from _parts(cte.this, cte.alias)
    if isinstance(query, exp.Subquery):
        whole = Part(label, others=_others(query))
        if whole.others:
            yield whole
        yield from _parts(query.this, label)
    elif isinstance(query, exp.SetOperation):
        yield from _combined(query, label)
    elif isinstance(query, exp.Select):
        yield from _select(query, label)
    else:
        yield Part(label, others={"query": _clause(query)})


def _combined(query: exp.SetOperation, label: str) -> Iterator[Part]:
    operands: list[exp.Expr] = []
    words: list[str] = []
    at: exp.Expr = query
    while isinstance(at, exp.SetOperation):
        operands.append(at.expression)
        words.append(_operator(at))
        at = at.this
    operands.append(at)
    how = " ".join(reversed(words))
    yield Part(label, others={**_others(query), "set operation": Clause(how, exp.Var(this=how))})
    for number, operand in enumerate(reversed(operands), 1):
        yield from _parts(operand, f"{label or 'the query'}, part {number}")


def _operator(query: exp.SetOperation) -> str:
    words = [type(query).__name__.upper(), "" if query.args.get("distinct") else "ALL"]
    return " ".join(filter(None, [*words, "BY NAME" if query.args.get("by_name") else ""]))


def _select(select: exp.Select, label: str) -> Iterator[Part]:
    part = Part(label, others=_others(select))
    joins = {id(join.this): join for join in select.find_all(exp.Join)}
    for source in sources(select):
        part.sources.append(_source(source, joins.get(id(source))))
        if isinstance(source, exp.Subquery):
            written = source.meta.get(ORIGIN)
            name = written.alias if isinstance(written, exp.Expr) else ""
            yield from _parts(source.this, name or f"a subquery of {label or 'the query'}")
    for clause, called in _FILTERS.items():
        if condition := select.args.get(clause):
            part.filters[called] = [_clause(term) for term in terms(condition.this)]
    for at, projection in enumerate(select.expressions, 1):
        name = projection.alias_or_name if not projection.is_star else text(projection)
        inner = projection.this if isinstance(projection, exp.Alias) else projection
        part.outputs.setdefault(name or f"#{at}", _clause(inner))
    yield part


def _source(source: exp.Expr, join: exp.Join | None) -> Source:
    name = "(...)"
    if isinstance(source, exp.Table):
        parts = [part.name for part in source.parts]
        name = ".".join(parts) if isinstance(source.this, exp.Identifier) else text(source)
    elif not isinstance(source, exp.Subquery):
        name = said(source)
    if join is None:
        return Source(name.casefold(), None, (), said(source))
    words = (join.method, join.side, join.kind, "JOIN")
    how = " ".join(word.upper() for word in words if word)
    on = [_clause(term) for term in terms(join.args.get("on"))]
    on += [_clause(column) for column in join.args.get("using") or ()]
    return Source(name.casefold(), how, tuple(on), said(join).strip(", "))


def _others(query: exp.Expr) -> dict[str, Clause]:
    found = {}
    for clause, called in _OTHERS.items():
        node = query.args.get(clause)
        if isinstance(node, list):
            node = exp.Tuple(expressions=[item.copy() for item in node]) if node else None
        if node:
            found[called] = _clause(node)
    return found


def _clause(node: exp.Expr) -> Clause:
    return Clause(text(node), node)
