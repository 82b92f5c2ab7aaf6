"""What two changes of the same data say together: key by key, item by item.

Mappings and lists are merged alike: a list is taken for a mapping whose keys are what makes its
items the same ones. Nothing is decided about text here; see `weave`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from agnes.merge.entries import Entries, keyed, order, reworded
from agnes.model.metric import VARIANT

Side = Literal["ours", "theirs"]


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
"""In the place of a value: there is none."""


class CannotMergeError(Exception):
    """There are no entries to merge on one side."""


@dataclass(frozen=True)
class Take:
    """A value that is settled: one side's. MISSING where it is settled that there is none."""

    side: Side
    value: Any


@dataclass(frozen=True)
class Clash:
    """Two values that exclude each other; MISSING on a side that deleted what the other changed."""

    ours: Any
    theirs: Any


@dataclass(frozen=True)
class Parts:
    """A mapping or a list of which each entry is settled by itself.

    Args:
        listed: whether it is a list; the keys are then what identifies its items.
        base: the entries of the common ancestor, in its order; so `ours` and `theirs`.
        nodes: the entries of the result, in its order.
    """

    listed: bool
    base: Entries
    ours: Entries
    theirs: Entries
    nodes: Mapping[Hashable, Node]


Node = Take | Clash | Parts


def merge_data(base: Any, ours: Any, theirs: Any) -> Parts:
    """Merge three versions of a file's data, as `agnes.yaml.loader.load` reads it.

    Raises:
        CannotMergeError: ours and theirs are not both a mapping, nor both a list.
    """
    merged = _merge((), base, ours, theirs)
    if not isinstance(merged, Parts):
        raise CannotMergeError("it holds no keys on both sides")
    return merged


def said(node: Node, side: Side) -> Any:
    """What is said where each clash is decided for one side."""
    match node:
        case Take(value=value):
            return value
        case Clash():
            return node.ours if side == "ours" else node.theirs
        case Parts():
            values = {key: said(inner, side) for key, inner in node.nodes.items()}
            kept = {key: value for key, value in values.items() if value is not MISSING}
            return list(kept.values()) if node.listed else kept


def clashes(node: Node, path: tuple[Hashable, ...] = ()) -> Iterator[str]:
    """The fields with a clash: `sql`, `columns.email.description`; a list's items by its own."""
    if isinstance(node, Clash):
        yield ".".join(str(part) for part in path if isinstance(part, str)) or "the file"
    elif isinstance(node, Parts):
        for key, inner in node.nodes.items():
            yield from clashes(inner, (*path, key))


def alike(one: Any, other: Any) -> bool:
    """Whether data is equal, also in how it is spelled: 1.10 is neither 1.1 nor "1.10"."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(alike, one, other))
        case _:
            return type(one) is type(other) and bool(one == other)


def _merge(path: tuple[Hashable, ...], base: Any, ours: Any, theirs: Any) -> Node:
    for kind in (dict, list):
        if isinstance(ours, kind) and isinstance(theirs, kind):
            return _merge_parts(path, base if isinstance(base, kind) else kind(), ours, theirs)
    if alike(ours, theirs) or alike(theirs, base):
        return Take("ours", ours)
    if alike(ours, base):
        return Take("theirs", theirs)
    if _is_query(path):
        # Layout is no change; of two spellings of one meaning, ours stays.
        if _same_meaning(path, theirs, base) or _same_meaning(path, ours, theirs):
            return Take("ours", ours)
        if _same_meaning(path, ours, base):
            return Take("theirs", theirs)
    return Clash(ours, theirs)


def _merge_parts(path: tuple[Hashable, ...], base: Any, ours: Any, theirs: Any) -> Parts:
    listed = isinstance(ours, list)
    if listed:
        base, mine, yours = (keyed(items) for items in (base, ours, theirs))
        ours, theirs = reworded(base, mine, yours), reworded(base, yours, mine)
    versions = (base, ours, theirs)
    nodes = {
        key: _merge((*path, key), *(version.get(key, MISSING) for version in versions))
        for key in order(*versions)
    }
    kept = {
        key: node
        for key, node in nodes.items()
        if not (isinstance(node, Take) and node.value is MISSING)
    }
    return Parts(listed, base, ours, theirs, kept)


def _is_query(path: tuple[Hashable, ...]) -> bool:
    fields = [part for part in path if isinstance(part, str)]
    return len(fields) == 1 and (
        fields[0] in ("sql", "expression") or fields[0].startswith(VARIANT)
    )


def _same_meaning(path: tuple[Hashable, ...], one: Any, other: Any) -> bool:
    from agnes.sql.canonical import same_meaning

    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    before = "SELECT " if path[-1] == "expression" else ""
    return same_meaning(before + one, before + other)
