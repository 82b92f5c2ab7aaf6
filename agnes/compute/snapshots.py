"""The snapshots of a data folder: taking, finding and deleting them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agnes.compute.folder import Data, parquet_folder, tables_of
from agnes.compute.pinned import (
    MANIFEST,
    DataSnapshot,
    Pinned,
    hash_of,
    read_snapshot,
    write_manifest,
)
from agnes.errors import AgnesError, ConflictError, NotFoundError, UsageError
from agnes.model.names import nearest
from agnes.tables.atomic import sync_file, sync_folder, writing

FOLDER = "snapshots"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_INCOMING = ".incoming-"
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Taken:
    """What came of taking a snapshot.

    Args:
        is_new: whether it was made; not where the newest one has the same data.
        copied: tables that could not be linked, and take space.
    """

    snapshot: DataSnapshot
    is_new: bool
    copied: tuple[str, ...] = ()


class DataSnapshots:
    """The snapshots of a folder of parquet files; they are kept beside it.

    Args:
        parquet: the folder.
    """

    def __init__(self, parquet: Path) -> None:
        self._parquet = parquet.resolve()
        beside = self._parquet.parent if self._parquet.name == "parquet" else self._parquet
        self.path = beside / FOLDER

    def take(
        self,
        name: str | None = None,
        now: datetime | None = None,
        advance: Advance = lambda _done, _total: None,
    ) -> Taken:
        """Pin the data as they are.

        Args:
            name: what to call it. By default the time in UTC; there is no new one then if nothing
                has changed since the newest.
            advance: is told how many tables are done, and of how many.

        Raises:
            UsageError: nothing can be called so.
            ConflictError: another one is.
            NotFoundError: there are no data.
            UnavailableError: it cannot be written.
        """
        now = now or datetime.now(UTC)
        if name is not None:
            self._check(name)
        tables = {table_id: files[0] for table_id, files in tables_of(self._parquet).items()}
        if not tables:
            raise NotFoundError(f"no data: there is no <table_id>.parquet in {self._parquet}")
        with writing(self.path):
            self.path.mkdir(exist_ok=True)
            (self.path / ".gitignore").write_text("*\n")  # they are nothing for a repository
            folder = self.path / f"{_INCOMING}{secrets.token_hex(8)}"
            folder.mkdir()
        try:
            found, copied = self._pin(tables, folder, advance)
            newest = next(reversed(self.all()), None)
            if name is None and newest is not None and newest.tables == found:
                return Taken(newest, is_new=False)
            name = name or self._free(f"{now:%Y-%m-%dT%H%M}")
            write_manifest(folder / MANIFEST, now, found)
            with writing(self.path):
                self._place(folder, name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return Taken(self.get(name), is_new=True, copied=tuple(copied))

    def all(self) -> list[DataSnapshot]:
        """Those that can be read, the oldest first."""
        found = []
        for manifest in self.path.glob(f"*/{MANIFEST}"):
            if _NAME.fullmatch(manifest.parent.name):
                with suppress(AgnesError):
                    found.append(read_snapshot(manifest.parent))
        return sorted(found, key=lambda it: (it.created, it.name))

    def damaged(self) -> list[str]:
        """The names of those that cannot be read."""
        folders = {it.name for it in self.path.glob("*/") if _NAME.fullmatch(it.name)}
        return sorted(folders - {it.name for it in self.all()})

    def get(self, name: str) -> DataSnapshot:
        """The one of a name.

        Raises:
            NotFoundError: there is none.
            AgnesError: it cannot be read.
        """
        if not self.has(name):
            names = [it.name for it in self.all()]
            near = nearest(name, names) or names[-3:]
            hint = f"there is: {', '.join(near)}" if near else "take one: da data snapshot"
            raise NotFoundError(f"no data snapshot is called {name!r} in {self.path}", hint)
        return read_snapshot(self.path / name)

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return bool(_NAME.fullmatch(name)) and (self.path / name).is_dir()

    def remove(self, name: str) -> None:
        """Delete one; a file that another one, or the data folder, has too stays there.

        Raises:
            NotFoundError: there is none.
        """
        if not self.has(name):
            self.get(name)
        aside = self.path / f"{_INCOMING}{secrets.token_hex(8)}"
        with writing(self.path):
            (self.path / name).rename(aside)
            shutil.rmtree(aside)

    def _check(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"a data snapshot cannot be called {name!r}",
                "letters, digits, dots, dashes and underscores, at most 64: before-migration",
            )
        if (self.path / name).exists():
            raise ConflictError(
                f"there is a data snapshot {name} already",
                "choose another name, or: da data remove",
            )

    def _free(self, name: str) -> str:
        """The name, with a number where it is taken."""
        number = 2
        free = name
        while (self.path / free).exists():
            free, number = f"{name}-{number}", number + 1
        return free

    def _place(self, folder: Path, name: str) -> None:
        try:
            folder.rename(self.path / name)
        except OSError:
            self._check(name)  # another process was quicker
            raise
        sync_folder(self.path)

    def _pin(
        self, tables: Mapping[str, Path], folder: Path, advance: Advance
    ) -> tuple[dict[str, Pinned], list[str]]:
        found: dict[str, Pinned] = {}
        copied = []
        for table_id, file in tables.items():
            target = folder / f"{table_id}.parquet"
            with writing(target):
                if not _link(file, target):
                    copied.append(table_id)
                found[table_id] = Pinned(hash_of(target), target.stat().st_size)
            advance(len(found), len(tables))
        return found, copied


def data_at(folder: Path) -> Data:
    """The data in a folder, or in its `data/parquet`; a snapshot's once they are as they were.

    Raises:
        NotFoundError: there are none.
        AgnesError: it is a snapshot, and damaged.
    """
    parquet = parquet_folder([folder])
    if parquet.resolve().parent.name == FOLDER and (parquet / MANIFEST).is_file():
        return read_snapshot(parquet).data()
    return Data(str(folder), tables_of(parquet))


def _link(file: Path, target: Path) -> bool:
    """Give a file another name; where that cannot be, copy it and say False.

    Another device, a file system without links, or another user's file, which Linux lets nobody
    else link (`fs.protected_hardlinks`).
    """
    try:
        os.link(file.resolve(), target)
    except OSError:
        shutil.copyfile(file, target)
        sync_file(target)
        return False
    return True
