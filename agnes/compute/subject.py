"""A metric, as far as computing it needs to know: one of the loader's, or a row of the cache.

Making `agnes.model.metric.Metric` of a row takes longer than most queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from agnes.model.grain import Grain


class Subject(Protocol):
    """What `Metric` and `Row` have in common."""

    @property
    def id(self) -> str:
        """`<category>/<name>`."""
        ...

    @property
    def name(self) -> str:
        """What SQL calls its value."""
        ...

    @property
    def display_name(self) -> str:
        """What people call it."""
        ...

    @property
    def unit(self) -> str | None:
        """Of its value."""
        ...

    @property
    def status(self) -> str:
        """Where it is in its life."""
        ...

    @property
    def replaced_by(self) -> str | None:
        """What to use instead."""
        ...

    @property
    def grain(self) -> Grain:
        """Of its queries."""
        ...

    @property
    def sql(self) -> str:
        """The canonical query."""
        ...

    @property
    def sql_variants(self) -> Mapping[str, str]:
        """Further ones, by `by_<dimension>`."""
        ...

    @property
    def dimensions(self) -> Sequence[str]:
        """What it may be broken down by."""
        ...


@dataclass(frozen=True)
class Row:
    """The definition in a row of `metric_definitions`: what its YAML file said."""

    id: str
    name: str
    category: str
    display_name: str
    sql: str
    description: str | None = None
    type: str = "sum"
    unit: str | None = None
    grain: Grain = "monthly"
    table_name: str | None = None
    tables: Sequence[str] = ()
    expression: str | None = None
    time_column: str | None = None
    dimensions: Sequence[str] = ()
    inputs: Sequence[str] = ()
    filters: Sequence[str] = ()
    synonyms: Sequence[str] = ()
    notes: Sequence[str] = ()
    owner: str | None = None
    status: str = "active"
    replaced_by: str | None = None
    tags: Sequence[str] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    sql_variants: Mapping[str, str] = field(default_factory=dict)
    validation: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Row:
        """Read a row, as the cache, a workspace or a server gives it."""
        said = {it.name: row[it.name] for it in fields(cls) if row.get(it.name) is not None}
        return cls(**said)

    def said(self) -> dict[str, Any]:
        """What it says, as data that `Metric` can be made of; what is empty is left out."""
        found = {it.name: getattr(self, it.name) for it in fields(self) if it.name != "id"}
        return {key: value for key, value in found.items() if value not in (None, (), [], {}, "")}
