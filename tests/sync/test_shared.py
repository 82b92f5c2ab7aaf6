"""Many readers, several syncs, several watchers, and readers that hold a snapshot for long."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from agnes.cache.query import Snapshot
from agnes.cache.store import KEEP, Store
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.sync.outcome import Outcome
from agnes.sync.reading import Reading, open_snapshot
from agnes.sync.reconcile import rebuild, reconcile
from agnes.sync.status import status
from agnes.sync.watch import watch
from tests.conftest import GitRepository, metric_yaml
from tests.sync.test_watch import eventually, retitle

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of locks is Linux's")

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.sync.test_shared"])


def set_version(catalog: GitRepository, version: int) -> str:
    """A commit in which both metrics have the same title."""
    for name in ("mrr", "arr"):
        catalog.write(f"metrics/revenue/{name}.yml", metric_yaml(name, f"Version {version}"))
    return catalog.commit(f"Version {version}")


def version_of(snapshot: Snapshot) -> int:
    """The version that a snapshot is of, by everything that is in it."""
    rows = snapshot.metrics()
    versions = {row["display_name"] for row in rows}
    assert (len(rows), len(versions)) == (2, 1), versions
    assert {row["commit_id"] for row in rows} == {snapshot.info()["commit_id"]}
    assert len(snapshot.rows("SELECT DISTINCT phrase FROM search_keys WHERE phrase ^@ 'Ver'")) == 1
    return int(versions.pop().split()[1])


def read_on(path: Path, sync: bool, stop: Event, seen: multiprocessing.Queue) -> None:
    """Open, read and close until it is told to stop."""
    versions = []
    said: list[str] = []
    while not stop.is_set():
        with open_snapshot(path, Reading(sync=sync, say=said.append)) as snapshot:
            versions.append(version_of(snapshot))
        stop.wait(0.02)
    seen.put((versions, [line for line in said if "--no-sync" not in line]))


@pytest.mark.parametrize(
    ("readers", "syncs"), [(2, 6), pytest.param(4, 150, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("sync", [False, True])
def test_readers_never_fail_while_it_syncs_and_see_whole_commits_in_order(
    catalog, readers, syncs, sync
):
    set_version(catalog, 0)
    reconcile(locate(catalog.path))
    stop, seen = processes.Event(), processes.Queue()
    running = [
        processes.Process(target=read_on, args=(catalog.path, sync, stop, seen))
        for _ in range(readers)
    ]
    for reader in running:
        reader.start()
    for version in range(1, syncs + 1):
        set_version(catalog, version)
        reconcile(locate(catalog.path))
        time.sleep(0.05)
    stop.set()
    found = [seen.get(timeout=60) for _ in running]
    for reader in running:
        reader.join(10)

    assert [reader.exitcode for reader in running] == [0] * readers
    for versions, said in found:
        assert versions == sorted(versions)
        assert set(versions) <= set(range(syncs + 1))
        assert said == []
    assert len({version for versions, _ in found for version in versions}) > 2


def read_forever(path: Path, opened: Event, stop: Event, seen: multiprocessing.Queue) -> None:
    with Snapshot(path) as snapshot:
        before = version_of(snapshot)
        opened.set()
        stop.wait(120)
        seen.put((before, version_of(snapshot), len(snapshot.rows("FROM search_terms"))))


@linux
def test_a_snapshot_that_is_open_is_read_on_and_kept_however_many_come_after_it(catalog):
    location = locate(catalog.path)
    set_version(catalog, 0)
    held = reconcile(location).path
    with Snapshot(held) as snapshot:
        terms = len(snapshot.rows("FROM search_terms"))
    opened, stop, seen = processes.Event(), processes.Event(), processes.Queue()
    reader = processes.Process(target=read_forever, args=(held, opened, stop, seen))
    reader.start()
    assert opened.wait(30)

    for version in range(1, 21):
        set_version(catalog, version)
        reconcile(location)
    assert held.exists()
    assert len(Store(location).snapshots()) <= KEEP + 3
    with Snapshot(held) as another:
        assert version_of(another) == 0
    stop.set()
    assert seen.get(timeout=30) == (0, 0, terms)
    reader.join(10)

    set_version(catalog, 21)
    reconcile(location)
    assert not held.exists()


@linux
def test_a_rebuild_does_not_delete_what_is_open(catalog):
    location = locate(catalog.path)
    held = reconcile(location).path
    retitle(catalog, "New")
    with Snapshot(held) as snapshot:
        rebuild(location)
        assert held.exists()
        assert len(snapshot.metrics()) == 2
    rebuild(location)
    assert not held.exists()


def sync_often(path: Path, times: int) -> None:
    for _ in range(times):
        reconcile(locate(path))


def test_two_syncs_at_once_while_commits_come_agree(catalog):
    reconcile(locate(catalog.path))
    running = [processes.Process(target=sync_often, args=(catalog.path, 30)) for _ in range(2)]
    for process in running:
        process.start()
    for version in range(8):
        commit = set_version(catalog, version)
    for process in running:
        process.join(60)

    assert [process.exitcode for process in running] == [0, 0]
    assert reconcile(locate(catalog.path)).commit == commit
    with open_snapshot(catalog.path) as snapshot:
        assert version_of(snapshot) == 7
    assert not list(Store(locate(catalog.path)).folder.glob(".*"))


def test_a_sync_and_a_rebuild_at_once_agree(catalog):
    location = locate(catalog.path)
    reconcile(location)
    syncing = processes.Process(target=sync_often, args=(catalog.path, 30))
    syncing.start()
    for version in range(3):
        set_version(catalog, version)
        rebuild(location)
    syncing.join(60)

    assert syncing.exitcode == 0
    with open_snapshot(catalog.path) as snapshot:
        assert version_of(snapshot) == 2


def test_two_watchers_at_once_agree(catalog):
    location = locate(catalog.path)
    stop = threading.Event()
    outcomes: list[list[Outcome]] = [[], []]
    errors: list[AgnesError] = []
    watchers = [
        threading.Thread(
            target=watch,
            args=(location,),
            kwargs={
                "on_sync": found.append,
                "on_error": errors.append,
                "stop": stop,
                "poll_seconds": 0.1,
            },
        )
        for found in outcomes
    ]
    for watcher in watchers:
        watcher.start()
    for version in range(10):
        commit = set_version(catalog, version)
    assert eventually(lambda: status(location)["commit"] == commit)
    stop.set()
    for watcher in watchers:
        watcher.join(10)
        assert not watcher.is_alive()

    assert errors == []
    assert status(location)["state"] == "fresh"
    with open_snapshot(catalog.path) as snapshot:
        assert version_of(snapshot) == 9
    order = [catalog.git("rev-parse", f"HEAD~{9 - at}") for at in range(10)]
    for found in outcomes:
        seen = [order.index(outcome.commit) for outcome in found if outcome.commit in order]
        assert seen == sorted(seen)


def test_readers_without_a_cache_may_come_at_once(catalog):
    set_version(catalog, 0)
    stop, seen = processes.Event(), processes.Queue()
    running = [
        processes.Process(target=read_on, args=(catalog.path, True, stop, seen)) for _ in range(3)
    ]
    for reader in running:
        reader.start()
    assert eventually(lambda: Store(locate(catalog.path)).current() is not None)
    time.sleep(0.3)
    stop.set()

    for versions, said in [seen.get(timeout=30) for _ in running]:
        assert set(versions) == {0}
        assert said == []
    for reader in running:
        reader.join(10)
        assert reader.exitcode == 0
