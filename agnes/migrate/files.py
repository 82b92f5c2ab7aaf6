"""Replacing a DuckDB file by a changed copy, with nobody writing to it meanwhile."""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

from agnes.errors import ConflictError


def in_use(file: Path, reason: str) -> ConflictError:
    """The error for a file that another process is working with."""
    return ConflictError(
        f"{file} is in use: {reason}", "stop the server that has it open, then try again"
    )


def wal_of(file: Path) -> Path:
    """Where DuckDB keeps what is not in the file yet; gone once a connection was closed."""
    return file.with_name(f"{file.name}.wal")


def remove_litter(file: Path) -> None:
    """Remove what a run left that was killed."""
    shutil.rmtree(_folder_of(file), ignore_errors=True)


class Copy:
    """A copy of a locked file, in a folder of its own beside it.

    Args:
        path: where the copy is.
    """

    def __init__(self, original: IO[bytes], file: Path, folder: Path) -> None:
        self._original, self._file = original, file
        self.path = self._write(folder / file.name)
        if wal_of(file).exists():
            shutil.copyfile(wal_of(file), wal_of(self.path))

    def put_in_place(self, backup: Path) -> None:
        """Keep the original under the name `backup`, and give the copy its name.

        A different file of the name `backup` moves out of its way, to `<backup>.1`. If it is the
        last rename that fails, the backup stays: the next run finds it equal.
        """
        _sync(self.path)
        kept = self._write(self.path.with_name(backup.name))
        _sync(kept)
        if backup.exists() and not filecmp.cmp(kept, backup, shallow=False):
            others = (backup.with_name(f"{backup.name}.{number}") for number in count(1))
            backup.rename(next(path for path in others if not path.exists()))
        kept.replace(backup)
        self.path.replace(self._file)
        with suppress(OSError):  # It is done; to fail now would say that it is not.
            _sync(self._file.parent)

    def _write(self, target: Path) -> Path:
        # Through the one handle: to close another one of this process would drop the lock.
        self._original.seek(0)
        with target.open("xb") as file:
            shutil.copyfileobj(self._original, file, 1 << 20)
        status = self._file.stat()
        os.chown(target, status.st_uid, status.st_gid)
        shutil.copystat(self._file, target)
        return target


@contextmanager
def locked_copy(file: Path) -> Iterator[Copy]:
    """Copy a file and hold the lock that DuckDB takes on it, until the block ends.

    Raises:
        ConflictError: another process has it open.
        OSError: it cannot be read and written, or there is no space for a copy.
    """
    with file.open("r+b", buffering=0) as original:
        try:
            fcntl.lockf(original, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise in_use(file, "another process has locked it") from None
        if not os.path.samestat(os.fstat(original.fileno()), file.stat()):
            raise in_use(file, "it was replaced just now")
        remove_litter(file)
        folder = _folder_of(file)
        folder.mkdir(mode=0o700)
        try:
            yield Copy(original, file, folder)
        finally:
            remove_litter(file)


def _folder_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.upgrade")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
