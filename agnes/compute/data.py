"""The data that a query reads, by hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agnes.errors import AgnesError
from agnes.queries.tables import Tables, names_of
from agnes.sql.names import lower

Notes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Files:
    """The files that an engine reads.

    Args:
        tables: the parquet files of each table.
        notes: hashes that are known, see `hashes_of`.
    """

    tables: Tables
    notes: Notes = field(default_factory=dict)


def files_of(reads: Iterable[str], tables: Tables) -> dict[str, Path]:
    """The file of each table that a query reads, by the table's id.

    Args:
        reads: what the query calls them, see `agnes.sandbox.Result`.
    """
    ids = {tuple(files): table_id for table_id, files in tables.items()}
    named = names_of(tables)
    called = [named.get(lower(name.removeprefix("main."))) for name in reads]
    found = {ids[tuple(files)]: Path(files[0]) for files in called if files}
    return dict(sorted(found.items()))


def tables_read(sql: str, tables: Tables) -> dict[str, Path]:
    """The file of each table that a query reads, by the table's id; it is not run."""
    from agnes.sql.gate import read_query

    return files_of([read.name for read in read_query(sql, file_names=True).reads], tables)


def hashes_of(files: Mapping[str, Path], notes: Notes) -> dict[str, str]:
    """The SHA-256 of each file.

    Args:
        notes: what a workspace noted of its tables; a file that was not touched since is not read.
    """
    from agnes.workspace.download import hash_of
    from agnes.workspace.state import is_as_noted

    found = {}
    for table_id, path in files.items():
        note = notes.get(table_id, {})
        noted = str(note.get("hash", ""))
        found[table_id] = noted if noted and is_as_noted(path, noted, note) else hash_of(path)
    return found


Versions = Mapping[str, tuple[int, int, int] | None]


def versions_of(tables: Tables) -> Versions:
    """What tells the files of tables from others in their place: inode, nanoseconds, bytes."""
    return {table_id: _version(Path(files[0])) for table_id, files in tables.items() if files}


def check_unmoved(before: Versions, files: Mapping[str, Path]) -> None:
    """See that files are those of before, so that their hashes speak of what was read since.

    Raises:
        AgnesError: one was replaced or written to.
    """
    for table_id, path in files.items():
        if _version(path) != before.get(table_id):
            message = f"the data of {table_id} changed while the query ran"
            raise AgnesError(message, "run it again")


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
