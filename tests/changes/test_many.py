"""Many processes and servers that change a catalog at the same time, and are killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from agnes.changes.wishes import Update
from agnes.errors import AgnesError, ConflictError
from agnes.git import committing
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from tests.changes.conftest import GRACE, INDEX, changes, log, make, metric, put
from tests.conftest import GitRepository
from tests.sync.test_killed import at_failpoint, die, failpoints, run

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.changes.test_many"])

SLOW = [pytest.mark.slow, pytest.mark.timeout(3600)]
THOROUGH = [pytest.param(1, marks=SLOW)]


def define_many(path: Path, who: int, number: int) -> None:
    made = changes(path)
    for at in range(number):
        for attempt in count():
            try:
                made.make(put(metric(f"m{who}_{at}", f"w{who}")), GRACE)
            except ConflictError:
                assert attempt < 20  # told, and tried again
            else:
                break


def together(paths: list[Path], number: int) -> None:
    workers = [
        processes.Process(target=define_many, args=(path, who, number))
        for who, path in enumerate(paths)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * len(paths)


def assert_all_there(at: GitRepository, writers: int, number: int) -> None:
    expected = [
        f"feat(metrics): define w{who}/m{who}_{n}" for who in range(writers) for n in range(number)
    ]
    assert sorted(it for it in log(at) if "define" in it) == sorted(expected)
    files = at.git("ls-tree", "-r", "--name-only", "main", "metrics/").splitlines()
    assert len([it for it in files if "/w" in it]) == writers * number
    at.git("fsck", "--strict")


@pytest.mark.parametrize(("writers", "number"), [(4, 5), pytest.param(8, 500, marks=SLOW)])
def test_processes_that_change_one_catalog_lose_no_change(catalog, writers, number):
    catalog.write("metrics/metrics.yml", INDEX)
    catalog.commit()

    together([catalog.path] * writers, number)

    assert_all_there(catalog, writers, number)
    assert catalog.git("status", "--porcelain") == ""


@pytest.mark.parametrize(("servers", "number"), [(2, 8), pytest.param(4, 100, marks=SLOW)])
@pytest.mark.parametrize("follow", ["origin/main", "HEAD"])
def test_servers_that_change_one_remote_lose_no_change(remote, clone, follow, servers, number):
    clones = [clone(f"server{at}", follow) for at in range(servers)]

    together([it.path for it in clones], number)

    assert_all_there(remote, servers, number)


def fight(path: Path, who: str, number: int, report: Path) -> None:
    """Change one and the same metric, and note what was acknowledged."""
    made = changes(path)
    with report.open("a", buffering=1) as acknowledged:
        for at in range(number):
            try:
                done = made.make(
                    Update(metric_id="revenue/mrr", fields={"unit": f"{who} {at}"}), GRACE
                )
            except ConflictError:
                continue
            acknowledged.write(f"{done.commit}\n")


def test_servers_that_change_one_metric_lose_nothing_that_was_acknowledged(remote, clone, tmp_path):
    report = tmp_path / "acknowledged"
    workers = [
        processes.Process(target=fight, args=(clone(name).path, name, 8, report))
        for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    said = report.read_text().split()
    assert len(said) >= 8
    assert set(said) | set(remote.git("rev-list", "main").split()[-1:]) == set(
        remote.git("rev-list", "main").split()
    )


# kill -9


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(committing, "STALE_SECONDS", 0.05)


def change_mrr(path: Path, unit: str) -> None:
    changes(path).make(Update(metric_id="revenue/mrr", fields={"unit": unit}), GRACE)


def change_until(path: Path, unit: str, number: int) -> None:
    at_failpoint(path, number, die)
    change_mrr(path, unit)
    sys.setprofile(None)


def heal(path: Path) -> None:
    """The next change, once git's own processes of the killed one have ended."""
    deadline = time.monotonic() + 10
    while True:
        try:
            make(GitRepository(path), metric(f"after_{time.monotonic_ns()}"))
        except AgnesError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def assert_healed(here: GitRepository, remote: GitRepository | None) -> None:
    folder = here.path / ".git"
    assert here.git("status", "--porcelain") == ""
    assert list(folder.rglob("*.lock")) == []
    assert not (folder / "agnes" / "committing").exists()
    here.git("fsck", "--strict")
    served = reconcile(locate(here.path)).commit
    if remote is not None:
        remote.git("fsck", "--strict")
        assert list(remote.path.rglob("*.lock")) == []
        assert served == remote.git("rev-parse", "main")


@pytest.mark.parametrize("every", [23, *THOROUGH])
@pytest.mark.parametrize("follow", ["origin/main", "HEAD", None])
@pytest.mark.usefixtures("impatient")
def test_a_change_that_is_killed_between_any_two_steps_is_made_or_not(
    catalog, remote, clone, follow, every
):
    here = clone("here", follow) if follow else catalog
    there = remote if follow else None
    for number in failpoints(every):
        before = (there or here).git("rev-parse", "main")

        code = run(change_until, here.path, f"Unit {number}", number)

        if code == 0:
            break
        assert code == -signal.SIGKILL
        heal(here.path)
        made = log(there or here, f"{before}..main")
        assert len(made) in (1, 2), made
        assert_healed(here, there)
    assert number > 40


def change_forever(path: Path, report: Path) -> None:
    made = changes(path)
    with report.open("a", buffering=1) as acknowledged:
        for at in count():
            try:
                wish = Update(metric_id="revenue/mrr", fields={"unit": f"{os.getpid()} {at}"})
                done = made.make(wish, GRACE)
            except AgnesError as error:
                acknowledged.write(json.dumps(["error", str(error)]) + "\n")
            else:
                acknowledged.write(json.dumps(["made", done.commit]) + "\n")


@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=SLOW)])
@pytest.mark.parametrize("follow", ["origin/main", "HEAD"])
@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_killed_at_any_moment_loses_nothing_acknowledged(
    remote, clone, tmp_path, follow, rounds
):
    report = tmp_path / "acknowledged"
    report.touch()
    here = clone("here", follow)
    moments = random.Random(rounds)
    for _ in range(rounds):
        process = processes.Process(target=change_forever, args=(here.path, report))
        process.start()
        before, deadline = report.stat().st_size, time.monotonic() + 20
        while report.stat().st_size == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.6))
        process.kill()
        process.join()

        heal(here.path)
        there = set(remote.git("rev-list", "main").split())
        said = [json.loads(line) for line in report.read_text().splitlines()]
        assert {commit for what, commit in said if what == "made"} <= there
        assert_healed(here, remote)
    assert len(said) >= rounds
