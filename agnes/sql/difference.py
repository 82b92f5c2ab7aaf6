"""What moved between two queries, in words, with what was said before and is said now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import SqlglotError

from agnes.sql.canonical import UnreadableSqlError, canonical_tree, read, text
from agnes.sql.clauses import Clause, Part, Source, part_label, take_apart
from agnes.sql.fragment import Fragments
from agnes.sql.outputs import Difference, Kind, compare_outputs
from agnes.sql.query import Query

__all__ = ["Difference", "Kind", "differences"]
_ALIKE = 0.6
"""How much two terms must have in common for one to be an altered other."""


def differences(old: str, new: str) -> list[Difference]:
    """Compare two queries by their meaning.

    Args:
        old, new: one SELECT each, in DuckDB's dialect; others are compared as texts.

    Returns:
        Nothing for equal texts; one difference of kind `writing` when they mean the same.
    """
    if old == new:
        return []
    if old.strip() == new.strip():
        return [Difference("writing", "blank space", None, None)]
    try:
        if _form(old) == _form(new):
            return [Difference("writing", "written differently, the same query", None, None)]
        # Where a table has another name, what refers to it says the same as before.
        found = [it for it in _compare(old, new) if it.old != it.new]
    except (UnreadableSqlError, SqlglotError, RecursionError):
        which = [it for it, sql in (("old", old), ("new", new)) if not _is_read(sql)]
        what = f"compared as text: the {' and the '.join(which) or 'old or the new'} query"
        return [Difference("logic", f"{what} cannot be read as SQL", old, new)]
    return found or [Difference("logic", "the query changed", old, new)]


def _is_read(sql: str) -> bool:
    try:
        read(sql)
    except UnreadableSqlError:
        return False
    return True


# A history compares each version twice: with the one before, and with the one after it.
_kept = lru_cache(maxsize=64)
_read = _kept(read)


@_kept
def _tree(sql: str, ctes: tuple[tuple[str, str], ...] = ()) -> exp.Query:
    return canonical_tree(_read(sql), dict(ctes))


@_kept
def _form(sql: str) -> str:
    return text(_tree(sql))


@_kept
def _parts(sql: str, ctes: tuple[tuple[str, str], ...]) -> Mapping[str, Part]:
    return take_apart(_tree(sql, ctes), Fragments(_read(sql)))


def _compare(old: str, new: str) -> Iterator[Difference]:
    names = _pair_ctes(_read(old), _read(new))
    before, after = (
        dict(_parts(sql, tuple(known.items())))
        for sql, known in zip((old, new), names, strict=True)
    )
    _align(before, after)
    _align(after, before)
    for label in dict.fromkeys([*before, *after]):
        there = f" in {label}" if label else ""
        if label not in before:
            yield Difference("logic", f"{label} added", None, after[label].said)
        elif label not in after:
            yield Difference("logic", f"{label} removed", before[label].said, None)
        else:
            yield from _compare_parts(before[label], after[label], there)


def _align(some: dict[str, Part], others: dict[str, Part]) -> None:
    """Where there is a UNION now, what was there alone before is the first of what it combines."""
    for label, part in list(some.items()):
        if label in others and others[label].combines and not part.combines:
            some[label] = Part(label)
            some[part_label(label, 1)] = part


def _pair_ctes(old: Query, new: Query) -> tuple[dict[str, str], dict[str, str]]:
    """What to call the CTEs of both sides: those that are one another's by name, else by place."""
    sides = [
        [cte.alias.casefold() for cte in query.tree.find_all(exp.CTE, bfs=False)]
        for query in (old, new)
    ]
    alone = [[name for name in side if name not in other] for side, other in (sides, sides[::-1])]
    renamed = dict(zip(*alone, strict=False)) if len(alone[0]) == len(alone[1]) else {}
    return {name: renamed.get(name, name) for name in sides[0]}, {name: name for name in sides[1]}


def _compare_parts(old: Part, new: Part, there: str) -> Iterator[Difference]:
    yield from _compare_sources(old.sources, new.sources, there)
    for called in dict.fromkeys([*old.filters, *new.filters]):
        sides = old.filters.get(called, []), new.filters.get(called, [])
        yield from _compare_terms(called, *sides, there)
    yield from compare_outputs(old, new, there)
    for called in dict.fromkeys([*old.others, *new.others]):
        before, after = old.others.get(called), new.others.get(called)
        if (before and before.key) != (after and after.key):
            what = f"{called} {_verb(before, after)}{there}"
            fragments = [it.said if it else None for it in (before, after)]
            if before and after and before.said == after.said:
                fragments = [f"{it.said}: {it.places}" for it in (before, after)]
            yield Difference("logic", what, *fragments)
    if old.is_one_row != new.is_one_row and "grouping" not in {*old.others, *new.others}:
        rows = [
            "one row for all that is read" if it.is_one_row else "a row for each that is read"
            for it in (old, new)
        ]
        yield Difference("logic", f"grouping changed{there}", *rows)


def _compare_sources(
    old: Sequence[Source], new: Sequence[Source], there: str
) -> Iterator[Difference]:
    left, right = _unpaired(old, new)
    if not left and not right and [it.name for it in old] != [it.name for it in new]:
        shown = [", ".join(source.name for source in side) for side in (old, new)]
        yield Difference("logic", f"order of joins changed{there}", *shown)
    while left and right and len(left) == len(right):
        before, after = left.pop(0), right.pop(0)
        what = f"source table changed{there}"
        yield Difference("logic", what, before.said, after.said)
    for source in left:
        what = "source removed" if source.join is None else "join removed"
        yield Difference("logic", f"{what}{there}", source.said, None)
    for source in right:
        what = "source added" if source.join is None else "join added"
        yield Difference("logic", f"{what}{there}", None, source.said)
    for before, after in _paired(old, new):
        if before.shape != after.shape:
            what = f"source {after.name} changed{there}"
            yield Difference("logic", what, before.said, after.said)
        if before.join != after.join:
            if before.join and after.join:
                what = f"join kind changed for {after.name}{there}"
                yield Difference("logic", what, before.said, after.said)
        elif {it.key for it in before.on} != {it.key for it in after.on}:
            what = f"condition of the join with {after.name}"
            yield from _compare_terms(what, before.on, after.on, there)


def _paired(old: Sequence[Source], new: Sequence[Source]) -> Iterator[tuple[Source, Source]]:
    left = list(new)
    for source in old:
        found = next((other for other in left if other.name == source.name), None)
        if found:
            left.remove(found)
            yield source, found


def _unpaired(old: Sequence[Source], new: Sequence[Source]) -> tuple[list[Source], list[Source]]:
    pairs = list(_paired(old, new))
    known = {id(source) for pair in pairs for source in pair}
    return [it for it in old if id(it) not in known], [it for it in new if id(it) not in known]


def _compare_terms(
    called: str, old: Sequence[Clause], new: Sequence[Clause], there: str
) -> Iterator[Difference]:
    gone, come = _left_over(old, new), _left_over(new, old)
    for before in list(gone):
        after = max(come, key=lambda term: _alike(before, term), default=None)
        if after is not None and _alike(before, after) >= _ALIKE:
            gone.remove(before)
            come.remove(after)
            yield Difference("logic", f"{called} altered{there}", before.said, after.said)
    for before in gone:
        yield Difference("logic", f"{called} removed{there}", before.said, None)
    for after in come:
        yield Difference("logic", f"{called} added{there}", None, after.said)


def _left_over(some: Sequence[Clause], others: Sequence[Clause]) -> list[Clause]:
    known = [other.key for other in others]
    left = []
    for term in some:
        if term.key in known:
            known.remove(term.key)
        else:
            left.append(term)
    return left


def _alike(one: Clause, other: Clause) -> float:
    columns = [{it.name for it in term.node.find_all(exp.Column)} for term in (one, other)]
    if columns[0] and columns[0] == columns[1]:
        return 1.0 + SequenceMatcher(None, one.key[:500], other.key[:500]).ratio()
    return SequenceMatcher(None, one.key[:500], other.key[:500]).ratio()


def _verb(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
