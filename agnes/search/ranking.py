"""Ranking the metrics of a snapshot by what a question says.

A metric that is called what the question says comes first. The others are ranked by how much of the
question they cover: each word counts as much as it tells metrics apart, and matches as well as the
field says in which it stands, literally or through a typo, a compound or the thesaurus. Below
`FLOOR` nothing fits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from agnes.search.text import LIGHT_WORDS, STOP_WORDS, content_words, stem, words
from agnes.search.thesaurus import thesaurus

FLOOR = 0.3
LIGHT = 0.5
UNKNOWN = 0.8
SATURATION = 1.0
LONGEST_PHRASE = 8
MAX_WORDS = 32
KINDS = {"id": 1.0, "name": 1.0, "display name": 1.0, "synonym": 0.97, "abbreviation": 0.85}
"""How well a match of a whole name counts, by what it is."""


class Rows(Protocol):
    """What ranking needs of a snapshot."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Run a query."""


@dataclass(frozen=True)
class Hit:
    """A metric that fits.

    Args:
        score: between 0 and 1, for comparing hits of one search.
        why: how it matched, in words.
    """

    id: str
    display_name: str
    description: str | None
    score: float
    why: str
    stale: bool
    status: str

    def as_dict(self) -> dict[str, Any]:
        """The hit as plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Results:
    """The best hits, and how many there are in all."""

    query: str
    total: int
    hits: list[Hit]


@dataclass
class _Token:
    """A word of the question, and the terms that may stand for it: term to (quality, how)."""

    word: str
    term: str
    alternatives: dict[str, tuple[float, str]] = field(default_factory=dict)
    weight: float = 0.0

    def offer(self, term: str, quality: float, how: str) -> None:
        if quality > self.alternatives.get(term, (0.0, ""))[0]:
            self.alternatives[term] = (quality, how)


@dataclass
class _Match:
    """What is known of one metric's fit: token number to (quality, why)."""

    parts: dict[int, tuple[float, str]] = field(default_factory=dict)
    exact: float = 0.0

    def add(self, token: int, quality: float, why: str) -> None:
        if quality > self.parts.get(token, (0.0, ""))[0]:
            self.parts[token] = (quality, why)


def search(snapshot: Rows, query: str, limit: int = 10) -> Results:
    """Find the metrics that a question means.

    Args:
        query: words as people or agents type them: a name, a synonym, a question.
        limit: the most hits to return.

    Returns:
        The hits, best first; none when nothing fits.
    """
    found = _search_once(snapshot, query)
    expanded = _expand_abbreviations(query)
    if expanded != query:
        for metric_id, (score, why) in _search_once(snapshot, expanded).items():
            if score * 0.98 > found.get(metric_id, (0.0, ""))[0]:
                found[metric_id] = (score * 0.98, f"{why}, read as “{expanded}”")
    if not found:
        return Results(query, 0, [])
    hits = _describe(snapshot, found)
    return Results(query, len(hits), hits[:limit])


def _expand_abbreviations(query: str) -> str:
    short = thesaurus().abbreviations
    return " ".join(short.get(stem(word), word) for word in words(query))


def _search_once(snapshot: Rows, query: str) -> dict[str, tuple[float, str]]:
    """Score every metric that passes the floor."""
    tokens = [_Token(word, stem(word)) for word in content_words(query)[:MAX_WORDS]]
    if all(token.word in STOP_WORDS | LIGHT_WORDS for token in tokens):
        return _exact_only(snapshot, tokens)
    frequency = _find_alternatives(snapshot, tokens)
    _weigh(snapshot, tokens, frequency)
    matches: dict[str, _Match] = {}
    _match_terms(snapshot, tokens, matches)
    _match_phrases(snapshot, tokens, matches)
    everything = sum(token.weight for token in tokens)
    found: dict[str, tuple[float, str]] = {}
    for metric_id, match in matches.items():
        covered = sum(tokens[at].weight * quality for at, (quality, _) in match.parts.items())
        score = max(match.exact, 0.95 * covered / everything)
        if score >= FLOOR:
            found[metric_id] = (score, _why(tokens, match))
    best = max((score for score, _ in found.values()), default=0.0)
    return {key: value for key, value in found.items() if value[0] >= best * 0.4}


def _exact_only(snapshot: Rows, tokens: list[_Token]) -> dict[str, tuple[float, str]]:
    matches: dict[str, _Match] = {}
    _match_phrases(snapshot, tokens, matches)
    return {
        metric_id: (match.exact, _why(tokens, match))
        for metric_id, match in matches.items()
        if match.exact
    }


def _find_alternatives(snapshot: Rows, tokens: list[_Token]) -> dict[str, int]:
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


def _offer_related(tokens: list[_Token]) -> None:
    related = thesaurus().related
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + 3, len(tokens)) + 1):
            span = tokens[start:end]
            for term, quality in related.get(" ".join(item.term for item in span), {}).items():
                for token in span:
                    token.offer(term, quality, "related")


def _offer_compounds(tokens: list[_Token]) -> dict[str, list[str]]:
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


def _offer_corrections(snapshot: Rows, token: _Token) -> None:
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


def _frequency(snapshot: Rows, terms: Iterable[str]) -> dict[str, int]:
    rows = snapshot.rows(
        "SELECT term, count(*) AS metrics FROM search_terms "
        "WHERE term IN (SELECT unnest($1)) GROUP BY term",
        [sorted(terms)],
    )
    return {row["term"]: row["metrics"] for row in rows}


def _weigh(snapshot: Rows, tokens: list[_Token], frequency: dict[str, int]) -> None:
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


def _match_terms(snapshot: Rows, tokens: list[_Token], matches: dict[str, _Match]) -> None:
    offers = [
        (at, term, quality)
        for at, token in enumerate(tokens)
        for term, (quality, _) in token.alternatives.items()
    ]
    numbers, terms, qualities = (list(column) for column in zip(*offers, strict=True))
    rows = snapshot.rows(
        "WITH offer AS (SELECT unnest($1) AS token, unnest($2) AS term, unnest($3) AS quality), "
        "fit AS (SELECT s.*, o.token, o.quality * s.weight / (s.weight + $5) AS quality "
        "  FROM search_terms s JOIN offer o USING (term)), "
        "part AS (SELECT id, token, max(quality) AS quality, "
        "  arg_max([term, word, field], quality) AS best FROM fit GROUP BY id, token), "
        "scored AS (SELECT id, sum(quality * $4[token + 1]) AS score FROM part GROUP BY id "
        "  ORDER BY score DESC, id LIMIT 200) "
        "SELECT part.* FROM part JOIN scored USING (id) ORDER BY id, token",
        [numbers, terms, qualities, [token.weight for token in tokens], SATURATION],
    )
    for row in rows:
        term, word, place = row["best"]
        token = tokens[row["token"]]
        how = token.alternatives[term][1]
        said = f"“{token.word}”" if token.word == word or not how else f"“{token.word}” as “{word}”"
        match = matches.setdefault(row["id"], _Match())
        match.add(row["token"], row["quality"], f"{said} in the {place}")


def _match_phrases(snapshot: Rows, tokens: list[_Token], matches: dict[str, _Match]) -> None:
    """Find the names and synonyms that the question holds whole."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(tokens)) + 1):
            phrase = " ".join(token.term for token in tokens[start:end])
            spans.setdefault(phrase, []).append((start, end))
            # A misspelt name is still the name.
            fixed = " ".join(_corrected(token) for token in tokens[start:end])
            spans.setdefault(fixed, []).append((start, end))
    rows = snapshot.rows(
        "SELECT * FROM search_keys WHERE key IN (SELECT unnest($1))", [sorted(spans)]
    )
    for row in rows:
        for start, end in spans[row["key"]]:
            quality = KINDS[row["kind"]]
            typed = " ".join(token.term for token in tokens[start:end]) == row["key"]
            if not typed:
                quality *= 0.9
            light = all(token.word in LIGHT_WORDS for token in tokens[start:end])
            match = matches.setdefault(row["id"], _Match())
            for at in range(start, end):
                match.add(at, quality * (0.7 if light else 1.0), f"{row['kind']} “{row['phrase']}”")
            if (start, end) == (0, len(tokens)):
                match.exact = max(match.exact, quality)


def _corrected(token: _Token) -> str:
    """The term that a misspelt word most likely is; the token's own if it is none."""
    fixes = [
        (quality, term)
        for term, (quality, how) in token.alternatives.items()
        if how.startswith("read as")
    ]
    return max(fixes)[1] if fixes else token.term


def _why(tokens: list[_Token], match: _Match) -> str:
    weighty = sorted(match.parts.items(), key=lambda part: -part[1][0] * tokens[part[0]].weight)
    return "; ".join(list(dict.fromkeys(why for _, (_, why) in weighty))[:3])


def _describe(snapshot: Rows, found: dict[str, tuple[float, str]]) -> list[Hit]:
    rows = snapshot.rows(
        "SELECT id, display_name, description, stale, status FROM metric_definitions "
        "WHERE id IN (SELECT unnest($1))",
        [sorted(found)],
    )
    hits = []
    for row in rows:
        score, why = found[row["id"]]
        if row["status"] in ("deprecated", "removed"):
            score *= 0.9
        hits.append(Hit(**row, score=round(score, 4), why=why))
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))
