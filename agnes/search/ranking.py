"""Ranking the metrics of a snapshot by what a question says.

A metric that is called what the question says comes first. The others are ranked by how much of the
question they cover: each word counts as much as it tells metrics apart, and matches as well as the
field says in which it stands, literally or through a typo, a compound or the thesaurus. Below
`FLOOR` nothing fits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from agnes.search.question import Rows, Token, read_question, understand
from agnes.search.text import LIGHT_WORDS, STOP_WORDS, stem, words
from agnes.search.thesaurus import thesaurus

FLOOR = 0.3
"""How much of a question a hit covers at least."""
RELATIVE_FLOOR = 0.4
"""And how much of what the best hit covers."""
SATURATION = 1.0
LONGEST_PHRASE = 8
KINDS = {"id": 1.0, "name": 1.0, "display name": 1.0, "synonym": 0.97, "abbreviation": 0.85}
"""How well a match of a whole name counts, by what it is."""


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
    certification: str | None

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
    tokens = read_question(query)
    if all(token.word in STOP_WORDS | LIGHT_WORDS for token in tokens):
        return _exact_only(snapshot, tokens)
    understand(snapshot, tokens)
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
    return {key: value for key, value in found.items() if value[0] >= best * RELATIVE_FLOOR}


def _exact_only(snapshot: Rows, tokens: list[Token]) -> dict[str, tuple[float, str]]:
    matches: dict[str, _Match] = {}
    _match_phrases(snapshot, tokens, matches)
    return {
        metric_id: (match.exact, _why(tokens, match))
        for metric_id, match in matches.items()
        if match.exact
    }


def _match_terms(snapshot: Rows, tokens: list[Token], matches: dict[str, _Match]) -> None:
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


def _match_phrases(snapshot: Rows, tokens: list[Token], matches: dict[str, _Match]) -> None:
    """Find the names and synonyms that the question holds whole."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(tokens)) + 1):
            phrase = " ".join(token.term for token in tokens[start:end])
            spans.setdefault(phrase, []).append((start, end))
            # A misspelt name is still the name.
            fixed = " ".join(token.correction for token in tokens[start:end])
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


def _why(tokens: list[Token], match: _Match) -> str:
    weighty = sorted(match.parts.items(), key=lambda part: -part[1][0] * tokens[part[0]].weight)
    return "; ".join(list(dict.fromkeys(why for _, (_, why) in weighty))[:3])


def _describe(snapshot: Rows, found: dict[str, tuple[float, str]]) -> list[Hit]:
    rows = snapshot.rows(
        "SELECT id, display_name, description, stale, status, certification "
        "FROM metric_definitions "
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
