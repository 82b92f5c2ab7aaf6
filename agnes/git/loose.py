"""Loose objects, read from their own files.

libgit2 1.9.7 never returns from one that is cut off (libgit2#7342), which is what a power failure
leaves behind. Source of the format: "Git Internals - Git Objects" in Pro Git: zlib of
`<kind> <size>`, a NUL and the content; the id is the SHA-1 of it all.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from hashlib import sha1
from pathlib import Path

MAX_BYTES = 64 << 20


class DamagedError(Exception):
    """A loose object that is cut off, is not what its name says, or is larger than `MAX_BYTES`."""


class LooseObjects:
    """The objects that have a file of their own.

    Folders are listed once: most objects are in packs, and asking for each takes longer than
    reading them there.

    Args:
        folders: where objects are.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = list(folders)
        self._listed: dict[str, dict[str, Path]] = {}

    def read(self, oid: str) -> tuple[str, bytes] | None:
        """Read an object.

        Args:
            oid: in hex.

        Returns:
            Its kind (`blob`, `tree`, `commit`, `tag`) and content; None where it had no file when
            its folder was listed: it is in a pack, in another repository, newer, or nowhere.

        Raises:
            DamagedError: its file cannot be used.
        """
        first = oid[:2]
        if first not in self._listed:
            self._listed[first] = self._list(first)
        file = self._listed[first].get(oid[2:])
        if file is None:
            return None
        try:
            return _unpack(file.read_bytes(), oid)
        except FileNotFoundError:
            return None  # packed meanwhile
        except OSError as error:
            raise DamagedError from error

    def _list(self, first: str) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            try:
                found |= {file.name: file for file in (folder / first).iterdir()}
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise DamagedError from error
        return found


def _unpack(data: bytes, oid: str) -> tuple[str, bytes]:
    unpacker = zlib.decompressobj()
    try:
        whole = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise DamagedError from error
    if not unpacker.eof or sha1(whole, usedforsecurity=False).hexdigest() != oid:
        raise DamagedError
    header, _, content = whole.partition(b"\0")
    return header.partition(b" ")[0].decode("ascii"), content
