"""Personal access tokens, for agents and programs; and the tokens that were revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from agnes.auth.database import Database
from agnes.auth.principal import PERSONAL, SCOPES, Scope
from agnes.auth.schema import personal_tokens, revoked_tokens
from agnes.auth.users import User
from agnes.errors import ConflictError, NotFoundError, UsageError

PREFIX = "agnes_pat_"
MOST = 100
"""Personal tokens of one user."""
LONGEST_LIFE = timedelta(days=3653)
_LONGEST_NAME = 200
_USE_IS_KEPT_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class PersonalToken:
    """A token that a user made; the token itself is only told once.

    Args:
        scopes: the most that it may; the user's role narrows them further.
    """

    id: str
    user_id: str
    name: str
    scopes: tuple[Scope, ...]
    epoch: int
    created_at: datetime
    expires_at: datetime | None
    last_used: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """For an answer."""
        shown = "id name scopes created_at expires_at last_used".split()
        return {name: getattr(self, name) for name in shown} | {"scopes": list(self.scopes)}


class Tokens:
    """What is known of tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, user: User, scopes: Iterable[str], name: str = "", expires_at: datetime | None = None
    ) -> tuple[str, PersonalToken]:
        """Make a personal token.

        Returns:
            The token, which cannot be read again, and what is kept of it.

        Raises:
            UsageError: no or unknown scopes, a time in the past, or a name that is not possible.
            ConflictError: the user has too many.
        """
        now = self._database.now()
        asked = _scopes(scopes)
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise UsageError(f"a name has at most {_LONGEST_NAME} characters, all printable")
        if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
            raise UsageError("the token would be expired, or live longer than ten years")
        token = PREFIX + secrets.token_urlsafe(32)
        row = {
            "id": f"{PERSONAL}{secrets.token_hex(8)}",
            "user_id": user.id,
            "name": name.strip() or ", ".join(asked),
            "digest": _digest(token),
            "scopes": list(asked),
            "epoch": user.token_epoch,
            "created_at": now,
            "expires_at": expires_at,
            "last_used": None,
        }
        with self._database.changing() as db:
            if len(_of(db, user.id)) >= MOST:
                raise ConflictError(f"a user has at most {MOST} tokens", "revoke one first")
            try:
                db.execute(insert(personal_tokens).values(row))
            except IntegrityError:
                raise NotFoundError(f"User '{user.id}' not found") from None
        return token, _token(row)

    def list(self, user_id: str) -> list[PersonalToken]:
        """Those of a user, the oldest first."""
        with self._database.reading() as db:
            return _of(db, user_id)

    def revoke(self, user_id: str, token_id: str) -> PersonalToken:
        """End one of a user's tokens.

        Raises:
            NotFoundError: the user has none of that id.
        """
        with self._database.changing() as db:
            found = next((token for token in _of(db, user_id) if token.id == token_id), None)
            if found is None:
                raise NotFoundError(f"Token '{token_id}' not found")
            db.execute(delete(personal_tokens).where(personal_tokens.c.id == token_id))
        return found

    def find(self, db: Connection, token: str) -> PersonalToken | None:
        """The personal token that this is, if it is in time."""
        condition = personal_tokens.c.digest == _digest(token)
        row = db.execute(select(personal_tokens).where(condition)).mappings().first()
        found = _token(row) if row else None
        if found and found.expires_at and found.expires_at <= self._database.now():
            return None
        return found

    def used(self, token: PersonalToken) -> None:
        """Keep when a token was used, to the minute."""
        now = self._database.now()
        if token.last_used and now - token.last_used < _USE_IS_KEPT_EVERY:
            return
        with self._database.writing() as db:
            this = personal_tokens.c.id == token.id
            db.execute(update(personal_tokens).where(this).values(last_used=now))

    def end_session(self, token_id: str, until: datetime) -> bool:
        """Do not accept the token of a sign-in any more.

        Args:
            until: when it expires anyway; then this is forgotten.

        Returns:
            Whether it was accepted until now: of several at once, one gets True.
        """
        row = {"id": token_id, "until": until}
        with self._database.changing() as db:
            db.execute(delete(revoked_tokens).where(revoked_tokens.c.until < self._database.now()))
            if self.is_ended(db, token_id):
                return False
            db.execute(insert(revoked_tokens).values(row))
            return True

    @staticmethod
    def is_ended(db: Connection, token_id: str) -> bool:
        """Whether the token of a sign-in was revoked."""
        return (
            db.scalar(select(revoked_tokens.c.id).where(revoked_tokens.c.id == token_id))
            is not None
        )


def _of(db: Connection, user_id: str) -> list[PersonalToken]:
    mine = select(personal_tokens).where(personal_tokens.c.user_id == user_id)
    ordered = mine.order_by(personal_tokens.c.created_at, personal_tokens.c.id)
    return [_token(row) for row in db.execute(ordered).mappings()]


def _token(row: Mapping[Any, Any]) -> PersonalToken:
    kept = {name: row[name] for name in PersonalToken.__dataclass_fields__ if name != "scopes"}
    return PersonalToken(scopes=tuple(row["scopes"]), **kept)


def _scopes(asked: Iterable[str]) -> tuple[Scope, ...]:
    wanted = set(asked)
    if unknown := sorted(wanted - set(SCOPES)):
        raise UsageError(f"{unknown[0]!r} is no scope", f"choose from {', '.join(SCOPES)}")
    if not wanted:
        raise UsageError("a token needs a scope", f"choose from {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in wanted)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
