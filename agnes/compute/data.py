"""The data that a query reads, by hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agnes.errors import AgnesError
from agnes.queries.tables import Tables, names_of
from agnes.sql.gate import read_query
from agnes.sql.names import lower
from agnes.workspace.download import hash_of
from agnes.workspace.state import is_as_noted

Notes = Mapping[str, Mapping[str, Any]]


def tables_read(sql: str, tables: Tables, parameters: Iterable[str] = ()) -> dict[str, Path]:
    """The file of each table that a query reads, by the table's id."""
    ids = {tuple(files): table_id for table_id, files in tables.items()}
    named = names_of(tables)
    reads = read_query(sql, file_names=True, parameters=list(parameters)).reads
    found = {}
    for read in reads:
        files = named.get(lower(read.name.removeprefix("main.")))
        if files:
            found[ids[tuple(files)]] = Path(files[0])
    return dict(sorted(found.items()))


def hashes_of(files: Mapping[str, Path], notes: Notes) -> dict[str, str]:
    """The SHA-256 of each file.

    Args:
        notes: what a workspace noted of its tables; a file that was not touched since is not read.
    """
    found = {}
    for table_id, path in files.items():
        note = notes.get(table_id, {})
        noted = str(note.get("hash", ""))
        found[table_id] = noted if noted and is_as_noted(path, noted, note) else hash_of(path)
    return found


class Unmoved:
    """Sees that files stay as they are while a block runs, so that hashes speak of what was read.

    Raises:
        AgnesError: at the end, one was replaced or written to.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._before = self._found()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None:
            return
        for table_id, status in self._found().items():
            if status != self._before[table_id]:
                message = f"the data of {table_id} changed while the query ran"
                raise AgnesError(message, "run it again")

    def _found(self) -> dict[str, tuple[int, int, int] | None]:
        return {table_id: _version(path) for table_id, path in self._files.items()}


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
