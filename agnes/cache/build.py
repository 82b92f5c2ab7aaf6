"""Building a snapshot: a pure function of the commit, whether from nothing or from an older one."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from agnes.cache.carry import Unsuitable, carry_on
from agnes.cache.dates import date_previews, of_files
from agnes.cache.digest import Versions
from agnes.cache.engine import attached
from agnes.cache.produce import Producer
from agnes.cache.query import COUNTS, Snapshot
from agnes.cache.store import FORMAT, unwritable
from agnes.cache.write import Progress, Revision, Writer
from agnes.errors import CacheError, NotACatalogError
from agnes.git.history import file_histories
from agnes.git.refs import MARKER
from agnes.git.repository import Repository
from agnes.model.layout import survey


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
    """What a sync tells of a snapshot: its findings, as rows, how much it holds, and in which
    versions, if it was asked for them.
    """

    findings: list[dict[str, Any]]
    counts: dict[str, int]
    versions: Versions


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
            with attached(target) as connection:
                _build_from_nothing(repository, revision, connection, progress)
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise unwritable(target.parent, error) from error
    _sync_to_disk(target)
    try:
        with attached(target, read_only=True) as connection:
            written = Snapshot(target, connection)
            read = _read(written, revision.commit, versions=built.changed is None)
    except duckdb.Error as error:
        raise CacheError(f"the snapshot {target} cannot be read: {error}", _REBUILD) from error
    return replace(built, read=read)


def check(path: Path, commit: str, *, versions: bool = False) -> Read:
    """Read a whole snapshot, and compare it with what it says of itself.

    Args:
        versions: read what is served under each id too.

    Raises:
        CacheError: it is not the snapshot of this commit, is damaged, or of another format.
    """
    with Snapshot(path) as snapshot:
        return _read(snapshot, commit, versions=versions)


def _read(snapshot: Snapshot, commit: str, *, versions: bool) -> Read:
    info, path = snapshot.info(), snapshot.path
    if info["commit_id"] != commit or info["format"] != FORMAT:
        raise CacheError(f"the snapshot {path} is of another commit or format", _REBUILD)
    if info["duckdb_version"] != duckdb.__version__ or info["digest"] != snapshot.digest():
        raise CacheError(f"the snapshot {path} does not hold what was written", _REBUILD)
    found = snapshot.versions() if versions else {}
    return Read(snapshot.diagnostics(), {name: info[name] for name in COUNTS}, found)


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
        histories = of_files(file_histories(repository, revision.commit) or {})
        if not revision.committed:
            histories = date_previews(repository, revision.commit, histories, layout.slots)
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
        with attached(target) as connection:
            return Built(carry_on(repository, revision, connection, progress))
    except Unsuitable as why:
        reason = str(why)
    except FileNotFoundError:
        reason = f"the snapshot of {base.stem[:10]} is gone"
    except duckdb.Error:
        reason = f"the snapshot of {base.stem[:10]} is damaged"
    target.unlink(missing_ok=True)
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    return Built(reason=reason)


@cache
def _schema() -> str:
    return (files("agnes.cache") / "schema.sql").read_text(encoding="utf-8")


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
