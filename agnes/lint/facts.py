"""What is kept of a file once it was checked: enough to tell how all files fit together.

Facts are plain data, so that they can be stored; see `results`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from typing import Any

EXPRESSION = "expression"


@dataclass(frozen=True)
class QueryFacts:
    """One query of a metric.

    Args:
        node: its key in the file: `sql`, `sql_by_<x>` or `expression`.
        digest: of its text.
        reads: the tables it reads: name as written, start and length in the text.
        names: of the columns it mentions or gives, in lower case; None when a star hides some.
    """

    node: str
    digest: str
    reads: list[tuple[str, int, int]]
    names: list[str] | None


@dataclass(frozen=True)
class MetricFacts:
    """A metric.

    Args:
        queries: those that could be read.
        whole: False when a key or a query of it could not be read.
        refused: how many queries could not be read.
        expression: its `expression` with the columns that it names, where it is one over columns.
        certified_by: who certified it.
        certification: whether it still means what they certified.
        test_reads: what the queries of its tests read: the test's number, a table's name as
            written, start and length in the text.
    """

    path: str
    id: str
    display_name: str
    status: str
    table: str | None
    tables: list[str]
    time_column: str | None
    dimensions: list[str]
    synonyms: list[str]
    inputs: list[str]
    replaced_by: str | None
    queries: list[QueryFacts]
    whole: bool = True
    refused: int = 0
    expression: QueryFacts | None = None
    certified_by: str | None = None
    certification: str | None = None
    test_reads: list[tuple[int, str, int, int]] = field(default_factory=list)

    @property
    def reads(self) -> list[str]:
        """Every table that any of its queries reads, as written."""
        return list({name: None for query in self.queries for name, _, _ in query.reads})


@dataclass(frozen=True)
class TableFacts:
    """A registered table.

    Args:
        columns: column to base type, None where that is not known.
        whole: False when its file could not be read, so that nothing but its id is known.
    """

    path: str
    id: str
    columns: dict[str, str | None]
    primary_key: list[str]
    whole: bool = True

    @cached_property
    def digest(self) -> str:
        """Of its columns and their types."""
        shape = json.dumps(self.columns)
        return sha1(shape.encode(), usedforsecurity=False).hexdigest()

    @cached_property
    def column_names(self) -> frozenset[str]:
        """In lower case, as SQL compares them."""
        return frozenset(name.casefold() for name in self.columns)


@dataclass(frozen=True)
class SettingsFacts:
    """The lint section of agnes.yml, and who may certify."""

    severities: dict[str, str] = field(default_factory=dict)
    ignores: dict[str, list[str]] = field(default_factory=dict)
    certifiers: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class IndexFacts:
    """What metrics/metrics.yml lists: id to where it stands; and category to its number.

    Args:
        twice: what is there again, and the keys and numbers that lead to it.
    """

    path: str
    listed: dict[str, list[int]]
    categories: dict[str, int]
    twice: list[tuple[str, list[str | int]]] = field(default_factory=list)


Facts = MetricFacts | TableFacts | SettingsFacts | IndexFacts


class CatalogFacts:
    """The facts of all files together.

    Args:
        facts: of every file that could be read.
        ids: of every metric that has a file, also of one that does not validate.
        tables: the same of every table.
    """

    def __init__(
        self,
        facts: Iterable[Facts],
        ids: Mapping[str, str],
        tables: Mapping[str, str] | None = None,
    ) -> None:
        self.ids = ids
        self.metrics: dict[str, MetricFacts] = {}
        self.tables: dict[str, TableFacts] = {}
        self.settings = SettingsFacts()
        self.index: IndexFacts | None = None
        self._meant: dict[str, TableFacts | None] = {}
        self._known: dict[str, set[str] | None] = {}
        for item in facts:
            match item:
                case MetricFacts():
                    self.metrics[item.id] = item
                case TableFacts():
                    self.tables[item.id] = item
                case SettingsFacts():
                    self.settings = item
                case IndexFacts():
                    self.index = item
        for table_id, path in (tables or {}).items():
            self.tables.setdefault(table_id, TableFacts(path, table_id, {}, [], whole=False))

    @cached_property
    def names(self) -> dict[str, TableFacts]:
        """What SQL may call the tables, in lower case: their ids, and last parts that are free."""
        names = {table.id.casefold(): table for table in self.tables.values()}
        short: dict[str, list[TableFacts]] = defaultdict(list)
        for table in self.tables.values():
            short[table.id.casefold().rpartition(".")[2]].append(table)
        for name, tables in short.items():
            if name not in names and len(tables) == 1:
                names[name] = tables[0]
        return names

    def table(self, name: str) -> TableFacts | None:
        """The registered table that a name in SQL means."""
        if name not in self._meant:
            key = name.casefold()
            self._meant[name] = self.names.get(key) or self.names.get(key.removeprefix("main."))
        return self._meant[name]

    def tables_of(self, metric: MetricFacts) -> Iterator[TableFacts | None]:
        """The tables that a metric reads or names; None for each that is not registered."""
        for name in dict.fromkeys([*metric.reads, *metric.tables, metric.table]):
            if name is not None:
                yield self.table(name)

    def columns_of(self, metric: MetricFacts) -> set[str] | None:
        """The columns of all its tables, in lower case; None when not all of them are known."""
        if metric.refused:
            return None
        columns: set[str] = set()
        for table in self.tables_of(metric):
            if table is None or not table.columns:
                return None
            columns |= table.column_names
        return columns or None

    def known_names(self, metric: MetricFacts) -> set[str] | None:
        """What its time column and dimensions may be: columns, and what its queries call theirs.

        In lower case; None when not all of them are known.
        """
        if metric.id not in self._known:
            known = self.columns_of(metric)
            names = [query.names for query in metric.queries]
            self._known[metric.id] = (
                None if known is None or None in names else known.union(*filter(None, names))
            )
        return self._known[metric.id]


_KINDS: dict[str, Any] = {
    "metric": MetricFacts,
    "table": TableFacts,
    "settings": SettingsFacts,
    "index": IndexFacts,
}


def facts_from_plain(kind: str, plain: dict[str, Any]) -> Facts:
    """Facts from what `dataclasses.asdict` made of them, by way of JSON."""
    if kind == "metric":
        plain = plain | {"queries": [QueryFacts(**query) for query in plain["queries"]]}
        expression = plain["expression"]
        plain["expression"] = expression and QueryFacts(**expression)
    found: Facts = _KINDS[kind](**plain)
    return found


def kind_of(facts: Facts) -> str:
    """The word for a kind of facts."""
    return next(kind for kind, cls in _KINDS.items() if isinstance(facts, cls))
