"""Many processes at work in one repository."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from agnes.config import Author
from agnes.git.building import Edit
from agnes.git.refs import locate, read_tip
from agnes.git.writer import commit
from agnes.sync.reconcile import reconcile
from agnes.sync.watch import watch
from tests.cache.test_build import assert_same, built
from tests.conftest import metric_yaml

ADA = Author("Ada Lovelace", "ada@example.com", 1_700_000_100, 60, 1_700_000_200, -300)
MAIN = "refs/heads/main"
MRR = "metrics/revenue/mrr.yml"

processes = multiprocessing.get_context("spawn")


def start(work: Callable[..., None], *arguments: object) -> BaseProcess:
    process = processes.Process(target=work, args=arguments)
    process.start()
    return process


def commit_many(path: Path, who: int, count: int) -> None:
    location = locate(path)
    for at in range(count):
        files = {f"metrics/w{who}/m{at}.yml": metric_yaml(f"m{at}").encode()}
        edit = Edit(read_tip(location, MAIN).commit, files, f"feat: {who} {at}\n")
        commit(location, MAIN, edit, ADA)


@pytest.mark.parametrize(
    ("writers", "count"),
    [(4, 20), pytest.param(8, 500, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
def test_writers_in_several_processes_lose_no_commit(catalog, writers, count):
    workers = [start(commit_many, catalog.path, who, count) for who in range(writers)]
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0] * writers
    subjects = catalog.git("log", "--format=%s", "HEAD").splitlines()
    assert sorted(subjects) == sorted(
        ["Start", *(f"feat: {who} {at}" for who in range(writers) for at in range(count))]
    )
    files = catalog.git("ls-tree", "-r", "--name-only", "HEAD", "metrics/").splitlines()
    assert len(files) == 2 + writers * count
    assert catalog.git("status", "--porcelain") == ""
    catalog.git("fsck", "--strict")


def sync_together(path: Path, barrier: Barrier, reports: Queue[tuple[str, str]]) -> None:
    barrier.wait()
    outcome = reconcile(locate(path))
    reports.put((str(outcome.path), outcome.commit))


@pytest.mark.parametrize("before", ["nothing", "an older snapshot"])
def test_two_syncs_at_once_agree(catalog, before):
    if before != "nothing":
        reconcile(locate(catalog.path))
        catalog.write(MRR, metric_yaml("mrr", "New"))
        catalog.commit()
    barrier, reports = processes.Barrier(2), processes.Queue()
    workers = [start(sync_together, catalog.path, barrier, reports) for _ in range(2)]

    said = [reports.get(timeout=60) for _ in workers]

    for worker in workers:
        worker.join()
    assert said[0] == said[1]
    assert said[0][1] == catalog.git("rev-parse", "HEAD")
    assert_same(Path(said[0][0]), built(catalog))


def watch_and_report(path: Path, who: int, reports: Queue[tuple[int, str]]) -> None:
    watch(
        locate(path),
        on_sync=lambda outcome: reports.put((who, outcome.commit)),
        on_error=lambda error: reports.put((who, f"error: {error}")),
        stop=threading.Event(),
    )


@pytest.mark.parametrize("commits", [10, pytest.param(1_000, marks=pytest.mark.slow)])
def test_two_watchers_at_once_end_at_the_last_commit(catalog, commits):
    reports = processes.Queue()
    watchers = [start(watch_and_report, catalog.path, who, reports) for who in range(2)]
    try:
        started = {reports.get(timeout=60)[0] for _ in watchers}
        assert started == {0, 1}
        for at in range(commits):
            catalog.write(MRR, metric_yaml("mrr", f"Version {at}"))
            last = catalog.commit(at=1_700_000_100 + at)
        newest: dict[int, str] = {}
        deadline = time.monotonic() + 20
        # One of them syncs; what the other reports depends on when it looks.
        while last not in newest.values() and time.monotonic() < deadline:
            who, said = reports.get(timeout=20)
            assert not said.startswith("error"), said
            newest[who] = said
    finally:
        for watcher in watchers:
            watcher.terminate()
            watcher.join()

    outcome = reconcile(locate(catalog.path))
    assert (outcome.commit, outcome.previous) == (last, last)
    assert_same(outcome.path, built(catalog))
