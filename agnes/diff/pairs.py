"""Which of the definitions that are gone and those that are new are one and the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agnes.load.document import Document
from agnes.model.metric import Metric
from agnes.model.table import Table
from agnes.sql.canonical import canonical

Key = tuple[str, str]
"""A definition's kind and id."""
SIMILAR = 0.5
"""How much of their lines two files share for one to be the other renamed, as git has it."""
COPIED = 0.75


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
    def model(self) -> Metric | Table | None:
        """What it says; of a metric with mistakes, what is said without them."""
        value = self.document.value or self.document.rest
        return value if isinstance(value, Metric | Table) else None


def renames(gone: Mapping[Key, Version], come: Mapping[Key, Version]) -> dict[Key, Key]:
    """New definitions that are old ones under another id: by what the old one says replaces it, by
    equal content, by equal SQL, and by how many lines they share.

    Returns:
        New key to old key.
    """
    found: dict[Key, Key] = {}
    for score in (_replaced, _equal, _same_query, _shared_lines):
        left = {key: version for key, version in gone.items() if key not in found.values()}
        offers = [
            (value, old, new)
            for new, after in come.items()
            if new not in found
            for old, before in left.items()
            if old[0] == new[0] and (value := score(before, after, new[1])) >= SIMILAR
        ]
        for _, old, new in sorted(offers, key=lambda offer: (-offer[0], offer[1], offer[2])):
            if new not in found and old not in found.values():
                found[new] = old
    return found


def copied_from(version: Version, others: Iterable[tuple[Key, bytes]]) -> Key | None:
    """The definition that a new one is a copy of, if it is one.

    Args:
        others: definitions that were there before, and their files' content.
    """
    scored = [(_shared(content, version.content), key) for key, content in others]
    best, key = max(scored, default=(0.0, None))
    return key if best >= COPIED else None


def _replaced(old: Version, _new: Version, new_id: str) -> float:
    return float(isinstance(old.model, Metric) and old.model.replaced_by == new_id)


def _equal(old: Version, new: Version, _new_id: str) -> float:
    return float(old.blob == new.blob)


def _same_query(old: Version, new: Version, _new_id: str) -> float:
    if not isinstance(old.model, Metric) or not isinstance(new.model, Metric):
        return 0.0
    form = canonical(old.model.sql)
    if form is None or form != canonical(new.model.sql):
        return 0.0
    return SIMILAR + _shared(old.content, new.content) / 2


def _shared_lines(old: Version, new: Version, _new_id: str) -> float:
    return _shared(old.content, new.content)


def _shared(one: bytes, other: bytes) -> float:
    """The share of lines that two files have in common, between 0 and 1."""
    lines = [Counter(filter(None, map(bytes.strip, text.splitlines()))) for text in (one, other)]
    every = sum(map(Counter.total, lines))
    return 2 * (lines[0] & lines[1]).total() / every if every else 0.0
