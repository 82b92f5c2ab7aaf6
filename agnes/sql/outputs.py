"""The columns that come out of two SELECTs: what became of each, and how it is calculated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from agnes.sql.canonical import text
from agnes.sql.clauses import Clause, Part

Kind = Literal["writing", "logic", "output added", "output gone"]


@dataclass(frozen=True)
class Difference:
    """One thing that moved.

    Args:
        kind: `writing`, nothing but how it is written; `logic`, what rows and values come out;
            `output added`, a column more; `output gone`, a column renamed, retyped or removed.
        what: in words: `filter added`, `aggregate changed in mrr`.
        old, new: the fragment before and after, None where there is none.
    """

    kind: Kind
    what: str
    old: str | None
    new: str | None


def compare_outputs(old: Part, new: Part, there: str) -> Iterator[Difference]:
    """What became of the columns of a SELECT.

    Args:
        there: where it stands; "" for the query itself, on whose columns others rely.
    """
    gone = {name: it for name, it in old.outputs.items() if name not in new.outputs}
    come = {name: it for name, it in new.outputs.items() if name not in old.outputs}
    whole = not there  # what comes out of the query, not of a part of it
    lost: Kind = "output gone" if whole else "logic"
    column = "output column" if whole else "column"
    for name, before in list(gone.items()):
        after = next((other for other, it in come.items() if it.key == before.key), None)
        if after is not None:
            del gone[name], come[after]
            yield Difference(lost, f"{column} renamed{there}", name, after)
    for name, before in gone.items():
        yield Difference(lost, f"{column} removed{there}", _named(before, name), None)
    for name, now in come.items():
        kind: Kind = "output added" if whole and not now.multiplies else "logic"
        yield Difference(kind, f"{column} added{there}", None, _named(now, name))
    for name, before in old.outputs.items():
        now_ = new.outputs.get(name)
        if now_ is not None and before.key != now_.key:
            yield _changed_output(name, before, now_, lost, there)
    names = [
        [name for name in side.outputs if name in other.outputs]
        for side, other in ((old, new), (new, old))
    ]
    if names[0] != names[1]:
        shown = [", ".join(side) for side in names]
        yield Difference("logic", f"order of the columns changed{there}", *shown)


def _changed_output(name: str, old: Clause, new: Clause, lost: Kind, there: str) -> Difference:
    bare = [it.node.this if isinstance(it.node, exp.Cast) else it.node for it in (old, new)]
    if text(bare[0]) == text(bare[1]):
        column = "output column" if lost == "output gone" else "column"
        return Difference(lost, f"{column} {name} retyped{there}", old.said, new.said)
    for kind, called in ((exp.Window, "window"), (exp.AggFunc, "aggregate")):
        parts = [sorted(_shape(part) for part in it.node.find_all(kind)) for it in (old, new)]
        if parts[0] != parts[1]:
            return Difference("logic", f"{called} changed in {name}{there}", old.said, new.said)
    called = "source column" if _mould(old) == _mould(new) else "calculation"
    return Difference("logic", f"{called} changed in {name}{there}", old.said, new.said)


def _named(clause: Clause, name: str) -> str:
    return clause.said if name in (clause.said, clause.node.name) else f"{clause.said} AS {name}"


def _mould(clause: Clause) -> str:
    """What is calculated, whatever it is calculated of."""
    copied = exp.Tuple(expressions=[clause.node.copy()])
    for column in list(copied.find_all(exp.Column)):
        column.replace(exp.Placeholder())
    return text(copied)


def _shape(part: exp.Expr) -> str:
    """What tells one window or aggregate from another: not the columns that it is given."""
    if isinstance(part, exp.Window):
        return text(part)
    distinct = isinstance(part.this, exp.Distinct)
    filtered = text(part.parent.expression) if isinstance(part.parent, exp.Filter) else ""
    name = part.name if isinstance(part, exp.Anonymous) else type(part).__name__
    return f"{name} {distinct} {filtered}"
