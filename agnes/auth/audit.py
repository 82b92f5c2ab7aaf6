"""Who did what and when: every write and every sign-in, for admins to read.

Entries are added and never changed; they stay when the user is removed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from agnes.auth.database import Database
from agnes.auth.principal import Principal
from agnes.auth.schema import audit
from agnes.errors import UsageError

MOST = 1000
_log = logging.getLogger("agnes.audit")
_SECRET_NAME = re.compile("password|passwd|secret|authorization|credential|^token$|_token$")
_SECRET = re.compile(r"agnes_pat_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*")
_LONGEST = 2000
_HIDDEN = "***"


@dataclass(frozen=True)
class Entry:
    """Something that somebody did.

    Args:
        user_id, email: who; None for nobody who is signed in.
        action: such as `metric.update`, `user.create`, `login`.
        target: what it was done to, such as a metric's id.
    """

    id: int
    at: datetime
    user_id: str | None
    email: str | None
    action: str
    target: str
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For an answer."""
        return {name: getattr(self, name) for name in Entry.__dataclass_fields__}


class Audit:
    """The log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, principal: Principal | None, action: str, target: str = "", **facts: Any
    ) -> None:
        """Add an entry, and log it. What is or looks like a secret is not written.

        Args:
            facts: what else is worth knowing, in types that JSON has; None is left out.
        """
        said = {name: _plain(name, value) for name, value in facts.items() if value is not None}
        row = {
            "at": self._database.now(),
            "user_id": principal.user_id if principal else None,
            "email": principal.email if principal else None,
            "action": action,
            "target": str(_plain("target", target)),
            "facts": said,
        }
        with self._database.writing() as db:
            db.execute(insert(audit).values(row))
        shown = {"action": action, "target": row["target"], "user": row["email"], **said}
        _log.info("audit", extra={"facts": shown})

    def list(
        self,
        *,
        user: str | None = None,
        action: str | None = None,
        target: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: int | None = None,
        limit: int = 100,
    ) -> tuple[list[Entry], int | None]:
        """Entries, the newest first.

        Args:
            user: an id or an e-mail.
            action: such as `login`; `user.` stands for all that begin so.
            since, until: from this time on, and before that one.
            cursor: from an earlier call: go on there.

        Returns:
            The entries, and the cursor of the next ones, if there are more.
        """
        if not 1 <= limit <= MOST:
            raise UsageError(f"limit is 1 to {MOST}")
        query = select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
        if user is not None:
            query = query.where((audit.c.user_id == user) | (audit.c.email == user.casefold()))
        if action is not None:
            begins = audit.c.action.startswith(action, autoescape=True)
            query = query.where(begins if action.endswith(".") else audit.c.action == action)
        if target is not None:
            query = query.where(audit.c.target == target)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        if cursor is not None:
            query = query.where(audit.c.id < cursor)
        with self._database.reading() as db:
            entries = [Entry(**row) for row in db.execute(query).mappings()]
        return entries[:limit], entries[limit - 1].id if len(entries) > limit else None


def _plain(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name):
        return _HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _plain(str(key), child) for key, child in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain("", child) for child in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    text = _SECRET.sub(_HIDDEN, str(value).replace("\0", "\ufffd"))[:_LONGEST]
    return text.encode("utf-8", "replace").decode()
