"""Building a snapshot: a pure function of the commit, whether from nothing or from an older one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from agnes.cache import rows
from agnes.cache.arrow import Kind, insert
from agnes.cache.query import Snapshot
from agnes.cache.store import FORMAT, unwritable
from agnes.errors import CacheError, MissingObjectError, NotACatalogError
from agnes.git.history import FileHistory, file_histories
from agnes.git.refs import MARKER
from agnes.git.repository import Commit, Entry, Repository
from agnes.load.catalog import Served, check_index, serve
from agnes.model.catalog import Index, Settings
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import Layout, Slot, survey
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


def build(
    repository: Repository,
    revision: Revision,
    target: Path,
    *,
    base: Path | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the snapshot of a revision.

    Args:
        target: the file to write; it must not exist.
        base: an older snapshot of this catalog; it saves work when its commit is on the
            revision's first-parent history, and changes nothing of the result.

    Raises:
        NotACatalogError: the revision has no agnes.yml where the catalog should be.
        GitError: an object is missing.
        CacheWriteError: the disk is full or read-only.
    """
    entries = {entry.path: entry for entry in repository.entries(revision.tree)}
    layout = survey((entry.path, entry.kind) for entry in entries.values())
    if not any(slot.kind == "settings" for slot in layout.slots.values()):
        raise NotACatalogError(
            f"{repository.location.path} has no {MARKER} in commit {revision.commit[:10]}",
            f"name a catalog with --catalog, or make one: touch {MARKER}, git add and commit it",
        )
    carried = _carry(repository, revision, base) if base else None
    if carried and base:
        shutil.copyfile(base, target)
        changed = carried.changed_paths(layout, entries)
        histories = _continue_histories(base, changed, carried.newer)
    else:
        changed = set(layout.slots)
        histories = _of_files(file_histories(repository, revision.commit) or {})
    if not revision.committed:
        histories = _date_previews(repository, revision, histories, changed)
    try:
        with duckdb.connect(str(target)) as connection:
            if carried is None:
                connection.execute(_schema())
            writer = _Writer(repository, revision, connection, layout, histories)
            writer.write(sorted(changed), entries, progress)
            # Closing would do it too, but says nothing when it fails.
            connection.execute("CHECKPOINT")
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise unwritable(target.parent, error) from error
    _sync_to_disk(target)


def _of_files(histories: dict[str, FileHistory]) -> dict[str, FileHistory]:
    """Leave out paths that no file of a catalog can have; they may be no text at all."""
    slots = survey((path, "file") for path in sorted(histories))
    places = slots.slots.keys() | {finding.path for finding in slots.diagnostics}
    return {path: history for path, history in histories.items() if path in places}


@dataclass(frozen=True)
class _Carried:
    """What an older snapshot spares.

    Args:
        newer: what commits since then changed, perhaps back to what it was.
    """

    layout: Layout
    entries: dict[str, Entry]
    newer: dict[str, FileHistory]

    def changed_paths(self, layout: Layout, entries: dict[str, Entry]) -> set[str]:
        """Files that came, went, changed, or won or lost their id to another file."""
        return {
            path
            for path in layout.slots.keys() | self.layout.slots.keys()
            if path in self.newer
            or self.layout.slots.get(path) != layout.slots.get(path)
            or self.entries.get(path) != entries.get(path)
        }


def _carry(repository: Repository, revision: Revision, base: Path) -> _Carried | None:
    try:
        with Snapshot(base) as snapshot:
            info = snapshot.info()
    except CacheError:
        return None
    if info["format"] != FORMAT or not info["committed"] or info["shallow"]:
        return None
    newer = file_histories(repository, revision.commit, since=info["commit_id"])
    if newer is None:
        return None
    try:
        entries = {entry.path: entry for entry in repository.entries(info["tree"])}
    except MissingObjectError:
        return None
    layout = survey((entry.path, entry.kind) for entry in entries.values())
    return _Carried(layout, entries, _of_files(newer))


def _continue_histories(
    base: Path, changed: set[str], newer: dict[str, FileHistory]
) -> dict[str, FileHistory]:
    """The histories of what changed: the first change as known before, the last as it is now."""
    with Snapshot(base) as snapshot:
        known = snapshot.rows(
            "SELECT * FROM file_history WHERE path IN (SELECT unnest($1))",
            [sorted(changed | newer.keys())],
        )
    histories = {row["path"]: _history(row) for row in known}
    for path, history in newer.items():
        first = histories[path].first if path in histories else history.first
        histories[path] = replace(history, first=first)
    return histories


def _history(row: dict[str, Any]) -> FileHistory:
    trailer = f"\n\nAgnes-Source: {row['source']}" if row["source"] else ""
    return FileHistory(
        row["path"],
        Commit(row["created_commit"], row["created_at"], row["created_by"], "", ""),
        Commit(row["updated_commit"], row["updated_at"], row["updated_by"], "", trailer),
    )


def _date_previews(
    repository: Repository,
    revision: Revision,
    histories: dict[str, FileHistory],
    changed: set[str],
) -> dict[str, FileHistory]:
    """Give files that are in no commit the commit that the working tree is based on."""
    commit = repository.commit(revision.commit)
    missing = {path: FileHistory(path, commit, commit) for path in changed - histories.keys()}
    return histories | missing


class _Writer:
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
def _schema() -> str:
    return (files("agnes.cache") / "schema.sql").read_text(encoding="utf-8")


@cache
def _agnes_version() -> str:
    return version("agnes")


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
