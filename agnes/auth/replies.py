"""Answers that are kept, so that a request which is sent again is not done again.

A client that lost the answer sends the same request with the same `Idempotency-Key`. In a route:

    reserved = state.replies.reserve(principal.user_id, key, request_digest(...))
    if isinstance(reserved, Reply):
        return reserved                    # done before: the same answer
    try:
        answer = ...                       # the change
    except BaseException:
        reserved.release()                 # it may be tried again
        raise
    reserved.complete(201, body, headers)

Of equal requests at the same time one gets the `Reservation`; the others wait for its answer, and
after `wait` seconds get a `ConflictError`. So they make one change.

A worker that dies leaves its reservation behind. After `LEASE` the next one with the key gets it,
with `taken_over` true: the change may have been made or not, and only its own marks (a trailer of
the commit) can tell. What fails is not kept; only what was completed is.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update

from agnes.auth.database import Database
from agnes.auth.schema import replies
from agnes.errors import ConflictError, InvalidError, UsageError

KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=2)
_LONGEST_KEY = 255
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Reply:
    """An answer that was given before."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reservation:
    """The right, and the duty, to do what a request asks.

    Args:
        taken_over: an earlier one with this key died on it.
    """

    taken_over: bool
    _database: Database
    _user_id: str
    _key: str
    _holder: str

    def complete(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep the answer, for a day."""
        answer = {
            "status": status,
            "body": body,
            "headers": dict(headers or {}),
            "expires_at": self._database.now() + KEPT_FOR,
        }
        with self._database.writing("replies") as db:
            db.execute(update(replies).where(self._mine()).values(answer))

    def release(self) -> None:
        """Nothing was done; the next one may."""
        with self._database.writing("replies") as db:
            db.execute(delete(replies).where(self._mine() & replies.c.status.is_(None)))

    def _mine(self) -> ColumnElement[bool]:
        return _is(self._user_id, self._key) & (replies.c.holder == self._holder)


class Replies:
    """The answers of the last day, by user and key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(
        self, user_id: str, key: str, request: str, wait: float = 10
    ) -> Reply | Reservation:
        """Begin with a request, or get its answer.

        Args:
            key: the client's, unique among the user's requests; 1 to 255 printable characters.
            request: a digest of method, address and body (`request_digest`).
            wait: seconds to wait for an equal request that is being worked on; blocks.

        Raises:
            UsageError: the key is not possible.
            InvalidError: the key was used for another request.
            ConflictError: the equal request has not ended in time.
        """
        if not 0 < len(key) <= _LONGEST_KEY or not (key.isascii() and key.isprintable()):
            raise UsageError(f"Idempotency-Key has 1 to {_LONGEST_KEY} printable ASCII characters")
        until = time.monotonic() + wait
        while (found := self._try(user_id, key, request)) is None:
            if time.monotonic() >= until:
                raise ConflictError(
                    "the same request is being worked on", "send it again in a moment"
                )
            time.sleep(_POLL_SECONDS)
        return found

    def _try(self, user_id: str, key: str, request: str) -> Reply | Reservation | None:
        now = self._database.now()
        holder = str(uuid.uuid4())
        lease: dict[str, Any] = {
            "holder": holder,
            "leased_until": now + LEASE,
            "expires_at": now + KEPT_FOR,
        }
        with self._database.writing("replies") as db:
            db.execute(delete(replies).where(replies.c.expires_at <= now))
            this = _is(user_id, key)
            row = db.execute(select(replies).where(this)).mappings().first()
            if row is None:
                new = {"user_id": user_id, "key": key, "request": request, **lease}
                db.execute(insert(replies).values(new))
            elif row["request"] != request:
                raise InvalidError("this Idempotency-Key was used for another request", ())
            elif row["status"] is not None:
                return Reply(row["status"], row["body"], row["headers"])
            elif row["leased_until"] > now:
                return None
            else:
                db.execute(update(replies).where(this).values(lease))
        return Reservation(row is not None, self._database, user_id, key, holder)


def request_digest(*parts: str | bytes) -> str:
    """A digest that is equal for equal requests.

    Args:
        parts: method, path, query, body, and what else the answer depends on.
    """
    found = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(len(content).to_bytes(8, "big") + content)
    return found.hexdigest()


def _is(user_id: str, key: str) -> ColumnElement[bool]:
    return (replies.c.user_id == user_id) & (replies.c.key == key)
