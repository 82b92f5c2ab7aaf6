"""What search keeps of a metric in a snapshot."""

from __future__ import annotations

from agnes.model.metric import Metric
from agnes.search.text import STOP_WORDS, initials, key, stem, words

# How much a word says that stands in a field, and how many words such a field usually has. The
# usual length is fixed, so that a metric's rows depend on the metric alone.
_FIELDS: dict[str, tuple[float, int]] = {
    "name": (3.0, 2),
    "display name": (3.0, 3),
    "synonym": (3.0, 20),
    "category": (1.2, 1),
    "description": (1.6, 20),
    "table": (0.9, 1),
    "dimension": (0.7, 4),
    "note": (0.6, 50),
    "unit": (0.5, 1),
}
_REPEATED = (0.0, 1.0, 2**0.5, 3**0.5)
"""What a word counts that stands in a field so many times, and more often as often."""
_LENGTH = 0.3
"""How far a long field's words count less (b of BM25)."""


def term_rows(metric: Metric) -> list[tuple[str, str, float, str, str]]:
    """The rows of `search_terms` of a metric: a term's weight is the sum over its fields."""
    weights: dict[str, float] = {}
    origin: dict[str, tuple[float, str, str]] = {}
    for field, texts in _texts(metric).items():
        boost, usual = _FIELDS[field]
        found = [word for text in texts for word in words(text) if word not in STOP_WORDS]
        share = boost / (1 - _LENGTH + _LENGTH * len(found) / usual)
        counts: dict[str, int] = {}
        for word in found:
            counts[word] = counts.get(word, 0) + 1
        for word, count in counts.items():
            term = stem(word)
            weights[term] = weights.get(term, 0.0) + share * _REPEATED[min(count, 3)]
            if term not in origin or origin[term][0] < share:
                origin[term] = (share, field, word)
    metric_id = metric.id
    return [(term, metric_id, weights[term], *origin[term][1:]) for term in weights]


def key_rows(metric: Metric) -> list[tuple[str, str, str, str]]:
    """The rows of `search_keys` of a metric: everything that it is called as a whole."""
    names = [
        ("id", metric.id),
        ("name", metric.name),
        ("display name", metric.display_name),
        *(("synonym", synonym) for synonym in metric.synonyms),
    ]
    found = {key(text): (kind, text) for kind, text in reversed(names)}
    for _, text in names[1:]:
        for short in initials(text):
            found.setdefault(stem(short), ("abbreviation", text))
    found.pop("", None)
    metric_id = metric.id
    return [(name, metric_id, kind, text) for name, (kind, text) in found.items()]


def _texts(metric: Metric) -> dict[str, list[str]]:
    texts = {
        "name": [metric.name],
        "display name": [metric.display_name],
        "synonym": list(metric.synonyms),
        "category": [metric.category],
        "description": [metric.description or ""],
        "table": list(dict.fromkeys([metric.table_name or "", *metric.tables])),
        "dimension": list(metric.dimensions),
        "note": list(metric.notes),
        "unit": [metric.unit or ""],
    }
    return {field: [text for text in found if text] for field, found in texts.items()}
