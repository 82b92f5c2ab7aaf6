"""What a question says: its words, the terms that may stand for each, and how much each tells."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from agnes.search.text import LIGHT_WORDS, content_words, stem
from agnes.search.thesaurus import thesaurus

LIGHT = 0.5
"""How much a light word counts, beside others."""
UNKNOWN = 0.8
"""How much a word counts that no metric has: what it asks for is missing."""
MAX_WORDS = 32
LONGEST_RELATIVE = 3
"""Words of the longest phrase that the thesaurus is asked for."""


class Rows(Protocol):
    """What ranking needs of a snapshot."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run a query."""


@dataclass
class Token:
    """A word of the question, and the terms that may stand for it: term to (quality, how)."""

    word: str
    term: str
    alternatives: dict[str, tuple[float, str]] = field(default_factory=dict)
    weight: float = 0.0

    def offer(self, term: str, quality: float, how: str) -> None:
        """Let `term` stand for the word, unless it does so better already."""
        if quality > self.alternatives.get(term, (0.0, ""))[0]:
            self.alternatives[term] = (quality, how)

    @property
    def correction(self) -> str:
        """The term that a misspelt word most likely is; its own if it is none."""
        fixes = [
            (quality, term)
            for term, (quality, how) in self.alternatives.items()
            if how.startswith("read as")
        ]
        return max(fixes)[1] if fixes else self.term


def read_question(query: str) -> list[Token]:
    """The words of content of a question, as typed."""
    return [Token(word, stem(word)) for word in content_words(query)[:MAX_WORDS]]


def understand(snapshot: Rows, tokens: list[Token]) -> None:
    """Offer each word the terms that may stand for it in a snapshot, and weigh it."""
    _weigh(snapshot, tokens, _find_alternatives(snapshot, tokens))


def _find_alternatives(snapshot: Rows, tokens: list[Token]) -> dict[str, int]:
    """Offer each token the terms that may stand for it; return how many metrics have each term."""
    for token in tokens:
        token.offer(token.term, 1.0, "")
    _offer_related(tokens)
    splits = _offer_compounds(tokens)
    frequency = _frequency(snapshot, {term for token in tokens for term in token.alternatives})
    related = thesaurus().related
    for token in tokens:
        parts = splits.get(token.word, [])
        known = frequency.get(token.term) or token.term in related
        if not known and not any(frequency.get(part, 0) for part in parts):
            _offer_corrections(snapshot, token)
    new = {term for token in tokens for term in token.alternatives} - frequency.keys()
    return frequency | _frequency(snapshot, new)


def _offer_related(tokens: list[Token]) -> None:
    related = thesaurus().related
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + LONGEST_RELATIVE, len(tokens)) + 1):
            span = tokens[start:end]
            for term, quality in related.get(" ".join(item.term for item in span), {}).items():
                for token in span:
                    token.offer(term, quality, "related")


def _offer_compounds(tokens: list[Token]) -> dict[str, list[str]]:
    """Offer `log in` the term of `login`, and `runrate` those of `run rate`."""
    for left, right in pairwise(tokens):
        joined = stem(left.word + right.word)
        for token in (left, right):
            token.offer(joined, 0.9, "compound")
    splits: dict[str, list[str]] = {}
    for token in tokens:
        if len(token.word) < 6 or not token.word.isalpha():
            continue
        for at in range(3, len(token.word) - 2):
            for part in (stem(token.word[:at]), stem(token.word[at:])):
                splits.setdefault(token.word, []).append(part)
    return splits


def _offer_corrections(snapshot: Rows, token: Token) -> None:
    """Offer an unknown word the words that it may be a typo, a beginning or a form of."""
    length = len(token.word)
    if length < 4 or not token.word.isalpha():
        return
    distance = 1 if length < 6 else 2
    candidates = snapshot.rows(
        "WITH vocabulary AS (SELECT DISTINCT word FROM search_terms UNION SELECT unnest($2)) "
        "SELECT word, damerau_levenshtein(word, $1) AS distance, "
        "list_sort(string_split(word, '')) = list_sort(string_split($1, '')) AS anagram, "
        "starts_with(word, $1) OR (starts_with($1, word) AND length(word) >= 4) AS prefix "
        "FROM vocabulary WHERE length(word) >= 3 AND (prefix "
        "OR (abs(length(word) - length($1)) <= $3 AND distance <= $3 "
        "    AND (anagram OR word[1] = $1[1] OR (distance <= 1 AND length($1) >= 6)) "
        "    AND (anagram OR distance <= 1 OR length($1) >= 7))) "
        "ORDER BY distance, word",
        [token.word, sorted(thesaurus().words), distance],
    )
    near = [row for row in candidates if row["distance"] <= distance]
    nearest = min((row["distance"] for row in near), default=0)
    chosen = [
        (row["word"], 0.9 if nearest == 1 else 0.75) for row in near if row["distance"] == nearest
    ]
    if not chosen:
        chosen = [(row["word"], 0.6) for row in candidates if row["prefix"]]
    related = thesaurus().related
    for word, quality in chosen[:5]:
        how = f"read as “{word}”"
        token.offer(stem(word), quality, how)
        for term, value in related.get(stem(word), {}).items():
            token.offer(term, quality * value, how)


def _frequency(snapshot: Rows, terms: Collection[str]) -> dict[str, int]:
    if not terms:
        return {}
    rows = snapshot.rows(
        "SELECT term, count(*) AS metrics FROM search_terms "
        "WHERE term IN (SELECT unnest($1)) GROUP BY term",
        [sorted(terms)],
    )
    return {row["term"]: row["metrics"] for row in rows}


def _weigh(snapshot: Rows, tokens: list[Token], frequency: dict[str, int]) -> None:
    """Give each token the weight of what it says: how few metrics it leaves, lightly for filler."""
    total = snapshot.rows("SELECT count(*) AS metrics FROM metric_definitions")[0]["metrics"]
    most = math.log(1 + (total + 0.5) / 1.5)
    for token in tokens:
        counts = [frequency[term] for term in token.alternatives if frequency.get(term)]
        own = frequency.get(token.term)
        count = own or (min(counts) if counts else 0)
        if not count:
            token.weight = UNKNOWN
        else:
            rarity = math.log(1 + (total - count + 0.5) / (count + 0.5)) / most
            token.weight = 0.25 + 0.75 * min(1.0, rarity)
        if token.word in LIGHT_WORDS:
            token.weight *= LIGHT
