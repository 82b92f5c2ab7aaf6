"""`analytics.duckdb`, made anew in a copy that takes its place.

Who has the old file open goes on reading it; what its user made in it stays.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import stat_result
from pathlib import Path

from agnes.cache.engine import attached
from agnes.errors import CacheError, ConflictError, UnavailableError
from agnes.tables.atomic import sync_file, sync_folder, writing
from agnes.workspace.layout import Workspace
from agnes.workspace.views import MARK, Built, fill, first_line, pattern

__all__ = ["Built", "build_database", "holder", "is_at_home", "is_damaged"]

LOCK_SECONDS = 120.0
_IN_USE = re.compile(r"Conflicting lock is held|Unique file handle|different configuration")
_PID = re.compile(r"\(PID (\d+)\)")


def build_database(workspace: Workspace, snapshot: Path) -> Built:
    """Make a workspace's database from its parquet files and a snapshot of the catalog.

    Raises:
        ConflictError: another process has it open for writing, or changed it meanwhile.
        CacheError: the snapshot cannot be read.
        UnavailableError: it cannot be written. What was there before still is, as in all cases.
    """
    import _duckdb as duckdb

    target, folder = workspace.database, workspace.duckdb_dir
    with writing(target), _alone(folder):
        temporary = folder / f".analytics.{secrets.token_hex(8)}.tmp"
        try:
            replaced = _set_aside(target)
            before = _copy(target, temporary)
            built = fill(temporary, workspace, snapshot)
            built.replaced = replaced
            sync_file(temporary)
            _take_place(temporary, target, before)
        except duckdb.Error as error:
            raise UnavailableError(
                f"cannot write {target.name}: {first_line(error)}", "is the disk full?"
            ) from error
        finally:
            _remove(temporary)
    return built


def is_at_home(workspace: Workspace) -> bool:
    """Whether the views of the database read this folder's files: not where it was moved.

    Raises:
        CacheError: the database cannot be opened.
    """
    import _duckdb as duckdb

    where = pattern(str(workspace.parquet_dir.absolute()))[1:-1]
    try:
        with duckdb.connect(str(workspace.database), read_only=True) as connection:
            found = connection.execute(
                "SELECT sql FROM duckdb_views() WHERE comment = $1", [MARK]
            ).fetchall()
    except duckdb.Error as error:
        raise CacheError(f"{workspace.database} cannot be opened: {first_line(error)}") from error
    return all(f"'{where}/" in sql for (sql,) in found)


def holder(database: Path) -> str | None:
    """Who has a database open for writing, if somebody has."""
    import _duckdb as duckdb

    try:
        duckdb.connect(str(database), read_only=True).close()
    except duckdb.Error as error:
        return _holder(str(error)) if _IN_USE.search(str(error)) else None
    return None


def is_damaged(database: Path) -> bool:
    """Whether a database cannot be opened, by nobody's doing but its own."""
    import _duckdb as duckdb

    try:
        duckdb.connect(str(database), read_only=True).close()
    except duckdb.Error as error:
        return not _IN_USE.search(str(error))
    return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only one who builds; clear away what killed ones left."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".analytics.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise ConflictError("another process is building the database", "wait for it") from None
    try:
        for path in folder.glob(".analytics.*.tmp*"):
            path.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _set_aside(target: Path) -> Path | None:
    """Move a database that nobody can read out of the way; a log that is not its own goes."""
    import _duckdb as duckdb

    if not target.exists():
        _log_of(target).unlink(missing_ok=True)  # DuckDB would take it for the new one's
        return None
    try:
        with attached(target, read_only=True):
            return None
    except duckdb.Error as error:
        text = str(error)
        if _IN_USE.search(text):
            raise _in_use(target, text) from None
        if "WAL" in text and _log_of(target).exists():
            # A build before this one was killed between the new file and the old one's log.
            _log_of(target).unlink()
            return _set_aside(target)
        if "ermission denied" in text:
            raise
    aside = target.with_name(f"analytics.{secrets.token_hex(4)}.damaged")
    target.replace(aside)
    if _log_of(target).exists():
        _log_of(target).replace(_log_of(aside))
    return aside


def _copy(target: Path, temporary: Path) -> stat_result | None:
    """Copy the database, which nobody may write meanwhile."""
    if not target.exists():
        return None
    with attached(target, read_only=True):  # its lock keeps writers away
        before = target.stat()
        if _log_of(target).exists():
            shutil.copyfile(_log_of(target), _log_of(temporary))
        shutil.copyfile(target, temporary)
    return before


def _take_place(temporary: Path, target: Path, before: stat_result | None) -> None:
    import _duckdb as duckdb

    if before is not None:
        try:
            with attached(target, read_only=True):
                now = target.stat()
        except duckdb.Error as error:
            raise _in_use(target, str(error)) from None
        if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
            raise ConflictError(f"{target.name} was changed meanwhile", "try again: da sync")
    temporary.replace(target)
    _log_of(target).unlink(missing_ok=True)
    sync_folder(target.parent)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _remove(path: Path) -> None:
    for it in (path, _log_of(path)):
        with suppress(OSError):
            it.unlink(missing_ok=True)


def _in_use(target: Path, reason: str) -> ConflictError:
    return ConflictError(
        f"{target.name} is open for writing in {_holder(reason)}",
        "close it there, or open it read-only, and run da sync again",
    )


def _holder(reason: str) -> str:
    found = _PID.search(reason)
    return f"process {found[1]}" if found else "another connection"
