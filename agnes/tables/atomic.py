"""Files that are there whole or not at all, also after a crash."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from agnes.errors import UnavailableError

SUFFIX = ".tmp"


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to; it takes its place when the block ends well.

    Raises:
        UnavailableError: it cannot be written; what was there before still is.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}{SUFFIX}")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what cannot be written and why, for people.

    Raises:
        UnavailableError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"cannot write {path.name}: {error.strerror or error}",
            "free some space, or fix the permissions of the data folder",
        ) from error


def sync_file(path: Path) -> None:
    """Make sure that the disk has a file's content."""
    _sync(path)


def sync_folder(path: Path) -> None:
    """Make sure that the disk has the names in a folder."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
