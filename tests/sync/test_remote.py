"""Following a remote, and what is served while it cannot be reached."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.sync import journal
from agnes.sync.follow import follow_upstream
from agnes.sync.reading import Reading, open_snapshot
from agnes.sync.remote import MOST_SECONDS, _wait, follow_remote
from agnes.sync.status import status
from tests.conftest import GitRepository
from tests.sync.test_watch import eventually, retitle, watching

OLD = "Monthly recurring revenue"
EVERY = 0.2


@pytest.fixture
def remote(catalog, tmp_path) -> Path:
    """A bare remote, to which the catalog is pushed."""
    path = tmp_path / "remote.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(path))
    catalog.git("remote", "add", "origin", str(path))
    return path


@pytest.fixture
def replica(remote, tmp_path) -> GitRepository:
    """A clone that serves what the remote has."""
    made = GitRepository(tmp_path / "replica")
    made.path.mkdir()
    made.git("clone", "--quiet", str(remote), ".")
    assert follow_upstream(locate(made.path)) == "refs/remotes/origin/main"
    return made


def push(catalog: GitRepository, title: str) -> str:
    commit = retitle(catalog, title)
    catalog.git("push", "--quiet", "--force", "origin", "main")
    return commit


def served(replica: GitRepository) -> dict[str, str]:
    with open_snapshot(replica.path, Reading(sync=False)) as snapshot:
        return {row["id"]: row["display_name"] for row in snapshot.metrics()}


def state(replica: GitRepository) -> dict[str, Any]:
    return status(locate(replica.path))


def fetch_of(replica: GitRepository) -> dict[str, Any]:
    return state(replica)["fetch"] or {"error": None, "failures": 0}


def test_a_push_to_the_remote_arrives(catalog, replica):
    with watching(replica, fetch_seconds=EVERY) as found:
        for title in ("One", "Two"):
            commit = push(catalog, title)
            assert eventually(lambda wanted=commit: found.commits[-1] == wanted)
        assert served(replica)["revenue/mrr"] == "Two"
    assert not found.errors
    assert fetch_of(replica)["failures"] == 0


def test_a_forced_push_is_followed(catalog, replica):
    with watching(replica, fetch_seconds=EVERY) as found:
        push(catalog, "One")
        assert eventually(lambda: len(found.commits) == 2)
        catalog.git("reset", "--quiet", "--hard", "HEAD~1")
        commit = push(catalog, "Another")
        assert eventually(lambda: found.commits[-1] == commit)
        assert served(replica)["revenue/mrr"] == "Another"


def test_without_a_remote_that_can_be_reached_it_keeps_serving_and_says_so(remote, replica):
    remote.rename(remote.with_name("away"))
    before = datetime.now(UTC)
    with watching(replica, fetch_seconds=EVERY) as found:
        assert eventually(lambda: fetch_of(replica)["failures"] >= 2)
        now = state(replica)
        assert served(replica)["revenue/mrr"] == OLD
    assert (now["state"], now["commit"], now["error"]) == ("degraded", found.commits[0], None)
    assert (now["metrics"], now["tables"]) == (2, 1)
    assert "cannot fetch from origin" in now["fetch"]["error"]
    assert str(replica.path) in now["fetch"]["hint"]
    assert datetime.fromisoformat(now["fetch"]["next"]) >= before.replace(microsecond=0)
    assert len(found.errors) == 1


def test_a_remote_that_is_gone_never_looks_like_an_empty_catalog(remote, replica):
    with watching(replica, poll_seconds=0.05, fetch_seconds=EVERY) as found:
        away = remote.rename(remote.with_name("away"))
        remote.mkdir()
        GitRepository(remote).git("init", "--quiet", "--bare")  # and an empty one in its place
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            assert len(served(replica)) == 2
        assert len(found.outcomes) == 1
        assert away.is_dir()


def test_it_goes_on_when_the_remote_is_back(catalog, remote, replica):
    with watching(replica, fetch_seconds=EVERY) as found:
        away = remote.rename(remote.with_name("away"))
        assert eventually(lambda: bool(found.errors))
        assert state(replica)["state"] == "degraded"
        away.rename(remote)
        commit = push(catalog, "Back")
        assert eventually(lambda: found.commits[-1] == commit)
        assert eventually(lambda: state(replica)["state"] == "fresh")
    assert (fetch_of(replica)["error"], fetch_of(replica)["failures"]) == (None, 0)
    assert len(found.errors) == 1


def test_a_remote_that_goes_twice_is_reported_twice(remote, replica):
    with watching(replica, fetch_seconds=EVERY) as found:
        for count in (1, 2):
            away = remote.rename(remote.with_name("away"))
            assert eventually(lambda wanted=count: len(found.errors) == wanted)
            away.rename(remote)
            assert eventually(lambda: fetch_of(replica)["error"] is None)


def test_a_branch_that_the_remote_deletes_is_served_as_it_was(catalog, remote, replica):
    replica.git("config", "fetch.prune", "true")
    with watching(replica, poll_seconds=0.05, fetch_seconds=EVERY) as found:
        GitRepository(remote).git("branch", "other", "main")
        GitRepository(remote).git("symbolic-ref", "HEAD", "refs/heads/other")
        GitRepository(remote).git("branch", "--delete", "--force", "main")
        assert eventually(lambda: bool(found.errors))
        assert served(replica)["revenue/mrr"] == OLD
        now = state(replica)
        assert (now["state"], now["commit"]) == ("degraded", found.commits[0])
        assert "origin/main" in now["error"]
        time.sleep(0.3)
        assert len(found.errors) == 1
        commit = push(catalog, "Back")
        assert eventually(lambda: found.commits[-1] == commit)


# How often it is tried


def test_while_it_works_it_is_fetched_as_often_as_asked_for():
    assert [_wait(every, 0) for every in (1.0, 30.0, 3600.0)] == [1.0, 30.0, 3600.0]


@pytest.mark.parametrize("failures", range(1, 6))
def test_after_each_failure_the_wait_doubles_more_or_less(failures):
    waits = [_wait(1.0, failures) for _ in range(100)]
    doubled = 2**failures
    assert 0.8 * doubled <= min(waits) < max(waits) <= 1.2 * doubled


@pytest.mark.parametrize("failures", [30, 10_000])
@pytest.mark.parametrize(("every", "most"), [(1.0, MOST_SECONDS), (3600.0, 3600.0)])
def test_however_often_it_failed_it_is_tried_again(failures, every, most):
    waits = [_wait(every, failures) for _ in range(100)]
    assert 0.8 * most <= min(waits) < max(waits) <= 1.2 * most


def test_the_time_between_two_tries_grows_while_they_fail(remote, replica):
    remote.rename(remote.with_name("away"))
    with watching(replica, fetch_seconds=EVERY):
        assert eventually(lambda: fetch_of(replica)["failures"] == 3)
        noted = fetch_of(replica)
    at, again = (datetime.fromisoformat(noted[name]) for name in ("at", "next"))
    assert 0.8 * 8 * EVERY - 1 <= (again - at).total_seconds() <= 1.2 * 8 * EVERY + 1


def test_it_wakes_the_watcher_when_it_fetched_and_reports_when_it_begins_to_fail(remote, replica):
    stop, woken = threading.Event(), threading.Event()
    errors: list[AgnesError] = []
    thread = threading.Thread(
        target=follow_remote,
        args=(locate(replica.path), 0.1),
        kwargs={"stop": stop, "wake": woken.set, "on_error": errors.append},
    )
    thread.start()
    assert woken.wait(10)
    remote.rename(remote.with_name("away"))
    assert eventually(lambda: bool(errors))
    time.sleep(0.5)
    woken.clear()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert not woken.is_set()


def test_it_stops_while_it_waits_for_the_next_try(replica):
    with watching(replica, fetch_seconds=3600.0):
        assert eventually(lambda: bool(journal.read(Store(locate(replica.path)))["fetch"]))
        started = time.monotonic()
    assert time.monotonic() - started < 5
