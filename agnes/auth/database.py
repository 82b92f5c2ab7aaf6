"""The state database: connections, transactions, and the version of its tables.

Reading and writing are told apart, because SQLite has one writer: a write takes its lock at once
(`BEGIN IMMEDIATE`) and waits for others, rather than failing half way. On PostgreSQL writes that
must not interleave name a lock.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url

from agnes.errors import UnavailableError, UsageError

BUSY_SECONDS = 15
_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITES = "agnes_writes"


def utc_now() -> datetime:
    """The time, where no test says otherwise."""
    return datetime.now(UTC)


def default_url(folder: Path) -> str:
    """The address of the SQLite file in an instance's folder of state."""
    return URL.create("sqlite", database=str(folder / "agnes.sqlite")).render_as_string()


class Database:
    """An open state database, of the version that this code needs.

    Args:
        url: `sqlite:///path` or `postgresql://...`.
        now: the clock of everything that is kept in it.

    Raises:
        UsageError: the address is none of these.
        UnavailableError: it does not answer, or a newer Agnes has migrated it.
    """

    def __init__(self, url: str, now: Callable[[], datetime] = utc_now) -> None:
        self.now = now
        self.generation = 0
        """Counts the changes of this process to users and tokens; what was read before is old."""
        self._engine = _engine(url)
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, lock: str | None = None) -> Iterator[Connection]:
        """A transaction that writes.

        Args:
            lock: no other transaction, of any process, is in one of the same name.
        """
        with _translated(), self._engine.connect() as found:
            connection = found.execution_options(**{_WRITES: True})
            with connection.begin():
                if lock and connection.dialect.name == "postgresql":
                    key = zlib.crc32(f"agnes.{lock}".encode())
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
                yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction that changes users or tokens; one at a time."""
        with self.writing("users") as connection:
            yield connection
        self.generation += 1

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            UnavailableError: it gives none.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        with self.writing("migrations") as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise UnavailableError(
                    f"the state database is not of this version of Agnes: {error}",
                    "run the version that migrated it, or restore a backup",
                ) from None


def _engine(address: str) -> Engine:
    try:
        url = make_url(address)
    except exc.ArgumentError:
        raise UsageError("the state's address is no address", _ADDRESSES) from None
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=BUSY_SECONDS,
            max_overflow=15,
            connect_args={
                "connect_timeout": 5,
                "tcp_user_timeout": BUSY_SECONDS * 1000,
                "prepare_threshold": None,  # poolers in between do not know prepared statements
            },
        )
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        raise UsageError(f"the state cannot be kept in {url.drivername!r}", _ADDRESSES)
    _prepare_file(Path(url.database))
    engine = create_engine(
        url, hide_parameters=True, pool_timeout=BUSY_SECONDS, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


_ADDRESSES = "sqlite:///path/agnes.sqlite or postgresql://user@host/database"


def _prepare_file(file: Path) -> None:
    """Make it for its owner's eyes only; what SQLite puts beside it gets the same mode."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    except OSError as error:
        raise UnavailableError(f"cannot open the state in {file}: {error.strerror}") from None


def _set_up_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001
    connection.isolation_level = None  # SQLAlchemy says BEGIN, below
    connection.execute("PRAGMA foreign_keys = ON")
    until = time.monotonic() + BUSY_SECONDS
    while True:  # changing the mode does not wait for others by itself
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_NOT_KEPT = "a value has characters or a size that cannot be kept"


@contextmanager
def _translated() -> Iterator[None]:
    """What a database that does not answer, is full or read-only says, as one of our errors."""
    try:
        yield
    except exc.TimeoutError:
        raise UnavailableError("the state database has no free connection") from None
    except exc.OperationalError as error:
        reason = (str(error.orig).strip() or "no answer").splitlines()[0]
        raise UnavailableError(f"the state database does not answer: {reason}") from error
    except (exc.DataError, UnicodeError, OverflowError):
        raise UsageError(_NOT_KEPT) from None
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise UnavailableError("the state database closed the connection") from error
        raise
    except exc.StatementError as error:  # before it was sent
        if isinstance(error.orig, (OverflowError, UnicodeError)):
            raise UsageError(_NOT_KEPT) from None
        raise
