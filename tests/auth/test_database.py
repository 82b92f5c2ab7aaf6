"""Opening, migrating and losing the state database."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from agnes.auth.database import Database, default_url
from agnes.auth.schema import METADATA
from agnes.auth.state import State
from agnes.errors import UnavailableError, UsageError
from tests.auth.conftest import new_database

OPEN = "import sys; from agnes.auth.state import State; State.open(sys.argv[1]).close()"


@pytest.fixture
def url(kind, request, tmp_path) -> Iterator[str]:
    """An empty database."""
    if kind == "sqlite":
        yield default_url(tmp_path / "state")
        return
    with new_database(request.getfixturevalue("postgres")) as address:
        yield address


def test_the_migrations_make_the_tables_that_the_code_knows(state):
    with state.database.reading() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_state_is_opened_again_with_what_is_in_it(url):
    first = State.open(url)
    first.users.create("ada@example.com")
    first.close()
    again = State.open(url)
    assert [user.email for user in again.users.list()] == ["ada@example.com"]
    again.close()


def test_processes_that_open_a_new_state_at_once_all_get_it(url):
    processes = [subprocess.Popen([sys.executable, "-c", OPEN, url]) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    State.open(url).close()


def test_threads_that_open_a_new_state_at_once_all_get_it(url):
    opened: list[State] = []
    threads = [threading.Thread(target=lambda: opened.append(State.open(url))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    for one in opened:
        one.ping()
        one.close()


def test_a_state_that_a_newer_agnes_migrated_is_refused(url):
    state = State.open(url)
    with state.database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    state.close()
    with pytest.raises(UnavailableError, match="not of this version"):
        State.open(url)


def test_a_write_that_fails_leaves_nothing(state):
    def write() -> None:
        with state.database.writing() as db:
            db.execute(text("INSERT INTO revoked_tokens VALUES ('one', CURRENT_TIMESTAMP)"))
            raise LookupError

    with pytest.raises(LookupError):
        write()
    with state.database.reading() as db:
        assert db.scalar(text("SELECT count(*) FROM revoked_tokens")) == 0


def test_only_the_owner_may_read_the_file_of_sqlite(tmp_path):
    folder = tmp_path / "state"
    State.open(default_url(folder)).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "agnes.sqlite").stat().st_mode) == 0o600


def test_a_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "a?b #1 %20"
    State.open(default_url(folder)).close()
    assert (folder / "agnes.sqlite").is_file()


@pytest.mark.parametrize(
    "address", ["", "agnes.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://host/agnes"]
)
def test_another_kind_of_address_is_refused(address):
    with pytest.raises(UsageError) as refused:
        Database(address)
    assert "postgresql://" in (refused.value.hint or "")


def test_a_server_that_is_not_there_is_said_without_its_password():
    with pytest.raises(UnavailableError) as refused:
        State.open("postgresql://agnes:canary-7f3a@127.0.0.1:1/agnes")
    assert "canary" not in str(refused.value)


def test_a_path_that_cannot_be_made_is_said(tmp_path):
    Path(tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="cannot open the state"):
        State.open(default_url(tmp_path / "file" / "state"))


def test_a_lost_connection_is_replaced(postgres, url, request):
    if url.startswith("sqlite"):
        return
    state = State.open(url)
    state.ping()
    other = State.open(url)
    with other.database.writing() as db:
        db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    state.ping()
    state.close()
    other.close()
