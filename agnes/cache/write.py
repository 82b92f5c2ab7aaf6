"""The rows of a revision, written into the open file of a new snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from agnes import __version__
from agnes.cache import rows
from agnes.cache.arrow import insert
from agnes.cache.digest import digest
from agnes.cache.produce import Producer
from agnes.cache.store import FORMAT
from agnes.git.entry import Entry
from agnes.git.history import FileHistory
from agnes.git.repository import Repository
from agnes.load.catalog import Served, check_index, find_earlier, serve
from agnes.model.catalog import Index, Settings
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import Layout, Slot, printable

Progress = Callable[[int, int], None]
"""Called with the number of files done and the number of all."""

_SEARCH = ("search_terms", "search_keys")
_BY_PATH = ("metric_definitions", "table_registry", "column_metadata", "catalog_diagnostics")
_OF_INDEX = "AG208"


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
    """Writes into the open file of a new snapshot."""

    def __init__(
        self, repository: Repository, revision: Revision, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self.repository = repository
        self.revision = revision
        self.connection = connection

    def delete(self, paths: Collection[str]) -> None:
        """Delete everything that comes of some files."""
        execute = self.connection.execute
        known = [*{*paths, *map(printable, paths)}]  # findings have the one, rows the other
        found = execute("SELECT id FROM metric_definitions WHERE list_contains($1, path)", [known])
        ids = [metric_id for (metric_id,) in found.fetchall()]
        for table in _SEARCH if ids else ():
            execute(f"DELETE FROM {table} WHERE list_contains($1, id)", [ids])  # noqa: S608
        for table in _BY_PATH:
            execute(f"DELETE FROM {table} WHERE list_contains($1, path)", [known])  # noqa: S608

    def write_files(
        self,
        producer: Producer,
        layout: Layout,
        entries: Mapping[str, Entry],
        histories: Mapping[str, FileHistory],
        progress: Progress | None,
    ) -> None:
        """Write what comes of files, and what is wrong with their places.

        Args:
            entries: at least those that have a slot, by path.
        """
        wanted = [entries[path] for path in sorted(layout.slots)]
        broken: list[Served] = []
        done = 0
        for batch, more in producer.produce(layout.slots, wanted, histories):
            self._insert(batch)
            broken += more
            done += len(batch["metric_definitions"]) + len(batch["table_registry"]) + len(more)
            if progress:
                progress(done, len(wanted))
        stale = find_earlier(
            self.repository, self.revision.commit, broken, committed=self.revision.committed
        )
        batch = {table: [] for table in rows.BY_FILE}
        for served in stale:
            rows.add_rows(batch, served, histories[served.entry.path])
        self._insert(batch)
        self._insert_findings(layout.diagnostics)
        if progress and wanted:
            progress(len(wanted), len(wanted))

    def write_history(self, histories: Mapping[str, FileHistory]) -> None:
        """Write when files were changed, in place of what was known of them."""
        self.connection.execute(
            "DELETE FROM file_history WHERE list_contains($1, path)", [list(histories)]
        )
        found = [rows.history_row(histories[path]) for path in sorted(histories)]
        insert(self.connection, "file_history", rows.HISTORY, found)

    def write_index(self, layout: Layout, entries: Mapping[str, Entry]) -> None:
        """Write the categories, and where the index and the files disagree.

        Args:
            layout, entries: of the whole catalog.
        """
        index = next(iter(self._own(layout.slots, entries, "index")), Index())
        assert isinstance(index, Index)
        ids = [slot.id for slot in layout.slots.values() if slot.kind == "metric"]
        self.connection.execute("DELETE FROM categories")
        insert(self.connection, "categories", rows.CATEGORY, rows.category_rows(index, ids))
        self.connection.execute("DELETE FROM catalog_diagnostics WHERE code = $1", [_OF_INDEX])
        self._insert_findings(check_index(index, layout.slots))

    def write_info(self, layout: Layout, entries: Mapping[str, Entry]) -> None:
        """Write what the snapshot is, and count and digest what it holds; this comes last.

        Args:
            layout, entries: of agnes.yml, or what was known of it stays.
        """
        execute = self.connection.execute
        known = execute("SELECT name, description, sync_interval FROM snapshot_info").fetchall()
        texts = known[0] if known else (None, None, None)
        for settings in self._own(layout.slots, entries, "settings"):
            assert isinstance(settings, Settings)
            texts = (settings.name, settings.description, settings.sync_interval)
        execute("DELETE FROM snapshot_info")
        execute(
            f"INSERT INTO snapshot_info SELECT {_INFO}",
            [
                *(self.revision.commit, self.revision.tree),
                *(self.revision.committed, self.repository.is_shallow()),
                *texts,
                *(FORMAT, __version__, duckdb.__version__),
                datetime.now(UTC).replace(tzinfo=None),
                self.repository.commit(self.revision.commit).time,
                digest(self.connection),
            ],
        )

    def _own(
        self, slots: Mapping[str, Slot], entries: Mapping[str, Entry], kind: str
    ) -> Iterable[object]:
        """The catalog's own file of a kind, as it is served."""
        own = [entries[slot.path] for slot in slots.values() if slot.kind == kind]
        served = serve(
            self.repository, self.revision.commit, slots, own, committed=self.revision.committed
        )
        return [item.value for item in served if item.value is not None]

    def _insert(self, batch: Mapping[str, list[rows.Row]]) -> None:
        for table, columns in rows.BY_FILE.items():
            insert(self.connection, table, columns, batch[table])

    def _insert_findings(self, findings: list[Diagnostic]) -> None:
        found = [rows.diagnostic_row(finding) for finding in findings]
        insert(self.connection, "catalog_diagnostics", rows.DIAGNOSTIC, found)


_INFO = """
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
    (SELECT count(*) FROM metric_definitions),
    (SELECT count(*) FROM table_registry),
    (SELECT count(*) FROM column_metadata),
    (SELECT count(*) FROM metric_definitions WHERE stale)
        + (SELECT count(*) FROM table_registry WHERE stale),
    (SELECT count(*) FROM catalog_diagnostics WHERE severity = 'error'),
    (SELECT count(*) FROM catalog_diagnostics WHERE severity = 'warning'),
    $13
"""
