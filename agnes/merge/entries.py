"""The entries of a mapping or a list: what makes each the same one, and in which order they go."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

Entries = dict[Any, Any]
"""Keys, or what identifies the items of a list, to values; in order."""

_PROSE = 4
"""Words from which on an item is a sentence, which may be reworded, and no name."""
_MAX_COMPARED = 10_000


def keyed(items: Iterable[Any]) -> Entries:
    """The items of a list by what makes each the same one after a change, the second of two so."""
    entries: Entries = {}
    seen: dict[Hashable, int] = {}
    for item in items:
        identity = _identity(item)
        seen[identity] = seen.get(identity, 0) + 1
        entries[*identity, seen[identity]] = item
    return entries


def _identity(item: Any) -> tuple[str, Hashable]:
    if isinstance(item, dict):
        for key in ("id", "folder", "name"):
            if key in item:
                return "mapping", str(item[key])
    scalar = item is None or isinstance(item, str)
    return type(item).__name__, item if scalar else repr(item)


def reworded(base: Entries, side: Entries, other: Entries) -> Entries:
    """The side's items, each sentence that was reworded under the key that it had before."""
    gone = {key: words for key in base if key not in side and (words := _words(base[key]))}
    new = {
        key: words
        for key in side
        if key not in base and key not in other and (words := _words(side[key]))
    }
    if not gone or len(gone) * len(new) > _MAX_COMPARED:
        return side
    renamed: dict[Hashable, Hashable] = {}
    for key, words in new.items():
        near = max(gone, key=lambda old: _nearness(gone[old], words), default=None)
        if near is not None and _nearness(gone[near], words) > 0.5:
            renamed[key] = near
            del gone[near]
    return {renamed.get(key, key): value for key, value in side.items()}


def _words(item: Any) -> frozenset[str]:
    words = item.split() if isinstance(item, str) else []
    return frozenset(words) if len(words) >= _PROSE else frozenset()


def _nearness(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))


def order(base: Entries, ours: Entries, theirs: Entries) -> list[Any]:
    """All keys: in the order of ours, or of theirs where they alone moved any.

    What only the other has comes behind its neighbor there, after what was added at that place.
    """
    moved = not _in_order_of(base, theirs) and _in_order_of(base, ours)
    lead, other = (theirs, ours) if moved else (ours, theirs)
    behind: dict[Hashable, list[Hashable]] = {None: []}
    neighbor: Hashable = None
    for key in other:
        if key in lead:
            neighbor = key
            behind[key] = []
        else:
            behind[neighbor].append(key)
    ordered: list[Hashable] = []
    waiting = behind[None]
    for key in lead:
        if key in other or key in base:
            ordered += waiting
            waiting = behind.get(key, [])
        ordered.append(key)
    return ordered + waiting


def _in_order_of(base: Entries, side: Entries) -> bool:
    return [key for key in base if key in side] == [key for key in side if key in base]


def union(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """Lines of which each side added and deleted some: all additions, without any deletion."""
    old, mine, yours = (keyed(lines) for lines in (base, ours, theirs))
    return [
        key[1]
        for key in order(old, mine, yours)
        if key not in old or (key in mine and key in yours)
    ]
