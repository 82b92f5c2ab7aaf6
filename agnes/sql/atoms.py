"""The clauses of a query one by one, so that each can be followed through the query's versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from agnes.sql.canonical import UnreadableSqlError, canonical_tree, read
from agnes.sql.clauses import Clause, Part, Source, part_label, take_apart
from agnes.sql.fragment import Fragments
from agnes.sql.names import lower

_NOWHERE = "\0"
"""No SELECT is called so."""


@dataclass(frozen=True)
class Atom:
    """One clause, equal to those of other versions that mean the same.

    Args:
        label: the CTE or subquery that it is in, "" for the query itself.
        clause: what it is: `filter`, `column mrr`, `grouping`.
        key: its canonical text.
        number: tells clauses apart that a query has several times.
        text: it as the query says it.
    """

    label: str
    clause: str
    key: str
    number: int = 0
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Atoms:
    """The clauses of one version of a query.

    Args:
        ctes, labels: what its CTEs and its SELECTs are called here, by their own names: what those
            are called that they became in the newest version.
        combined: the labels, its own ones, of what is a UNION or the like.
    """

    items: tuple[Atom, ...]
    ctes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    combined: frozenset[str] = frozenset()


def atoms(sql: str, later: Atoms | None = None) -> Atoms:
    """Take a query apart.

    Args:
        sql: one SELECT, in DuckDB's dialect; a text that is none is one clause.
        later: the next version, if this is an earlier one.
    """
    later = later or Atoms(())
    try:
        query = read(sql)
        own = [lower(cte.alias) for cte in query.tree.find_all(exp.CTE, bfs=False)]
        # In brackets, so that no table is called so: a CTE never passes for one.
        ctes = _match({name: name for name in own}, {name: f"({name})" for name in own}, later.ctes)
        parts = take_apart(canonical_tree(query, ctes), Fragments(query))
        shown = {label: _bare(label, ctes) for label in parts}
        combined = frozenset(label for label, part in parts.items() if part.combines)
        places = {label: _place(label, combined, later) for label in parts}
        labels = _match(places, shown, later.labels)
        found = [
            replace(atom, label=labels[label])
            for label, part in parts.items()
            for atom in _part(part, ctes)
        ]
    except UnreadableSqlError:
        whole = (Atom("", "text", sql.strip(), text=sql),)
        return replace(later, items=whole)
    return Atoms(tuple(_number(found)), ctes, labels, combined)


def _place(label: str, combined: frozenset[str], later: Atoms) -> str:
    """What the next version calls a SELECT: what stood alone is the first part of a UNION later,
    and the other way round.
    """
    if label in later.combined - combined:
        return part_label(label, 1)
    alone = [it for it in combined - later.combined if it in later.labels]
    if label in alone:
        return _NOWHERE
    return next((it for it in alone if label == part_label(it, 1)), label)


def _match(
    own: Mapping[str, str], shown: Mapping[str, str], later: Mapping[str, str]
) -> dict[str, str]:
    """What to call things: as their later selves, which have their name or else their place.

    Args:
        own: their names, and what the next version would call them.
        shown: what to call those that it does not have.
        later: what the things of the next version are called, by their names.
    """
    sides = (
        [it for it in own.values() if it not in later],
        [it for it in later if it not in own.values()],
    )
    renamed = dict(zip(*sides, strict=True)) if len(sides[0]) == len(sides[1]) else {}
    found: dict[str, str] = {}
    for name, called in own.items():
        match = later.get(renamed.get(called, called))
        if match is not None and match not in found.values():
            found[name] = match
    for name in [it for it in own if it not in found]:
        called, number = shown[name], 1
        while called in found.values() or called in later.values():
            number += 1
            called = f"{shown[name]} ({number})"
        found[name] = called
    return found


def _part(part: Part, ctes: Mapping[str, str]) -> Iterator[Atom]:
    for name, clause in part.outputs.items():
        alias = "" if name.startswith("#") or clause.node.output_name == name else f" AS {name}"
        yield Atom("", f"column {name}", clause.key, text=f"{clause.said}{alias}")
    for source in part.sources:
        yield from _source(source, _bare(source.name, ctes))
    for called, terms in part.filters.items():
        yield from (_atom(called, term) for term in terms)
    yield from (_atom(called, clause) for called, clause in part.others.items())
    if part.is_one_row:
        yield Atom("", "grouping", "", text="one row for all that is read")


def _source(source: Source, name: str) -> Iterator[Atom]:
    how = source.join or "FROM"
    called = "source" if source.join is None else "join"
    yield Atom("", called, f"{how} {source.name} {source.shape}", text=f"{how} {name}")
    for term in source.on:
        yield _atom(f"condition of the join with {name}", term)


def _bare(text: str, ctes: Mapping[str, str]) -> str:
    """A label, or a source's name, with CTEs as they are called by people."""
    for name in ctes.values():
        if name in text:
            return text.replace(name, name[1:].replace(")", "", 1))
    return text


def _atom(called: str, clause: Clause) -> Atom:
    return Atom("", called, clause.key, text=clause.said)


def _number(found: Iterable[Atom]) -> Iterator[Atom]:
    seen: Counter[Atom] = Counter()
    for atom in found:
        yield replace(atom, number=seen[atom])
        seen[atom] += 1
