"""Passwords: argon2id hashes, at a bounded cost in memory."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from agnes.errors import UsageError

SHORTEST, LONGEST = 8, 1024
_AT_A_TIME = threading.BoundedSemaphore(2)  # each takes 64 MB and, for a moment, four cores
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
_OF_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""No password has it. It costs what a real one costs: time does not tell who has an account."""


def make(password: str) -> str:
    """The hash to keep.

    Raises:
        UsageError: the password is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters")
    with _AT_A_TIME:
        return _HASHER.hash(password.encode("utf-8", "replace"))


def fits(kept: str | None, password: str) -> bool:
    """Whether a password is the right one; takes as long where there is none."""
    with _AT_A_TIME:
        try:
            _HASHER.verify(kept or _OF_NOBODY, password[: LONGEST + 1].encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made at a lower cost than is asked today."""
    return _HASHER.check_needs_rehash(kept)
