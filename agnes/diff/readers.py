"""Which metrics of a revision read a column of a table."""

from __future__ import annotations

from functools import cached_property

from agnes.git.repository import Repository
from agnes.load.document import read_document
from agnes.model.layout import Slot, survey
from agnes.model.metric import Metric
from agnes.sql.canonical import UnreadableSqlError, read


class Readers:
    """The metrics of one tree; nothing is read of them until somebody asks."""

    def __init__(self, repository: Repository, tree: str | None) -> None:
        self._repository = repository
        self._tree = tree

    def is_read(self, table: str, column: str) -> bool:
        """Whether a metric may read a column of a table."""
        return any(
            _may_read(sql, table.casefold(), column.casefold())
            for metric in self._naming(table)
            for sql in (metric.sql, *metric.sql_variants.values())
        )

    def _naming(self, table: str) -> list[Metric]:
        """The metrics in whose files the table's name stands; to read only them saves most."""
        wanted = table.casefold().encode()
        found = [read_document(slot, data) for slot, data in self._files if wanted in data.lower()]
        values = [document.value or document.rest for document in found]
        return [value for value in values if isinstance(value, Metric)]

    @cached_property
    def _files(self) -> list[tuple[Slot, bytes]]:
        entries = {entry.path: entry for entry in self._repository.entries(self._tree)}
        slots = survey((path, entry.kind) for path, entry in entries.items()).slots
        return [
            (slot, self._repository.read(entries[path]))
            for path, slot in slots.items()
            if slot.kind == "metric"
        ]


def _may_read(sql: str, table: str, column: str) -> bool:
    try:
        query = read(sql)
    except UnreadableSqlError:
        return column in sql.casefold()
    named = any(found.name.casefold() == table for found in query.reads)
    return named and (column in query.columns or bool(query.stars))
