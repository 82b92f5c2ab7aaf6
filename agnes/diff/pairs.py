"""Which of the definitions that are gone and those that are new are one and the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agnes.diff.data import Model
from agnes.load.document import Document
from agnes.model.layout import INDEX, SETTINGS, Slot
from agnes.model.metric import Metric
from agnes.sql.canonical import canonical

Key = tuple[str, str]
"""A definition's kind and id."""
SIMILAR = 0.5
"""How much of their lines two files share for one to be the other renamed, as git has it."""
COPIED = 0.75
_MOST_PAIRS = 250_000
"""Of more than these, git too compares no lines."""
_MOST_TEXTS = 4_096
"""So many are remembered as taken apart: each is compared with many others."""


@dataclass(frozen=True)
class Version:
    """One version of a definition's file.

    Args:
        blob: the content's id.
    """

    document: Document
    blob: str
    content: bytes

    @property
    def path(self) -> str:
        """The file."""
        return self.document.slot.path

    @property
    def key(self) -> Key:
        """What it defines."""
        return key_of(self.document.slot)

    @property
    def is_whole(self) -> bool:
        """Whether it has no mistakes."""
        return self.document.value is not None

    @property
    def model(self) -> Model | None:
        """What it says; of a metric with mistakes, what is said without them."""
        return self.document.value or self.document.rest


def key_of(slot: Slot) -> Key:
    """What a file defines; the catalog's own two are what they are under either ending."""
    return slot.kind, slot.id or {"index": INDEX}.get(slot.kind, SETTINGS)


def renames(gone: Mapping[Key, Version], come: Mapping[Key, Version]) -> dict[Key, Key]:
    """New definitions that are old ones under another id: by what the old one says replaces it, by
    equal content, by equal SQL, and by how many lines they share.

    Returns:
        New key to old key.
    """
    found: dict[Key, Key] = {}
    gone, come = dict(gone), dict(come)
    for score in (_replaced, _equal, _same_query, _shared_lines):
        if score is _shared_lines and len(gone) * len(come) > _MOST_PAIRS:
            break
        offers = [
            (value, old, new)
            for new, after in come.items()
            for old, before in gone.items()
            if old[0] == new[0] and (value := score(before, after, new[1])) >= SIMILAR
        ]
        for _, old, new in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
            if new in come and old in gone:
                found[new] = old
                del come[new], gone[old]
    return found


def copied_from(version: Version, others: Iterable[tuple[Key, bytes]]) -> Key | None:
    """The definition that a new one is a copy of, if it is one.

    Args:
        others: definitions that were there before, and their files' content.
    """
    best: tuple[float, Key | None] = (0.0, None)
    for key, content in others:
        if (share := _shared(content, version.content)) > best[0]:
            best = share, key
    return best[1] if best[0] >= COPIED else None


def _replaced(old: Version, _new: Version, new_id: str) -> float:
    return float(isinstance(old.model, Metric) and old.model.replaced_by == new_id)


def _equal(old: Version, new: Version, _new_id: str) -> float:
    return float(old.blob == new.blob)


def _same_query(old: Version, new: Version, _new_id: str) -> float:
    if not isinstance(old.model, Metric) or not isinstance(new.model, Metric):
        return 0.0
    form = _form(old.model.sql)
    if form is None or form != _form(new.model.sql):
        return 0.0
    return SIMILAR + _shared(old.content, new.content) / 2


def _shared_lines(old: Version, new: Version, _new_id: str) -> float:
    return _shared(old.content, new.content)


def _shared(one: bytes, other: bytes) -> float:
    """The share of lines that two files have in common, between 0 and 1."""
    lines = _lines(one), _lines(other)
    every = sum(map(Counter.total, lines))
    return 2 * (lines[0] & lines[1]).total() / every if every else 0.0


@lru_cache(_MOST_TEXTS)
def _lines(content: bytes) -> Counter[bytes]:
    return Counter(filter(None, map(bytes.strip, content.splitlines())))


@lru_cache(_MOST_TEXTS)
def _form(sql: str) -> str | None:
    return canonical(sql)
