"""The tokens of a sign-in: JSON Web Tokens that this instance signed.

One algorithm, and every claim is required. The times are checked here, by the instance's own clock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from agnes.errors import UnauthorizedError

ALGORITHM = "HS256"
SKEW = 30
"""Seconds that the clocks of two replicas may be apart."""
_SHORTEST_ID = 16
_LONGEST = 4096
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti", "epoch"]


@dataclass(frozen=True)
class Claims:
    """What a token says.

    Args:
        epoch: the user's `token_epoch` when it was made.
    """

    user_id: str
    token_id: str
    epoch: int
    expires_at: datetime


class Sessions:
    """Makes and reads tokens.

    Args:
        secret: of 32 bytes or more.
        issuer: which instance; of another one they do not count.
        audience: what the tokens are for.
        lifetime: in seconds; tokens that live longer do not count.
    """

    def __init__(self, secret: str, issuer: str, audience: str, lifetime: float) -> None:
        self._secret = secret
        self._issuer = issuer
        self._audience = audience
        self.lifetime = timedelta(seconds=max(1, int(lifetime)))

    def make(self, user_id: str, epoch: int, now: datetime) -> tuple[str, Claims]:
        """A new token."""
        issued = now.replace(microsecond=0)
        claims = Claims(user_id, uuid.uuid4().hex, epoch, issued + self.lifetime)
        token = jwt.encode(
            {
                "iss": self._issuer,
                "aud": self._audience,
                "sub": user_id,
                "jti": claims.token_id,
                "iat": int(issued.timestamp()),
                "exp": int(claims.expires_at.timestamp()),
                "epoch": epoch,
            },
            self._secret,
            ALGORITHM,
        )
        return token, claims

    def read(self, token: str, now: datetime) -> Claims:
        """What a token says, if it is one of ours and in time.

        Raises:
            UnauthorizedError: it is not.
        """
        claims = self._decode(token)
        issued, ends = claims["iat"], claims["exp"]
        at = now.timestamp()
        sound = (
            _is_whole(issued)
            and _is_whole(ends)
            and _is_whole(claims["epoch"])
            and isinstance(claims["jti"], str)
            and len(claims["jti"]) >= _SHORTEST_ID
            and isinstance(claims["sub"], str)
            and issued <= at + SKEW
            and at < ends
            and 0 < ends - issued <= self.lifetime.total_seconds()
        )
        if not sound:
            raise _refused()
        ends_at = datetime.fromtimestamp(ends, UTC)
        return Claims(claims["sub"], claims["jti"], claims["epoch"], ends_at)

    def _decode(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise _refused()
        try:
            return jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": _CLAIMS,
                    "strict_aud": True,
                    "verify_exp": False,  # below, by our own clock
                    "verify_iat": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise _refused() from None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


def _refused() -> UnauthorizedError:
    return UnauthorizedError("Invalid or expired token")
