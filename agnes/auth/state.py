"""The state of an instance: what is neither a definition, which is in git, nor data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from agnes.auth.attempts import Attempts
from agnes.auth.audit import Audit
from agnes.auth.database import Database, utc_now
from agnes.auth.replies import Replies
from agnes.auth.tokens import Tokens
from agnes.auth.users import Users


class State:
    """Users, tokens, sign-ins, the audit log and kept replies. Threads and processes share it.

    Args:
        database: as `Database` opened it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.users = Users(database)
        self.tokens = Tokens(database)
        self.attempts = Attempts(database)
        self.audit = Audit(database)
        self.replies = Replies(database)

    @classmethod
    def open(cls, url: str, now: Callable[[], datetime] = utc_now) -> Self:
        """Open the state, and bring its tables to this version; several may do so at once.

        Args:
            url: `sqlite:///path` (`default_url`) or `postgresql://user@host/database`.
            now: the clock.

        Raises:
            UsageError: the address is none of these.
            UnavailableError: the database does not answer, or is of a newer version.
        """
        return cls(Database(url, now))

    def close(self) -> None:
        """Give back all connections."""
        self.database.close()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            UnavailableError: it gives none.
        """
        self.database.ping()
