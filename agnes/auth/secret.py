"""The key that signs tokens: from the settings, or made once for an instance."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from agnes.errors import UnavailableError, UsageError

SHORTEST = 32
"""Bytes; HMAC with SHA-256 is as strong as its key up to there."""
FILE = ".jwt_secret"
"""Its name in the folder of state."""


def signing_key(given: str | None, folder: Path) -> str:
    """The key of an instance.

    Args:
        given: from the settings.
        folder: of the instance's state; the key is made there when none is given.

    Raises:
        UsageError: the key is too short to be safe.
        UnavailableError: it can neither be read nor made.
    """
    if given is not None:
        return _long_enough(given, "AGNES_JWT_SECRET")
    file = folder / FILE
    try:
        if not file.exists():
            _make(file)
        kept = file.read_text("ascii", errors="replace").strip()
    except OSError as error:
        raise UnavailableError(f"cannot keep a key in {file}: {error.strerror}") from None
    return _long_enough(kept, str(file))


def _long_enough(key: str, where: str) -> str:
    if len(key.encode("utf-8", "replace")) < SHORTEST:
        raise UsageError(
            f"{where} is too short to sign tokens: at least {SHORTEST} bytes are needed",
            "make one: openssl rand -hex 32",
        )
    return key


def _make(file: Path) -> None:
    """Write a new key beside its place and link it there: whole, and only if nobody else did."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = file.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(written, file)
    finally:
        written.unlink()
