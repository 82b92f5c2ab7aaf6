"""The built-in thesaurus: words that people in business use for one another.

thesaurus.txt explains its format at its top; it is general, and knows no catalog.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agnes.search.text import content_words, key, stem

SAME, MEANT, NEAR = 0.75, 0.6, 0.35
"""How well a word of the same line, one before `<-`, and one before `~` stand for another."""
PART = 0.5
"""How much a single word of a phrase says of it."""


@dataclass(frozen=True)
class Thesaurus:
    """What words stand for.

    Args:
        related: the key of a word or phrase to the stems it may stand for and how well.
        abbreviations: the stem of an abbreviation to its words.
        words: every single word that the thesaurus knows.
    """

    related: dict[str, dict[str, float]]
    abbreviations: dict[str, str]
    words: frozenset[str]


@cache
def thesaurus() -> Thesaurus:
    """Read the built-in thesaurus."""
    related: dict[str, dict[str, float]] = {}
    abbreviations: dict[str, str] = {}
    known: set[str] = set()
    text = (files("agnes.search") / "thesaurus.txt").read_text(encoding="utf-8")
    for written in text.splitlines():
        line = written.partition("#")[0].strip()
        if not line or line.startswith("="):
            continue
        short, is_abbreviation, long = line.partition(" = ")
        if is_abbreviation:
            abbreviations[stem(short)] = long
            known.update(content_words(long))
            continue
        others, _, near = line.partition("~")
        same, _, meant = others.partition("<-")
        members = _phrases(same)
        for quality, sources in ((SAME, members), (MEANT, _phrases(meant)), (NEAR, _phrases(near))):
            for source in sources:
                known.update(content_words(source))
                targets = related.setdefault(key(source), {})
                for member in members:
                    if member == source:
                        continue
                    terms = key(member).split()
                    for term in terms:
                        value = quality if len(terms) == 1 else quality * PART
                        targets[term] = max(targets.get(term, 0.0), value)
    for source, targets in related.items():
        targets.pop(source, None)
    return Thesaurus(related, abbreviations, frozenset(known))


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split(",") if phrase.strip()]
