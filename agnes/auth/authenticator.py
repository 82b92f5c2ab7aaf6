"""Signing in and out, and telling whom a token is of."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from agnes.auth import passwords
from agnes.auth.principal import SCOPES, Principal, Scope, scopes_of
from agnes.auth.schema import users
from agnes.auth.sessions import Sessions
from agnes.auth.state import State
from agnes.auth.tickets import Tickets
from agnes.auth.tokens import PREFIX, PersonalToken
from agnes.auth.users import User, read_user
from agnes.errors import UnauthorizedError, UnavailableError, UsageError

KNOWN_SECONDS = 2.0
"""How long another process may still accept a token that was revoked."""
AUDIENCE = "agnes-api"
_MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Session:
    """A sign-in."""

    token: str
    user: User
    expires_at: datetime


class Authenticator:
    """Tells whom a token is of.

    Args:
        state: users, and tokens that were revoked.
        secret: the key of `signing_key`.
        issuer: the instance's name for itself; its tokens count nowhere else.
        lifetime: of a sign-in, in seconds.
        clock: seconds that only go forward, for the age of what is known.
    """

    def __init__(
        self,
        state: State,
        secret: str,
        issuer: str = "agnes",
        lifetime: float = 86_400,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._database = state.database
        self.tickets = Tickets(secret, issuer, state.database.now)
        self._sessions = Sessions(secret, issuer, AUDIENCE, lifetime)
        self._clock = clock
        self._known: dict[str, tuple[Principal, float, int]] = {}

    def sign_in(self, email: str, password: str, address: str = "") -> Session:
        """Begin a session. Takes as long, and says the same, whoever the e-mail is of.

        Args:
            address: where the request comes from.

        Raises:
            UnauthorizedError: there is no such user, or it is not their password.
            TooManyError: too many have failed.
        """
        number = self._state.attempts.begin(email, address)
        user: User | None = None
        kept: str | None = None
        with suppress(UsageError):  # no e-mail at all
            user, kept = self._state.users.password_of(email)
        if not passwords.fits(kept, password) or user is None or kept is None:
            named = user.email if user else ""  # what is no user may be a mistyped password
            self._state.audit.note(None, "login.failed", named, address=address)
            raise UnauthorizedError("Invalid email or password")
        self._state.attempts.succeeded(number, email, address)
        rehashed = passwords.make(password) if passwords.is_outdated(kept) else None
        self._state.users.signed_in(user.id, rehashed)
        return self._begin(user, "login", address)

    def sign_in_as(self, user: User, address: str = "", how: str = "oidc") -> Session:
        """Begin a session of a user who is known otherwise: an OpenID provider vouches for them.

        Args:
            how: for the audit log.
        """
        self._state.users.signed_in(user.id)
        return self._begin(user, f"login.{how}", address)

    def principal(self, token: str) -> Principal:
        """Whom a token is of, as the database says; blocks.

        Raises:
            UnauthorizedError: nobody's: it is not ours, expired or revoked, or the user is gone.
        """
        generation = self._database.generation
        personal = token.startswith(PREFIX)
        found, ends = self._personal(token) if personal else self._session(token)
        left = KNOWN_SECONDS
        if ends:
            left = min(left, (ends - self._database.now()).total_seconds())
        if len(self._known) >= _MOST_KNOWN:
            self._known = {}
        self._known[token] = found, self._clock() + left, generation
        return found

    def known(self, token: str) -> Principal | None:
        """Whom a token is of, if that was asked in the last two seconds; at once."""
        found = self._known.get(token)
        if found and self._clock() < found[1] and found[2] == self._database.generation:
            return found[0]
        return None

    def sign_out(self, principal: Principal) -> None:
        """End the session that a request came with.

        Raises:
            UsageError: it came with a personal token.
        """
        if principal.is_personal:
            raise UsageError(
                "a personal access token has no session to end",
                f"revoke it: da auth token revoke {principal.token_id}",
            )
        until = self._database.now() + self._sessions.lifetime
        self._state.tokens.end_session(principal.token_id, until)
        self._state.audit.note(principal, "logout", principal.email)

    def change_password(self, principal: Principal, old: str, new: str, address: str = "") -> None:
        """Change one's own password; all tokens of the user end, also the one in use.

        Raises:
            UnauthorizedError: the old one is not right.
            TooManyError: too many have failed.
            UsageError: the new one is too short or too long.
        """
        number = self._state.attempts.begin(principal.email, address)
        _, kept = self._state.users.password_of(principal.email)
        if not passwords.fits(kept, old):
            self._state.audit.note(principal, "password.failed", principal.email, address=address)
            raise UnauthorizedError("Invalid email or password")
        self._state.attempts.succeeded(number, principal.email, address)
        self._state.users.set_password(principal.user_id, new)
        self._state.audit.note(principal, "password.change", principal.email, address=address)

    def _begin(self, user: User, action: str, address: str) -> Session:
        now = self._database.now()
        token, claims = self._sessions.make(user.id, user.token_epoch, now)
        who = _principal(user, claims.token_id, SCOPES)
        self._state.audit.note(who, action, user.email, address=address)
        return Session(token, user, claims.expires_at)

    def _session(self, token: str) -> tuple[Principal, datetime]:
        claims = self._sessions.read(token, self._database.now())
        with self._database.reading() as db:
            ended = self._state.tokens.is_ended(db, claims.token_id)
            user = read_user(db, users.c.id == claims.user_id)
        found = _standing(user, claims.epoch)
        if ended:
            raise UnauthorizedError("Invalid or expired token")
        return _principal(found, claims.token_id, SCOPES), claims.expires_at

    def _personal(self, token: str) -> tuple[Principal, datetime | None]:
        with self._database.reading() as db:
            kept = self._state.tokens.find(db, token)
            user = read_user(db, users.c.id == kept.user_id) if kept else None
        if kept is None:
            raise UnauthorizedError("Invalid or expired token")
        found = _standing(user, kept.epoch)
        self._note_use(kept)
        return _principal(found, kept.id, kept.scopes), kept.expires_at

    def _note_use(self, token: PersonalToken) -> None:
        with suppress(UnavailableError):  # reading goes on where nothing can be written
            self._state.tokens.used(token)


def _standing(user: User | None, epoch: int) -> User:
    if user is None or not user.active:
        raise UnauthorizedError("User not found")
    if user.token_epoch != epoch:
        raise UnauthorizedError("Invalid or expired token")
    return user


def _principal(user: User, token_id: str, scopes: tuple[Scope, ...]) -> Principal:
    return Principal(
        user.id,
        user.email,
        user.name,
        user.role,
        frozenset(user.groups),
        scopes_of(user.role, scopes),
        token_id,
    )
