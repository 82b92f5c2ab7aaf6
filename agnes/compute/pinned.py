"""A snapshot of data: the parquet files of one moment, each pinned by its hash.

    data/parquet/orders.parquet
    data/snapshots/2026-11-28T0615/orders.parquet   the same file: a hard link takes no space
    data/snapshots/2026-11-28T0615/manifest.json    when it was taken, and each file's SHA-256

A sync puts a new file in the place of an old one, and the old one lives on in the snapshot. Who
writes into a file in its place changes the snapshot too; therefore what is to be read is compared
with its hash first. A snapshot is a folder like any other to whatever takes `--data`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agnes.compute.folder import Data
from agnes.errors import AgnesError
from agnes.model.names import TABLE_ID
from agnes.tables.atomic import new_file

MANIFEST = "manifest.json"
_DAMAGED = (OSError, ValueError, TypeError, KeyError, AttributeError)
"""What reading a manifest raises that is none."""


@dataclass(frozen=True)
class Pinned:
    """One table of a snapshot.

    Args:
        hash: SHA-256 of the parquet file, in hexadecimal digits.
    """

    hash: str
    size_bytes: int


@dataclass(frozen=True)
class DataSnapshot:
    """The parquet files of one moment.

    Args:
        created: when it was taken, in UTC.
        tables: by id.
    """

    name: str
    folder: Path
    created: datetime
    tables: Mapping[str, Pinned]

    @property
    def size_bytes(self) -> int:
        """The size of its files; what they share with others is counted here too."""
        return sum(it.size_bytes for it in self.tables.values())

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each table's file."""
        return {table_id: it.hash for table_id, it in self.tables.items()}

    def data(self) -> Data:
        """What is in it, once every file is known to be as it was.

        Raises:
            AgnesError: one is not.
        """
        files = {table_id: self.folder / f"{table_id}.parquet" for table_id in self.tables}
        for table_id, file in files.items():
            try:
                is_same = hash_of(file) == self.tables[table_id].hash
            except OSError as error:
                raise self._damaged(f"{file.name} cannot be read: {error.strerror}") from None
            if not is_same:
                raise self._damaged(f"{file.name} is not what was pinned: it was written to")
        return Data(self.name, {table_id: [file] for table_id, file in files.items()})

    def _damaged(self, what: str) -> AgnesError:
        return AgnesError(
            f"the data snapshot {self.name} is damaged: {what}",
            f"delete it: da data remove {self.name}; and replace files, as da sync does",
        )

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        tables = {
            table_id: {"hash": it.hash, "size_bytes": it.size_bytes}
            for table_id, it in self.tables.items()
        }
        return {
            "name": self.name,
            "created": _iso(self.created),
            "folder": str(self.folder),
            "size_bytes": self.size_bytes,
            "tables": tables,
        }


def hash_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_manifest(manifest: Path, created: datetime, tables: Mapping[str, Pinned]) -> None:
    """Write what a snapshot is, once its files are there.

    Raises:
        UnavailableError: it cannot be written.
    """
    said = {id_: {"hash": it.hash, "size_bytes": it.size_bytes} for id_, it in tables.items()}
    with new_file(manifest) as file:
        text = json.dumps({"version": 1, "created": _iso(created), "tables": said}, indent=1)
        file.write(text.encode())


def read_snapshot(folder: Path) -> DataSnapshot:
    """The snapshot that a folder is; its files are looked at when they are asked for.

    Raises:
        AgnesError: it is none, or damaged.
    """
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        created = datetime.fromisoformat(said["created"]).astimezone(UTC)
        tables = dict(map(_pinned, said["tables"].items()))
    except _DAMAGED:
        raise AgnesError(
            f"the data snapshot {folder.name} is damaged: {MANIFEST} cannot be read",
            f"da data remove {folder.name}",
        ) from None
    return DataSnapshot(folder.name, folder, created, tables)


def _pinned(entry: tuple[str, Any]) -> tuple[str, Pinned]:
    table_id, said = entry
    if not re.fullmatch(TABLE_ID, table_id):
        raise ValueError(table_id)
    return table_id, Pinned(str(said["hash"]), int(said["size_bytes"]))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
