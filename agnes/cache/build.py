"""Building a snapshot: a pure function of the commit, whether from nothing or from an older one."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from agnes.cache.query import Snapshot
from agnes.cache.store import FORMAT, unwritable
from agnes.cache.write import Progress, Revision, Writer
from agnes.errors import CacheError, MissingObjectError, NotACatalogError
from agnes.git.entry import Entry
from agnes.git.history import FileHistory, file_histories
from agnes.git.refs import MARKER
from agnes.git.repository import Commit, Repository
from agnes.model.layout import Layout, survey


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
            writer = Writer(repository, revision, connection, layout, histories)
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


@cache
def _schema() -> str:
    return (files("agnes.cache") / "schema.sql").read_text(encoding="utf-8")


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
