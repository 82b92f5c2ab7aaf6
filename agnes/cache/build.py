"""Building a snapshot: a pure function of the commit, whether from nothing or from an older one."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from agnes.cache.digest import Versions, versions
from agnes.cache.produce import Producer
from agnes.cache.query import Snapshot
from agnes.cache.store import FORMAT, unwritable
from agnes.cache.write import Progress, Revision, Writer
from agnes.errors import CacheError, MissingObjectError, NotACatalogError
from agnes.git.entry import Entry
from agnes.git.history import FileHistory, file_histories
from agnes.git.refs import MARKER
from agnes.git.repository import Commit, Repository
from agnes.model.layout import Layout, claim, printable, survey


@dataclass(frozen=True)
class Built:
    """How a snapshot was made.

    Args:
        changed: what was served of the files that changed before, and what is now; see `versions`.
            None when it was made from nothing.
        reason: why from nothing, although there was an older one.
        read: what was read of it when it was checked; None when it was not built now.
    """

    changed: tuple[Versions, Versions] | None = None
    reason: str | None = None
    read: Read | None = None


@dataclass(frozen=True)
class Read:
    """What a sync tells of a snapshot: its findings, as rows, and how much it holds."""

    findings: list[dict[str, Any]]
    counts: dict[str, int]


class Unsuitable(Exception):  # noqa: N818  (an outcome, not a mistake)
    """An older snapshot that nothing can be carried on from, and why."""


def build(
    repository: Repository,
    revision: Revision,
    target: Path,
    *,
    base: Path | None = None,
    progress: Progress | None = None,
) -> Built:
    """Write the snapshot of a revision, and read it again to see that it is whole.

    Args:
        target: the file to write; it must not exist.
        base: an older snapshot of this catalog. What it costs to carry it on follows from what
            changed since; what comes of it is the same as without.

    Raises:
        NotACatalogError: the revision has no agnes.yml where the catalog should be.
        GitError: an object is missing.
        CacheWriteError: the disk is full or read-only.
        CacheError: what was written does not read back.
    """
    marker = repository.entry(revision.tree, MARKER) if revision.tree else None
    if marker is None or marker.kind != "file":
        raise NotACatalogError(
            f"{repository.location.path} has no {MARKER} in commit {revision.commit[:10]}",
            f"name a catalog with --catalog, or make one: touch {MARKER}, git add and commit it",
        )
    built = Built()
    try:
        if base is not None:
            built = _try_to_carry_on(repository, revision, base, target, progress)
        if built.changed is None:
            with duckdb.connect(str(target)) as connection:
                _build_from_nothing(repository, revision, connection, progress)
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise unwritable(target.parent, error) from error
    _sync_to_disk(target)
    return replace(built, read=check(target, revision.commit))


def check(path: Path, commit: str) -> Read:
    """Read a whole snapshot, and compare it with what it says of itself.

    Raises:
        CacheError: it is not the snapshot of this commit, is damaged, or of another format.
    """
    with Snapshot(path) as snapshot:
        info = snapshot.info()
        if info["commit_id"] != commit or info["format"] != FORMAT:
            raise CacheError(f"the snapshot {path} is of another commit or format", _REBUILD)
        if info["duckdb_version"] != duckdb.__version__ or info["digest"] != snapshot.digest():
            raise CacheError(f"the snapshot {path} does not hold what was written", _REBUILD)
        return Read(snapshot.diagnostics(), snapshot.counts())


_REBUILD = "it can be made anew from git: da catalog rebuild"


def _build_from_nothing(
    repository: Repository,
    revision: Revision,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress | None,
) -> None:
    entries = {entry.path: entry for entry in repository.entries(revision.tree)}
    with Producer(repository.location, len(entries)) as producer, _nothing_collected():
        connection.execute(_schema())
        layout = survey((entry.path, entry.kind) for entry in entries.values())
        histories = _of_files(file_histories(repository, revision.commit) or {})
        if not revision.committed:
            histories = _date_previews(repository, revision, histories, layout.slots)
        writer = Writer(repository, revision, connection)
        connection.begin()
        writer.write_files(producer, layout, entries, histories, progress)
    writer.write_history(histories)
    writer.write_index(layout, entries)
    writer.write_info(layout, entries)
    connection.commit()
    # Closing would do it too, but says nothing when it fails.
    connection.execute("CHECKPOINT")


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Rows live until they are written: the garbage collector would only walk over them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _try_to_carry_on(
    repository: Repository,
    revision: Revision,
    base: Path,
    target: Path,
    progress: Progress | None,
) -> Built:
    try:
        shutil.copyfile(base, target)
        with duckdb.connect(str(target)) as connection:
            return Built(_carry_on(repository, revision, connection, progress))
    except Unsuitable as why:
        reason = str(why)
    except FileNotFoundError:
        reason = f"the snapshot of {base.stem[:10]} is gone"
    except duckdb.Error:
        reason = f"the snapshot of {base.stem[:10]} is damaged"
    target.unlink(missing_ok=True)
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    return Built(reason=reason)


def _carry_on(
    repository: Repository,
    revision: Revision,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress | None,
) -> tuple[Versions, Versions]:
    """Bring the copy of an older snapshot to a revision; what was served before, and is now."""
    info = _suitable(connection)
    newer = file_histories(repository, revision.commit, since=info["commit_id"])
    if newer is None:
        raise Unsuitable(
            f"{info['commit_id'][:10]} is not in the history of {revision.commit[:10]}: "
            "it was rewritten, or is another branch's"
        )
    newer = _of_files(newer)
    try:
        changed = _changed(repository, info["tree"], revision, newer)
    except MissingObjectError:
        raise Unsuitable(f"the files of {info['commit_id'][:10]} are gone") from None
    histories = _continue_histories(connection, changed.paths, newer)
    if not revision.committed:
        histories = _date_previews(repository, revision, histories, changed.paths)
    writer = Writer(repository, revision, connection)
    connection.begin()
    before = versions(connection, changed.paths)
    writer.delete(changed.paths)
    with Producer(repository.location, len(changed.paths)) as producer:
        writer.write_files(producer, changed.layout, changed.entries, histories, progress)
    writer.write_history(histories)
    if changed.index:
        entries = {entry.path: entry for entry in repository.entries(revision.tree)}
        writer.write_index(survey((it.path, it.kind) for it in entries.values()), entries)
    writer.write_info(changed.layout, changed.entries)
    after = versions(connection, changed.paths)
    connection.commit()
    connection.execute("CHECKPOINT")
    return before, after


def _suitable(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    [info] = _rows(connection, "SELECT * FROM snapshot_info") or [{}]
    if not info or info["format"] != FORMAT or info["duckdb_version"] != duckdb.__version__:
        raise Unsuitable("the older snapshot was made by another version of DuckDB")
    if not info["committed"] or info["shallow"]:
        raise Unsuitable("the older snapshot knows only a part of the history")
    return info


@dataclass(frozen=True)
class _Changed:
    """What differs between an older snapshot and a revision.

    Args:
        paths: of files that came, went, changed, or won or lost their id to another file.
        layout, entries: of those that the revision has.
        index: whether the index or the set of metrics differs.
    """

    paths: set[str]
    layout: Layout
    entries: dict[str, Entry]
    index: bool


def _changed(
    repository: Repository, old: str | None, revision: Revision, newer: Iterable[str]
) -> _Changed:
    """Compare the trees; only folders that differ are read.

    Args:
        newer: paths that commits since then changed, perhaps back to what they were.
    """
    changes = {change.path: change for change in repository.changes(old, revision.tree)}
    paths = changes.keys() | set(newer)
    there = {
        entry.path: entry
        for folder in {path.rpartition("/")[0] for path in paths}
        for entry in repository.folder(revision.tree, folder)
    }
    there |= {path: change.new for path, change in changes.items() if change.new is not None}
    claims, stems = {claim(path) for path in paths} - {None}, {_stem(path) for path in paths}
    paths |= {path for path in there if _stem(path) in stems and claim(path) in claims}
    entries = {path: there[path] for path in sorted(paths & there.keys())}
    layout = survey((entry.path, entry.kind) for entry in entries.values())
    came_or_went = {
        claim(path) for path, it in changes.items() if _is_file(it.old) != _is_file(it.new)
    }
    index = bool(came_or_went - {None}) or "index " in claims
    return _Changed(paths, layout, entries, index)


def _stem(path: str) -> str:
    """What files with one claim have in common, and what is quickly told."""
    return path.rpartition("/")[2].rpartition(".")[0].casefold()


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.kind in ("file", "twice")


def _of_files(histories: dict[str, FileHistory]) -> dict[str, FileHistory]:
    """Leave out paths that no file of a catalog can have; they may be no text at all."""
    slots = survey((path, "file") for path in sorted(histories))
    places = slots.slots.keys() | {finding.path for finding in slots.diagnostics}
    return {path: history for path, history in histories.items() if path in places}


def _continue_histories(
    connection: duckdb.DuckDBPyConnection, changed: set[str], newer: dict[str, FileHistory]
) -> dict[str, FileHistory]:
    """The histories of what changed: the first change as known before, the last as it is now."""
    wanted = [path for path in changed | newer.keys() if printable(path) == path]
    known = _rows(
        connection, "SELECT * FROM file_history WHERE list_contains($1, path)", [sorted(wanted)]
    )
    histories = {row["path"]: _history(row) for row in known}
    for path, history in newer.items():
        first = histories[path].first if path in histories else history.first
        histories[path] = replace(history, first=first)
    return histories


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
    changed: Iterable[str],
) -> dict[str, FileHistory]:
    """Give files that are in no commit the commit that the working tree is based on."""
    commit = repository.commit(revision.commit)
    missing = {path: FileHistory(path, commit, commit) for path in changed if path not in histories}
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
