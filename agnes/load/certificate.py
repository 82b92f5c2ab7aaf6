"""What a metric means, as a hash, and whether its certificate is still of that meaning.

A certificate is bound to a definition twice over: as it was written, and as it was meant. One of
the two is enough. So layout and documentation may change, and so may the way in which Agnes and
sqlglot write the canonical form of a query, without anybody having to approve of it all again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from agnes.model.metric import Metric

Certification = Literal["certified", "lapsed"]


class Definition(Protocol):
    """The fields that carry meaning."""

    @property
    def sql(self) -> str:
        """The canonical query."""

    @property
    def sql_variants(self) -> Mapping[str, str]:
        """Further queries, by `by_<dimension>`."""

    @property
    def expression(self) -> str | None:
        """What is computed, in SQL."""

    @property
    def unit(self) -> str | None:
        """What the value is counted in."""

    @property
    def grain(self) -> str:
        """The length of a period."""

    @property
    def type(self) -> str:
        """What kind of metric it is."""

    @property
    def filters(self) -> Sequence[str]:
        """Conditions on rows."""

    @property
    def inputs(self) -> Sequence[str]:
        """Metrics that it is made of."""


def meaning(metric: Metric) -> str:
    """A short hash of what a metric means: equal for definitions that mean the same.

    It is of the queries and the expression in their canonical form, and of unit, grain, type,
    filters (in any order) and inputs (in theirs). Neither layout nor documentation is in it.
    """
    from agnes.sql.canonical import canonical, canonical_expression  # slow to import

    return _hash(metric, canonical, canonical_expression)


def written(definition: Definition) -> str:
    """A short hash of what carries the meaning of a definition, as it is written. Quick to make."""
    return _hash(definition, str, str)


def definition(metric: Metric) -> str:
    """What a certificate of a metric is bound to, as the metric is now."""
    return f"{written(metric)}-{meaning(metric)}"


def certification(metric: Metric) -> Certification | None:
    """Whether a metric means what its certificate says; None for one that has none.

    No query is parsed where nothing was written differently since.
    """
    if metric.certified is None:
        return None
    as_written, _, meant = metric.certified.definition.partition("-")
    if as_written == written(metric) or meant == meaning(metric):
        return "certified"
    return "lapsed"


def _hash(
    metric: Definition, query: Callable[[str], str | None], expression: Callable[[str], str | None]
) -> str:
    """Of the fields that carry meaning; a text that has no canonical form counts as it is."""
    said: dict[str, Any] = {
        "sql": query(metric.sql) or metric.sql.strip(),
        "variants": {key: query(sql) or sql.strip() for key, sql in metric.sql_variants.items()},
        "expression": _stripped(metric.expression),
        "unit": _stripped(metric.unit),
        "grain": metric.grain,
        "type": metric.type,
        "filters": sorted({text.strip() for text in metric.filters}),
        "inputs": list(metric.inputs),
    }
    if said["expression"]:
        said["expression"] = expression(said["expression"]) or said["expression"]
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return sha256(text.encode()).hexdigest()[:16]


def _stripped(text: str | None) -> str:
    return (text or "").strip()
