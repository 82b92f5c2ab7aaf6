"""The state in SQLite and in a real PostgreSQL, and a clock that the tests set."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import psycopg
import pytest

from agnes.auth import passwords
from agnes.auth.authenticator import Authenticator
from agnes.auth.state import State
from agnes.auth.users import User
from tests.auth.migrated import lay_state
from tests.conftest import cost_little
from tests.postgres import postgres

__all__ = ["postgres"]

SECRET = "0123456789abcdef" * 4
PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.7"


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash costs nothing, so that tests that check many passwords do not, either."""
    cost_little(monkeypatch)


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The name of a database on that server that others are made from."""
    with _connected(postgres) as connection:
        connection.execute("CREATE DATABASE agnes_migrated")
    State.open(_address(postgres, "agnes_migrated")).close()
    return "agnes_migrated"


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request) -> str:
    """The database of the state."""
    return request.param


@pytest.fixture
def url(kind, request, tmp_path) -> Iterator[str]:
    """A state without users."""
    if kind == "sqlite":
        yield lay_state(tmp_path / "state")
        return
    migrated = request.getfixturevalue("migrated")
    with new_database(request.getfixturevalue("postgres"), like=migrated) as address:
        yield address


@contextmanager
def new_database(server: str, like: str = "template1") -> Iterator[str]:
    """A database on a PostgreSQL server, as long as the block runs."""
    name = f"agnes_{uuid.uuid4().hex[:12]}"
    with _connected(server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        yield _address(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _connected(server: str) -> psycopg.Connection:
    return psycopg.connect(server, autocommit=True)


def _address(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(url, clock) -> Iterator[State]:
    opened = State.open(url, clock.now)
    yield opened
    opened.close()


@pytest.fixture
def auth(state, clock) -> Authenticator:
    return Authenticator(state, SECRET, clock=clock.seconds)


@pytest.fixture
def ada(state) -> User:
    """The first admin."""
    made = state.users.create("ada@example.com", "Ada Lovelace", "admin")
    state.users.signed_in(made.id, password_hash())
    return replace(made, last_login=state.database.now())


@cache
def password_hash() -> str:
    """Of `PASSWORD`, made once: it costs more than a whole test."""
    return passwords.make(PASSWORD)
