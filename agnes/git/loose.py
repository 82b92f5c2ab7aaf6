"""Loose objects, read from their own files.

libgit2 1.9.7 never returns from one that is cut off (libgit2#7342), which is what a power failure
leaves behind. Source of the format: "Git Internals - Git Objects" in Pro Git: zlib of
`<kind> <size>`, a NUL and the content; the id is the SHA-1 of it all.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

MAX_BYTES = 64 << 20


class DamagedError(Exception):
    """A loose object that is cut off, is not what its name says, or is larger than `MAX_BYTES`."""


def read_loose(folders: Sequence[Path], oid: str) -> tuple[str, bytes] | None:
    """Read an object that has a file of its own.

    Args:
        folders: where objects are.
        oid: in hex.

    Returns:
        Its kind (`blob`, `tree`, `commit`, `tag`) and content; None where it has no file: it is in
        a pack, in another repository, or nowhere.

    Raises:
        DamagedError: its file cannot be used.
    """
    for folder in folders:
        try:
            data = (folder / oid[:2] / oid[2:]).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise DamagedError from error
        return _unpack(data, oid)
    return None


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
