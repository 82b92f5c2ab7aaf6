"""The data folder: a parquet file for each table, and a manifest of what is in them.

    parquet/<table_id>.parquet
    parquet/manifest.json

A file takes its place before the manifest tells of it. Where the two disagree, after a crash or
because somebody put a file there by hand, the file is right, and the manifest is mended.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

from agnes.errors import AgnesError, NotFoundError, UnavailableError
from agnes.model.names import TABLE_ID
from agnes.tables.atomic import new_file, sync_file, sync_folder, writing
from agnes.tables.convert import describe

SUFFIX = ".parquet"
_CHUNK = 1 << 20
_INCOMING = ".incoming-"


@dataclass(frozen=True)
class Entry:
    """A table's data.

    Args:
        hash: SHA-256 of the file, in hexadecimal digits.
        rows: None where the file is no parquet file.
        updated: when it came, ISO 8601 in UTC.
        stamp: what tells this file from another one in its place: inode, nanoseconds, bytes.
    """

    hash: str
    rows: int | None
    size_bytes: int
    updated: str
    stamp: tuple[int, int, int]

    def as_dict(self) -> dict[str, Any]:
        """What clients are told."""
        return {
            "hash": self.hash,
            "updated": self.updated,
            "size_bytes": self.size_bytes,
            "rows": self.rows,
        }


class DataFolder:
    """The data of an instance.

    Args:
        path: the data folder; it is made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parquet = path / "parquet"
        self._manifest = self.parquet / "manifest.json"

    def file(self, table_id: str) -> Path:
        """Where a table's data is, or would be.

        Raises:
            NotFoundError: no table can have that id.
        """
        if not re.fullmatch(TABLE_ID, table_id):
            raise NotFoundError("no such table")
        return self.parquet / f"{table_id}{SUFFIX}"

    def entries(self, table_ids: Iterable[str] | None = None) -> dict[str, Entry]:
        """What there is, by table; mended where the manifest is behind.

        Args:
            table_ids: only of these.
        """
        found = self._stamps(table_ids)
        known = self._read()
        if any(id_ not in known or known[id_].stamp != stamp for id_, stamp in found.items()):
            known = self._mend(found)
        return {id_: known[id_] for id_ in found if id_ in known and known[id_].rows is not None}

    def entry(self, table_id: str) -> Entry | None:
        """What there is of one table."""
        return self.entries([table_id]).get(table_id)

    def open(self, table_id: str) -> tuple[IO[bytes], Entry]:
        """A table's file, and what it holds, however often it is replaced meanwhile.

        Raises:
            NotFoundError: there is no data.
        """
        path = self.file(table_id)
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise FileNotFoundError(path)
            file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
        except OSError:
            raise NotFoundError(
                f"Table '{table_id}' has no data yet", "bring it in: POST /api/sync/trigger"
            ) from None
        try:
            status = os.fstat(file.fileno())
            known = self._read().get(table_id)
            if known is None or known.stamp != _stamp(status):
                known = _entry_of(file, status, rows=0)
        except BaseException:
            file.close()
            raise
        return file, known

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """A folder for what is on its way; it is deleted afterwards."""
        with writing(self.parquet):
            self.parquet.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self.parquet))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, table_id: str, file: Path, rows: int) -> Entry:
        """Put a parquet file in a table's place.

        Args:
            file: in the same file system; it is gone afterwards.

        Raises:
            UnavailableError: it cannot be; what was there before still is.
        """
        target = self.file(table_id)
        with writing(target):
            sync_file(file)
            with file.open("rb") as content:
                entry = _entry_of(content, os.fstat(content.fileno()), rows, now=True)
            with self._lock():
                before = self._read().get(table_id)
                there = self._stamps([table_id]).get(table_id)
                if before and before.hash == entry.hash and before.stamp == there:
                    entry = replace(entry, stamp=there)  # who is downloading it may go on
                else:
                    file.replace(target)
                    sync_folder(self.parquet)
                self._write(self._read() | {table_id: entry})
        return entry

    def remove(self, table_id: str) -> None:
        """Delete a table's data, if there is any."""
        target = self.file(table_id)
        if not target.exists():
            return
        with writing(target), self._lock():
            target.unlink(missing_ok=True)
            self._write({id_: it for id_, it in self._read().items() if id_ != table_id})

    def clear_litter(self) -> None:
        """Delete what killed processes left; nothing may be incoming."""
        for path in self.parquet.glob(f"{_INCOMING}*"):
            shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError), self._lock():
            for path in self.parquet.glob(".*.tmp"):
                path.unlink(missing_ok=True)

    def _stamps(self, table_ids: Iterable[str] | None) -> dict[str, tuple[int, int, int]]:
        if table_ids is None:
            names = [path.name for path in self.parquet.glob(f"*{SUFFIX}")]
            table_ids = [name.removesuffix(SUFFIX) for name in sorted(names)]
        found = {}
        for table_id in table_ids:
            if not re.fullmatch(TABLE_ID, table_id):
                continue
            with suppress(OSError):
                status = self.file(table_id).lstat()
                if stat.S_ISREG(status.st_mode):
                    found[table_id] = _stamp(status)
        return found

    def _mend(self, found: Mapping[str, tuple[int, int, int]]) -> dict[str, Entry]:
        with writing(self._manifest), self._lock():
            known = self._read()
            for table_id, stamp in found.items():
                if table_id in known and known[table_id].stamp == stamp:
                    continue
                with suppress(OSError), self.file(table_id).open("rb") as file:
                    rows = _rows(self.file(table_id))
                    known[table_id] = _entry_of(file, os.fstat(file.fileno()), rows)
            with suppress(UnavailableError):  # it is mended again by whoever looks next
                self._write(known)
        return known

    def _lock(self) -> FileLock:
        self.parquet.mkdir(parents=True, exist_ok=True)
        return FileLock(self.parquet / ".lock", timeout=60)

    def _read(self) -> dict[str, Entry]:
        try:
            said = json.loads(self._manifest.read_bytes())["tables"]
            return {
                id_: Entry(**fields | {"stamp": tuple(fields["stamp"])})
                for id_, fields in said.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}  # none yet, or damaged: made again from the files

    def _write(self, entries: Mapping[str, Entry]) -> None:
        said = {id_: asdict(entries[id_]) for id_ in sorted(entries)}
        with new_file(self._manifest) as file:
            file.write(json.dumps({"version": 1, "tables": said}, indent=1).encode())


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _entry_of(
    file: IO[bytes], status: os.stat_result, rows: int | None, *, now: bool = False
) -> Entry:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    file.seek(0)
    moment = datetime.now(UTC) if now else datetime.fromtimestamp(status.st_mtime, UTC)
    updated = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Entry(digest.hexdigest(), rows, status.st_size, updated, _stamp(status))


def _rows(path: Path) -> int | None:
    with suppress(AgnesError):
        return describe([path], "parquet").rows
    return None
