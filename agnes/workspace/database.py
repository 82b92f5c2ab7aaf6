"""`analytics.duckdb`: one file where one SQL connection answers everything.

    "in.c-crm.company"      a view per parquet file, named after its table
    company                 the same by the last part of its name, where that is free
    metric_definitions, column_metadata, table_registry, categories     the catalog's tables

What else is in it is its user's and stays there. It is made anew in a copy that takes its place:
who has the old file open goes on reading it.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from os import stat_result
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.cache.engine import attached
from agnes.errors import CacheError, ConflictError, UnavailableError
from agnes.model.layout import printable
from agnes.tables.atomic import sync_file, sync_folder, writing
from agnes.workspace.layout import Workspace

if TYPE_CHECKING:
    import duckdb

CATALOG = ("metric_definitions", "column_metadata", "table_registry", "categories")
"""The catalog's tables that are put beside the data."""
MARK = "Made by Agnes; da sync makes it anew."
"""The comment on what is ours. Who replaces one of these views makes it their own by that."""
LOCK_SECONDS = 120.0
_IN_USE = re.compile(r"Conflicting lock is held|Unique file handle|different configuration")
_PID = re.compile(r"\(PID (\d+)\)")


@dataclass
class Built:
    """What is in the database.

    Args:
        tables: how many parquet files have a view.
        views: how many views there are, those by shorter names too.
        rows: how many rows the tables have.
        skipped: what has no view, and why.
        renamed: what of the user's had the name of a table; its new name.
        replaced: where the database that was there before is, if it could not be read.
    """

    tables: int = 0
    views: int = 0
    rows: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    replaced: Path | None = None


def build_database(workspace: Workspace, snapshot: Path) -> Built:
    """Make a workspace's database from its parquet files and a snapshot of the catalog.

    Raises:
        ConflictError: another process has it open for writing, or changed it meanwhile.
        CacheError: the snapshot cannot be read.
        UnavailableError: it cannot be written. What was there before still is, as in all cases.
    """
    import duckdb

    target, folder = workspace.database, workspace.duckdb_dir
    with writing(target), _alone(folder):
        temporary = folder / f".analytics.{secrets.token_hex(8)}.tmp"
        try:
            replaced = _set_aside(target)
            before = _copy(target, temporary)
            built = _fill(temporary, workspace, snapshot)
            built.replaced = replaced
            sync_file(temporary)
            _take_place(temporary, target, before)
        except duckdb.Error as error:
            raise UnavailableError(
                f"cannot write {target.name}: {_first_line(error)}", "is the disk full?"
            ) from error
        finally:
            _remove(temporary)
    return built


def is_at_home(workspace: Workspace) -> bool:
    """Whether the views of the database read this folder's files: not where it was moved.

    Raises:
        CacheError: the database cannot be opened.
    """
    import duckdb

    where = _literal(str(workspace.parquet_dir.absolute()))[1:-1]
    try:
        with duckdb.connect(str(workspace.database), read_only=True) as connection:
            found = connection.execute(
                "SELECT sql FROM duckdb_views() WHERE comment = $1", [MARK]
            ).fetchall()
    except duckdb.Error as error:
        raise CacheError(f"{workspace.database} cannot be opened: {_first_line(error)}") from error
    return all(f"'{where}/" in sql for (sql,) in found)


def holder(database: Path) -> str | None:
    """Who has a database open for writing, if somebody has."""
    import duckdb

    try:
        duckdb.connect(str(database), read_only=True).close()
    except duckdb.Error as error:
        return _holder(str(error)) if _IN_USE.search(str(error)) else None
    return None


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
    import duckdb

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
    import duckdb

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


def _fill(temporary: Path, workspace: Workspace, snapshot: Path) -> Built:
    """Drop what an earlier build made, and make it anew."""
    with attached(temporary) as connection:
        theirs = _drop_ours(connection, workspace)
        tables, skipped = _readable(connection, workspace)
        built = Built(len(tables), 0, sum(rows for _, rows in tables.values()), skipped)
        for wanted in (*CATALOG, *tables):
            if kind := theirs.get(wanted.lower()):
                built.renamed |= _rename(connection, kind, wanted, theirs)
        connection.execute("BEGIN")
        _copy_catalog(connection, snapshot)
        taken = {*theirs, *CATALOG, *(name.lower() for name in tables)}
        short = Counter(name.rpartition(".")[2].lower() for name in tables)
        for name, (source, _) in tables.items():
            last = name.rpartition(".")[2]
            _create(connection, name, source)
            built.views += 1
            if last and short[last.lower()] == 1 and last.lower() not in taken:
                _create(connection, last, source)
                built.views += 1
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    return built


def _drop_ours(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> dict[str, str]:
    """Drop what is ours; the kinds of what is left, by name in small letters."""
    found = connection.execute(
        "SELECT 'TABLE', table_name, comment, sql FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = 'main' "
        "UNION ALL SELECT 'VIEW', view_name, comment, sql FROM duckdb_views() "
        "WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal"
    ).fetchall()
    theirs = {}
    connection.execute("BEGIN")
    for kind, name, comment, sql in found:
        if comment == MARK or (kind == "VIEW" and _is_of_old(name, sql, workspace)):
            connection.execute(f"DROP {kind} {_quoted(name)}")
        else:
            theirs[name.lower()] = kind
    connection.execute("COMMIT")
    return theirs


def _is_of_old(name: str, sql: str, workspace: Workspace) -> bool:
    """Whether a view is one that an older version made, which left no comment."""
    read = re.search(r"AS SELECT \* FROM read_parquet\('([^']*)'\);?$", sql.strip())
    return read is not None and read[1].endswith(f"/data/parquet/{workspace.parquet(name).name}")


def _readable(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> tuple[dict[str, tuple[str, int]], dict[str, str]]:
    """The tables whose files can be read: what a view selects from, and its rows; and the others.

    DuckDB tells no names apart by their case.
    """
    import duckdb

    tables: dict[str, tuple[str, int]] = {}
    skipped: dict[str, str] = {}
    known = dict.fromkeys(CATALOG, "that is a table of the catalog")
    for path in sorted(workspace.parquet_dir.glob("*.parquet")):
        name, shown = path.stem, printable(path.stem)
        if name.startswith(".") or not path.is_file():
            continue
        if why := known.get(name.lower()):
            skipped[shown] = why
            continue
        try:
            name.encode()  # DuckDB takes nothing else
            source = f"read_parquet({_literal(str(path.absolute()))})"
            connection.execute(f"FROM {source} LIMIT 0")
            ((rows,),) = connection.execute(
                f"SELECT sum(num_rows)::BIGINT FROM {_footer(path)}"  # noqa: S608
            ).fetchall()
        except (duckdb.Error, UnicodeError) as error:
            skipped[shown] = _first_line(error)
            continue
        known[name.lower()] = f"{name} has its name, but for its case"
        tables[name] = source, rows or 0
    return tables, skipped


def _rename(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, theirs: dict[str, str]
) -> dict[str, str]:
    """Let a user's own table or view have another name than the one that a table has."""
    import duckdb

    new = f"{name}_mine"
    while new.lower() in theirs:
        new += "_"
    try:
        connection.execute(f"ALTER {kind} {_quoted(name)} RENAME TO {_quoted(new)}")
    except duckdb.Error:  # it has an index
        connection.execute(f"CREATE TABLE {_quoted(new)} AS FROM {_quoted(name)}")
        connection.execute(f"DROP {kind} {_quoted(name)} CASCADE")
    theirs[new.lower()] = theirs.pop(name.lower())
    return {name: new}


def _copy_catalog(connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    import duckdb

    other = f"catalog_{secrets.token_hex(4)}"
    try:
        if not snapshot.is_file():
            raise duckdb.IOException("there is no such file")
        connection.execute(f"ATTACH {_text(str(snapshot))} AS {other} (READ_ONLY)")
        for name in CATALOG:
            connection.execute(f"CREATE TABLE {name} AS FROM {other}.main.{name}")
            connection.execute(f"COMMENT ON TABLE {name} IS {_text(MARK)}")
    except duckdb.Error as error:
        raise CacheError(
            f"the snapshot {snapshot} cannot be read: {_first_line(error)}", "get it anew: da sync"
        ) from error
    connection.execute("COMMIT")
    connection.execute(f"DETACH {other}")
    connection.execute("BEGIN")


def _create(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> None:
    view = f"CREATE VIEW {_quoted(name)} AS SELECT * FROM {source}"  # noqa: S608
    connection.execute(view)
    connection.execute(f"COMMENT ON VIEW {_quoted(name)} IS {_text(MARK)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _literal(path: str) -> str:
    """A path as text of SQL where DuckDB looks for patterns in it."""
    return _text(re.sub(r"[\[*?]", lambda char: f"[{char[0]}]", path))


def _footer(path: Path) -> str:
    return f"parquet_file_metadata({_literal(str(path.absolute()))})"


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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
