"""Short notes that a browser carries back to us, signed so that nobody else can write them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jwt

from agnes.auth.sessions import ALGORITHM
from agnes.errors import UnauthorizedError


class Tickets:
    """Makes and reads them.

    Args:
        secret, issuer: the instance's.
        now: the clock.
    """

    def __init__(self, secret: str, issuer: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._issuer = issuer
        self._now = now

    def make(self, kind: str, seconds: int, **claims: Any) -> str:
        """A ticket.

        Args:
            kind: what it is for; it counts for nothing else.
            seconds: how long it counts.
        """
        ends = int(self._now().timestamp()) + seconds
        return jwt.encode(
            claims
            | {"iss": self._issuer, "aud": _audience(kind), "exp": ends, "jti": uuid.uuid4().hex},
            self._secret,
            ALGORITHM,
        )

    def read(self, kind: str, ticket: str) -> dict[str, Any]:
        """What a ticket says, `jti` among it.

        Raises:
            UnauthorizedError: it is not ours, of another kind, or too old.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                ticket,
                self._secret,
                algorithms=[ALGORITHM],
                audience=_audience(kind),
                issuer=self._issuer,
                options={
                    "require": ["exp", "iss", "aud", "jti"],
                    "strict_aud": True,
                    "verify_exp": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _refused() from None
        if self._now().timestamp() >= claims["exp"]:
            raise _refused()
        return claims


def _audience(kind: str) -> str:
    return f"agnes-{kind}"


def _refused() -> UnauthorizedError:
    return UnauthorizedError("The sign-in took too long or was not begun here", "begin anew")
