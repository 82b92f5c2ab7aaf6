"""Git's index, read from its own file: what is staged, and what git last saw on disk.

Source of the format: gitformat-index(5), versions 2 to 4. libgit2 tells neither sizes nor times.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agnes.errors import GitError

_HEADER = struct.Struct(">4sII")
_ENTRY = struct.Struct(">10I20sH")
_EXTENDED, _STAGE, _LOW, _ENDING = 0x4000, 0x3000, 0xFFFFFFFF, 20
_INTENT_TO_ADD = 0x2000


@dataclass(slots=True)
class IndexEntry:
    """One path.

    Args:
        path: in the repository; bytes that are not UTF-8 come as surrogates.
        mode: as trees have it.
        stage: above 0 where a merge is not resolved.
        seen: size, inode and time of change (ns) of the file when git last compared it.
    """

    path: str
    blob: str
    mode: int
    stage: int
    seen: tuple[int, int, int]


def read_index(path: Path) -> Iterator[IndexEntry]:
    """Read an index file; nothing where there is none.

    Raises:
        GitError: it has another format, or is cut off.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    try:
        yield from _entries(data)
    except (struct.error, IndexError, ValueError) as error:
        raise GitError(f"cannot read {path}: {error}", "check it with: git fsck") from None


def _entries(data: bytes) -> Iterator[IndexEntry]:
    signature, version, count = _HEADER.unpack_from(data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index of version 2, 3 or 4")
    at, before = _HEADER.size, b""
    for _ in range(count):
        start = at
        (_, _, seconds, nanoseconds, _, inode, mode, _, _, size, blob, flags) = _ENTRY.unpack_from(
            data, at
        )
        at += _ENTRY.size
        more = 0
        if flags & _EXTENDED:
            more = int.from_bytes(data[at : at + 2], "big")
            at += 2
        if version == 4:
            cut, at = _number(data, at)
            end = data.index(b"\0", at)
            name = before[: len(before) - cut] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at)
            name = data[at:end]
            at = start + (end - start + 8) // 8 * 8
        before = name
        if more & _INTENT_TO_ADD:
            continue  # `git add --intent-to-add`: the next commit would not have it
        yield IndexEntry(
            name.decode("utf-8", "surrogateescape"),
            blob.hex(),
            mode,
            (flags & _STAGE) >> 12,
            (size, inode, seconds * 1_000_000_000 + nanoseconds),
        )
    if data[at : at + 4] == b"link" and len(data) > at + _ENDING:
        raise ValueError("a split index; write it whole with: git update-index --no-split-index")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable width, and where it ends; as in gitformat-pack(5), offsets."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def seen_blobs(index: Path, prefix: str) -> dict[str, tuple[str, tuple[int, int, int]]]:
    """What git last saw on disk: path below `prefix` to blob and size, inode, time of change.

    Files that changed in the second in which the index was written, or later, are left out: git
    cannot tell either whether they are what it saw.
    """
    try:
        written = index.stat().st_mtime_ns // 1_000_000_000 * 1_000_000_000
    except FileNotFoundError:
        return {}
    return {
        entry.path.removeprefix(prefix): (entry.blob, entry.seen)
        for entry in read_index(index)
        if entry.path.startswith(prefix) and entry.stage == 0 and entry.seen[2] < written
    }


def is_as_seen(path: str, seen: tuple[int, int, int]) -> bool:
    """Whether a file is still what git saw."""
    try:
        file = os.stat(path)  # noqa: PTH116  (pathlib takes longer, and there may be thousands)
    except OSError:
        return False
    return (file.st_size & _LOW, file.st_ino & _LOW, file.st_mtime_ns) == seen
