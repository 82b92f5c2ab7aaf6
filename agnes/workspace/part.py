"""A file of which a part has come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO

from agnes.workspace.boot import boot

_MAGIC = b"PAR1"
_SAY_EVERY = 1 << 20


class Part:
    """A file that is coming, and the hash of what has come."""

    def __init__(self, file: IO[bytes], advance: Callable[[int], None]) -> None:
        self._file = file
        self._advance = advance
        self._digest = file_digest(file, "sha256")  # type: ignore[arg-type]
        self.size = file.tell()
        self._told = 0
        self.tell()

    @property
    def hash(self) -> str:
        """SHA-256 of what has come."""
        return self._digest.hexdigest()

    def add(self, chunk: memoryview) -> None:
        """Append what came."""
        self._digest.update(chunk)
        rest = chunk
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size += len(chunk)
        if self.size - self._told >= _SAY_EVERY:
            self.tell()

    def clear(self) -> None:
        """Begin anew."""
        if not self.size:
            return
        self._file.seek(0)
        self._file.truncate()
        self._digest = sha256()
        self.size = 0
        self.tell()

    def tell(self, size: int | None = None) -> None:
        """Say how much is there."""
        size = self.size if size is None else size
        self._advance(size - self._told)
        self._told = size

    def is_parquet(self) -> bool:
        """Whether it begins and ends as such a file does."""
        if self.size < 3 * len(_MAGIC):
            return False
        self._file.seek(0)
        first = self._file.read(len(_MAGIC))
        self._file.seek(-len(_MAGIC), os.SEEK_END)
        return first == self._file.read(len(_MAGIC)) == _MAGIC

    def finish(self) -> None:
        """Nothing more is to come."""
        if boot() is None:
            os.fsync(self._file.fileno())
        self.tell()


@contextmanager
def opened(path: Path, advance: Callable[[int], None]) -> Iterator[Part]:
    """What has come of a file, to go on with.

    Args:
        advance: is told how many bytes have come; fewer than nothing where they have to come again.
    """
    with path.open("r+b" if path.exists() else "w+b", buffering=0) as file:
        part = Part(file, advance)
        try:
            yield part
        except BaseException:
            part.tell(0)  # whoever goes on begins by saying what is there
            raise
