"""Whom a change hits: what reads a table or is built on a metric, in the tree as it is after it.

Files are read all, but parsed only if they name what is asked about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from agnes.diff.change import CLASSES, Change
from agnes.git.repository import Repository
from agnes.lineage.definition import Definition, last_part, used_by
from agnes.lineage.graph import Graph
from agnes.lineage.impact import Impact, impact
from agnes.load.document import read_document
from agnes.model.layout import MAX_BYTES, Slot, survey
from agnes.model.metric import Metric
from agnes.model.table import Table

_FELT = CLASSES.index("compatible")
"""From this class on a change may be felt by what is built on it."""


class Reach:
    """The metrics and tables of one tree; nothing is read of them until somebody asks."""

    def __init__(self, repository: Repository, tree: str | None) -> None:
        self._repository = repository
        self._tree = tree
        self._read: dict[str, Metric | None] = {}

    def is_read(self, table: str, column: str) -> bool:
        """Whether a metric may read a column of a table, or says that it is cut by it."""
        columns = {**self._columns, table: {*self._columns.get(table, ()), column}}
        metrics = self._naming([last_part(table)])
        if any(_names(metric, table, column) for metric in metrics):
            return True
        return bool(Graph(map(Definition.of_metric, metrics), columns).readers(table, column))

    def of(self, changes: Iterable[Change]) -> Impact:
        """What some changes hit: those that do not only say something else."""
        felt = [it for it in changes if CLASSES.index(it.class_) >= _FELT and it.kind != "added"]
        metrics = {name for it in felt for name in (it.id, it.from_) if name and "/" in name}
        metrics = {name for name in metrics if not name.startswith("tables/")}
        tables = dict(_tables(felt))
        definitions = {it.id: _gone(it) for it in felt if it.kind == "removed"}
        definitions |= self._definitions(map(last_part, tables))
        pending = metrics | set(definitions)
        while pending:
            found = self._definitions(pending)
            pending = found.keys() - definitions.keys()
            definitions |= found
        return impact(definitions.values(), metrics, tables, self._columns if tables else None)

    @cached_property
    def _slots(self) -> list[tuple[Slot, bytes]]:
        entries = {entry.path: entry for entry in self._repository.entries(self._tree)}
        slots = survey((path, entry.kind) for path, entry in entries.items()).slots
        return [
            (slot, self._repository.read(entries[path]))
            for path, slot in slots.items()
            if slot.kind in ("metric", "table")
            and self._repository.size(entries[path]) <= MAX_BYTES
        ]

    @cached_property
    def _folded(self) -> list[tuple[Slot, bytes, bytes]]:
        return [(slot, data, data.lower()) for slot, data in self._slots if slot.kind == "metric"]

    @cached_property
    def _columns(self) -> Mapping[str, Collection[str]]:
        tables = (
            read_document(slot, data).value for slot, data in self._slots if slot.kind == "table"
        )
        return {table.id: table.columns for table in tables if isinstance(table, Table)}

    def _definitions(self, names: Iterable[str]) -> dict[str, Definition]:
        return {metric.id: Definition.of_metric(metric) for metric in self._naming(names)}

    def _naming(self, names: Iterable[str]) -> list[Metric]:
        """The metrics in whose files one of some names stands, or whose own id it is."""
        wanted = [name.casefold().encode() for name in names]
        own = {name.decode() for name in wanted}
        found = (
            self._metric(slot, data)
            for slot, data, folded in self._folded
            if slot.id in own or any(name in folded for name in wanted)
        )
        return [metric for metric in found if metric is not None]

    def _metric(self, slot: Slot, data: bytes) -> Metric | None:
        if slot.path not in self._read:
            document = read_document(slot, data)
            value = document.value or document.rest
            self._read[slot.path] = value if isinstance(value, Metric) else None
        return self._read[slot.path]


def _names(metric: Metric, table: str, column: str) -> bool:
    tables = {name.casefold() for name in (metric.table_name or "", *metric.tables)}
    columns = (*metric.dimensions, metric.time_column or "")
    named = {name.casefold().rpartition(".")[2] for name in columns}
    return table.casefold() in tables and column.casefold() in named


def _gone(change: Change) -> Definition:
    """A metric that is not in the tree any more, which others may still be built on."""
    meta = next((field.old for field in change.fields if field.field == "meta"), None)
    return Definition(change.id, (), used_by=used_by(meta))


def _tables(changes: Iterable[Change]) -> Iterator[tuple[str, set[str] | None]]:
    """The tables that changed, and which of their columns; None for the table itself."""
    for change in changes:
        names = [name for name in (change.id, change.from_) if name and name.startswith("tables/")]
        felt = [it for it in change.fields if CLASSES.index(it.class_) >= _FELT]
        columns = {it.field.split(".")[1] for it in felt if it.field.startswith("columns.")}
        whole = change.kind != "changed" or len(columns) < len({it.field for it in felt})
        for name in names:
            yield name.removeprefix("tables/"), None if whole else columns
