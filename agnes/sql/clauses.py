"""A query taken apart into the clauses of its SELECTs, so that two can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from agnes.sql.canonical import ORIGIN, sources, terms, text
from agnes.sql.expression import AGGREGATES
from agnes.sql.fragment import Fragments

THE_QUERY = "the query"
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
_MODIFIERS = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
_MULTIPLIES = (exp.Unnest, exp.Explode)


@dataclass(frozen=True)
class Clause:
    """One term of a clause.

    Args:
        key: its canonical text, by which it is compared.
        node: it, in the canonical tree.
        said: it as the query says it.
        places: the columns that it names by their place in the result.
    """

    key: str
    node: exp.Expr
    said: str
    places: str = ""

    @property
    def multiplies(self) -> bool:
        """Whether it makes several rows of one."""
        return self.node.find(*_MULTIPLIES) is not None


@dataclass(frozen=True)
class Source:
    """What a SELECT reads from, and how it is joined to what comes before.

    Args:
        name: a table's name, or `(...)` for a subquery.
        join: `JOIN`, `LEFT JOIN` ...; None for the first.
        on: the condition's terms, or the columns of USING.
        shape: what is done to it before anything reads it: PIVOT, a sample, names of columns.
    """

    name: str
    join: str | None
    on: tuple[Clause, ...]
    shape: str
    said: str


@dataclass
class Part:
    """One SELECT of a query, or what combines several.

    Args:
        label: where it stands: "" for the query itself, else the CTE or subquery.
        said: the whole of it.
        outputs: what it gives, by name; a column without one is called `#1`, by its place.
        others: clauses that are compared as a whole, by what they are called.
        is_one_row: it aggregates without grouping.
    """

    label: str
    said: str = ""
    sources: list[Source] = field(default_factory=list)
    filters: dict[str, list[Clause]] = field(default_factory=dict)
    outputs: dict[str, Clause] = field(default_factory=dict)
    others: dict[str, Clause] = field(default_factory=dict)
    is_one_row: bool = False

    @property
    def combines(self) -> bool:
        """Whether it is a UNION or the like."""
        return _COMBINED in self.others


_COMBINED = "set operation"


def take_apart(tree: exp.Query, fragments: Fragments) -> dict[str, Part]:
    """The SELECTs of a canonical tree by their label: its CTEs', its subqueries', its own."""
    found: dict[str, Part] = {}
    for part in _Parts(fragments).of(tree, ""):
        label, number = part.label, 1
        while part.label in found:
            number += 1
            part.label = f"{label} ({number})"
        found[part.label] = part
    return found


class _Parts:
    def __init__(self, fragments: Fragments) -> None:
        self._said = fragments.said

    def of(self, query: exp.Expr, label: str) -> Iterator[Part]:
        with_ = query.args.get("with_")
        for cte in with_.expressions if with_ else ():
            yield from self.of(cte.this, f"CTE {cte.alias}")
        if isinstance(query, exp.Subquery):
            if others := dict(self._others(query, {})):
                yield Part(label, self._said(query), others=others)
            yield from self.of(query.this, label)
        elif isinstance(query, exp.SetOperation):
            yield from self._combined(query, label)
        elif isinstance(query, exp.Select):
            yield from self._select(query, label)
        else:
            yield Part(label, self._said(query), others={THE_QUERY: self._clause(query)})

    def _combined(self, query: exp.SetOperation, label: str) -> Iterator[Part]:
        operands: list[exp.Expr] = []
        words: list[str] = []
        at: exp.Expr = query
        while isinstance(at, exp.SetOperation) and (at is query or not _has_more(at)):
            operands.append(at.expression)
            words.append(_operator(at))
            at = at.this
        operands.append(at)
        how = ", ".join(reversed(words))
        others = dict(self._others(query, {}))
        others[_COMBINED] = Clause(how, exp.Var(this=how), how)
        yield Part(label, self._said(query), others=others)
        for number, operand in enumerate(reversed(operands), 1):
            yield from self.of(operand, part_label(label, number))

    def _select(self, select: exp.Select, label: str) -> Iterator[Part]:
        part = Part(label, self._said(select))
        joins = {id(join.this): join for join in select.find_all(exp.Join)}
        for source in sources(select):
            part.sources.append(self._source(source, joins.get(id(source))))
            if isinstance(source, exp.Subquery):
                written = source.meta.get(ORIGIN)
                name = written.alias if isinstance(written, exp.Expr) else ""
                of = f"subquery {name}" if name else f"a subquery of {label or THE_QUERY}"
                yield from self.of(source.this, of)
        for clause, called in _FILTERS.items():
            if condition := select.args.get(clause):
                part.filters[called] = [self._clause(term) for term in terms(condition.this)]
        for at, projection in enumerate(select.expressions, 1):
            name = projection.alias_or_name if not projection.is_star else self._said(projection)
            inner = projection.this if isinstance(projection, exp.Alias) else projection
            part.outputs.setdefault(name or f"#{at}", self._clause(inner))
        part.others = dict(self._others(select, part.outputs))
        part.is_one_row = "grouping" not in part.others and any(
            _aggregates(it.node)
            for it in [*part.outputs.values(), *part.filters.get(_FILTERS["having"], [])]
        )
        yield part

    def _source(self, source: exp.Expr, join: exp.Join | None) -> Source:
        name, alias = "(...)", source.args.get("alias")
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
            name = ".".join(part.name for part in source.parts)
        elif not isinstance(source, exp.Subquery):
            name = self._said(source)
        extra = [*(source.args.get("pivots") or []), source.args.get("sample")]
        extra += alias.args.get("columns") or [] if alias else []
        shape = " ".join(text(it) for it in extra if it)
        if join is None:
            return Source(name.casefold(), None, (), shape, self._said(source))
        words = (join.method, join.side, join.kind, "JOIN")
        how = " ".join(word.upper() for word in words if word)
        on = [self._clause(term) for term in terms(join.args.get("on"))]
        on += [self._clause(column) for column in join.args.get("using") or ()]
        return Source(name.casefold(), how, tuple(on), shape, self._said(join).strip(", "))

    def _others(self, query: exp.Expr, outputs: dict[str, Clause]) -> Iterator[tuple[str, Clause]]:
        """Clauses that are compared as a whole. What they say of columns of the result, by place or
        by name, is compared by what these columns are.
        """
        for clause, called in _OTHERS.items():
            node = query.args.get(clause)
            if isinstance(node, list):
                if node:
                    items = [self._clause(item) for item in node]
                    yield called, Clause(_keys(items), query, ", ".join(it.said for it in items))
            elif clause == "distinct" and (node is True or (node and not node.args.get("on"))):
                if outputs:  # not of a UNION, which says it by its name
                    said = f"SELECT DISTINCT {', '.join(outputs)}"
                    yield called, Clause(_keys(outputs.values()), query, said)
            elif clause == "group" and node and node.args.get("all"):
                plain = {name: it for name, it in outputs.items() if not _aggregates(it.node)}
                said = f"GROUP BY ALL: {', '.join(plain)}"
                yield called, Clause(_keys(plain.values()), node, said)
            elif isinstance(node, exp.Expr):
                resolved, places = _resolve(node, outputs)
                yield called, Clause(text(resolved), node, self._said(node), places)

    def _clause(self, node: exp.Expr) -> Clause:
        return Clause(text(node), node, self._said(node))


def part_label(label: str, number: int) -> str:
    """What one of several SELECTs is called that a UNION or the like combines."""
    return f"part {number} of {label or THE_QUERY}"


def _has_more(query: exp.SetOperation) -> bool:
    """Whether it is in brackets of its own: it orders or limits its rows."""
    return any(query.args.get(clause) for clause in ("order", "limit", "offset", "with_"))


def _operator(query: exp.SetOperation) -> str:
    words = [type(query).__name__.upper(), "" if query.args.get("distinct") else "ALL"]
    return " ".join(filter(None, [*words, "BY NAME" if query.args.get("by_name") else ""]))


def _aggregates(node: exp.Expr) -> bool:
    """Whether it makes one value of many rows, as a window does not."""
    for found in node.find_all(exp.AggFunc, exp.Anonymous):
        if isinstance(found, exp.Anonymous) and found.name.casefold() not in AGGREGATES:
            continue
        around = found.parent
        while isinstance(around, _MODIFIERS):
            around = around.parent
        own = found.parent_select is node.parent_select  # not that of a subquery
        if own and not isinstance(around, exp.Window):
            return True
    return False


def _keys(clauses: Iterable[Clause]) -> str:
    return ", ".join(clause.key for clause in clauses)


def _resolve(node: exp.Expr, outputs: dict[str, Clause]) -> tuple[exp.Expr, str]:
    """A copy of GROUP BY or ORDER BY, with the columns of the result as the SELECT makes them; and
    the names of those that are called by their place.
    """
    if not isinstance(node, exp.Group | exp.Order) or not outputs:
        return node, ""
    copied, names = node.copy(), dict(enumerate(outputs, 1))
    places: list[str] = []
    for term in copied.expressions:
        inner = term.this if isinstance(term, exp.Ordered) else term
        name: str | None = None
        if isinstance(inner, exp.Column) and not inner.table:
            name = inner.name
        elif isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdecimal():
            name = names.get(int(inner.name))
            places += [name] if name else []
        if name in outputs:
            inner.replace(outputs[name].node.copy())
    return copied, ", ".join(places)
