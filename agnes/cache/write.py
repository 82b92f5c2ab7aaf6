"""The rows of a revision, written into the open file of a new snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version

import duckdb

from agnes.cache import rows
from agnes.cache.arrow import Kind, insert
from agnes.cache.store import FORMAT
from agnes.git.entry import Entry
from agnes.git.history import FileHistory
from agnes.git.repository import Repository
from agnes.load.catalog import Served, check_index, serve
from agnes.model.catalog import Index, Settings
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import Layout, Slot
from agnes.model.metric import Metric
from agnes.model.table import Table
from agnes.search import index as search_index

Progress = Callable[[int, int], None]
"""Called with the number of files done and the number of all."""

_BATCH = 1000
_BY_PATH = ("metric_definitions", "table_registry", "column_metadata")
_WHOLE_CATALOG_CODES = ("AG206", "AG207", "AG208")


@dataclass(frozen=True)
class Revision:
    """What is materialized.

    Args:
        commit: the commit, or for a preview the one that it is based on.
        tree: the catalog's folder, None when there is none.
        committed: False for a preview of the working tree.
    """

    commit: str
    tree: str | None
    committed: bool = True


class Writer:
    """Writes what changed into the open file of a new snapshot."""

    def __init__(
        self,
        repository: Repository,
        revision: Revision,
        connection: duckdb.DuckDBPyConnection,
        layout: Layout,
        histories: dict[str, FileHistory],
    ) -> None:
        self.repository = repository
        self.revision = revision
        self.connection = connection
        self.layout = layout
        self.histories = histories

    def write(
        self, changed: list[str], entries: dict[str, Entry], progress: Progress | None
    ) -> None:
        """Replace the rows of the files that changed, and those of the catalog as a whole.

        Args:
            changed: paths, of files that went too.
            entries: every file of the revision, by path.
        """
        self._delete(changed)
        present = [path for path in changed if path in self.layout.slots]
        for start in range(0, len(present), _BATCH):
            batch = present[start : start + _BATCH]
            self._write_files([entries[path] for path in batch])
            if progress:
                progress(min(start + _BATCH, len(present)), len(present))
        self._write_history()
        self._write_catalog(entries)

    def _delete(self, changed: list[str]) -> None:
        if not changed or not self._has_rows():
            return
        parameters = [changed]
        for table in ("search_terms", "search_keys"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE id IN "  # noqa: S608
                "(SELECT id FROM metric_definitions WHERE list_contains($1, path))",
                parameters,
            )
        for table in (*_BY_PATH, "catalog_diagnostics"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE list_contains($1, path)",  # noqa: S608
                parameters,
            )

    def _has_rows(self) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM snapshot_info").fetchall())

    def _write_files(self, entries: list[Entry]) -> None:
        served = self._serve(entries)
        batches: dict[str, tuple[dict[str, Kind], list[rows.Row]]] = {
            "metric_definitions": (rows.METRIC, []),
            "table_registry": (rows.TABLE, []),
            "column_metadata": (rows.COLUMN, []),
            "catalog_diagnostics": (rows.DIAGNOSTIC, []),
            "search_terms": (rows.TERM, []),
            "search_keys": (rows.KEY, []),
        }
        for item in served:
            history = self.histories[item.entry.path]
            match item.value:
                case Metric() as metric:
                    batches["metric_definitions"][1].append(rows.metric_row(item, metric, history))
                    batches["search_terms"][1].extend(search_index.term_rows(metric))
                    batches["search_keys"][1].extend(search_index.key_rows(metric))
                case Table() as table:
                    batches["table_registry"][1].append(rows.table_row(item, table, history))
                    batches["column_metadata"][1].extend(rows.column_rows(item, table, history))
            batches["catalog_diagnostics"][1].extend(
                map(rows.diagnostic_row, item.document.diagnostics)
            )
        for table_name, (columns, found) in batches.items():
            insert(self.connection, table_name, columns, found)

    def _serve(self, entries: list[Entry]) -> list[Served]:
        return serve(
            self.repository,
            self.revision.commit,
            self.layout.slots,
            entries,
            committed=self.revision.committed,
        )

    def _write_history(self) -> None:
        if self._has_rows():
            self.connection.execute(
                "DELETE FROM file_history WHERE list_contains($1, path)", [list(self.histories)]
            )
        found = [rows.history_row(self.histories[path]) for path in sorted(self.histories)]
        insert(self.connection, "file_history", rows.HISTORY, found)

    def _write_catalog(self, entries: dict[str, Entry]) -> None:
        """What depends on all files together."""
        own = [entries[slot.path] for slot in self.layout.slots.values() if _is_own(slot)]
        settings, index = Settings(), Index()
        for served in self._serve(own):
            match served.value:
                case Settings():
                    settings = served.value
                case Index():
                    index = served.value
        execute = self.connection.execute
        execute("DELETE FROM categories")
        ids = [slot.id for slot in self.layout.slots.values() if slot.kind == "metric"]
        insert(self.connection, "categories", rows.CATEGORY, rows.category_rows(index, ids))
        execute(
            "DELETE FROM catalog_diagnostics WHERE list_contains($1, code)",
            [list(_WHOLE_CATALOG_CODES)],
        )
        findings = self.layout.diagnostics + check_index(index, self.layout.slots)
        self._insert_diagnostics(findings)
        execute("DELETE FROM snapshot_info")
        execute(
            "INSERT INTO snapshot_info VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                *(self.revision.commit, self.revision.tree),
                *(self.revision.committed, self.repository.is_shallow()),
                *(settings.name, settings.description, settings.sync_interval),
                *(FORMAT, _agnes_version(), datetime.now(UTC).replace(tzinfo=None)),
            ],
        )

    def _insert_diagnostics(self, findings: list[Diagnostic]) -> None:
        found = [rows.diagnostic_row(finding) for finding in findings]
        insert(self.connection, "catalog_diagnostics", rows.DIAGNOSTIC, found)


def _is_own(slot: Slot) -> bool:
    return slot.kind in ("settings", "index")


@cache
def _agnes_version() -> str:
    return version("agnes")
