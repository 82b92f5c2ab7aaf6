"""A real server that is killed while clients change the catalog through it."""

from __future__ import annotations

import random
import threading
import time

import httpx
import pytest

from agnes.api.instance import Instance
from agnes.config.instance import InstanceSettings
from agnes.git import committing
from tests.api.test_changes import ADMIN, MRR
from tests.changes.conftest import clone, remote  # noqa: F401  (fixtures)
from tests.cli.test_serve import start
from tests.conftest import GitRepository


def token(catalog: GitRepository) -> str:
    """Of an admin, made as the server will know it."""
    instance = Instance.open(InstanceSettings.load(catalog=catalog.path))
    user = instance.state.users.create("admin@example.com", role="admin")
    made = instance.authenticator.sign_in_as(user).token
    instance.close()
    return made


class Writer(threading.Thread):
    """Defines metrics, one after another, each with its key, until it is stopped.

    Args:
        acknowledged: names of those that were answered with 201.
    """

    def __init__(self, who: int, bearer: str) -> None:
        super().__init__(daemon=True)
        self.who, self.bearer = who, bearer
        self.url = ""
        self.acknowledged: list[str] = []
        self.unexpected: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        at = 0
        while not self.stop.is_set():
            name = f"m{self.who}_{at}"
            headers = {"Authorization": f"Bearer {self.bearer}"}
            body = MRR | {"id": f"finance/{name}", "name": name}
            try:
                found = httpx.post(f"{self.url}{ADMIN}", json=body, headers=headers, timeout=30)
            except httpx.TransportError:
                time.sleep(0.05)  # killed: the same again, from the next one
                continue
            if found.status_code == 201:
                self.acknowledged.append(f"finance/{name}")
                at += 1
            elif found.status_code not in (409, 503):
                self.unexpected.append(found.text)
                return


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
@pytest.mark.parametrize("follow", [None, "origin/main"])
def test_a_server_that_is_killed_while_it_writes_loses_nothing_that_it_answered(
    catalog,
    remote,  # noqa: F811
    clone,  # noqa: F811
    monkeypatch,
    follow,
    rounds,
):
    monkeypatch.setattr(committing, "STALE_SECONDS", 0.05)
    here = clone("here", follow) if follow else catalog
    there = remote if follow else catalog
    bearer = token(here)
    moments = random.Random(rounds)
    writers = [Writer(who, bearer) for who in range(3)]
    process, url = start(cwd=here.path)
    for writer in writers:
        writer.url = url
        writer.start()
    for _ in range(rounds):
        before = sum(len(writer.acknowledged) for writer in writers)
        deadline = time.monotonic() + 30
        while sum(len(it.acknowledged) for it in writers) < before + 3:
            assert time.monotonic() < deadline, [writer.unexpected for writer in writers]
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        process.communicate()
        assert_kept(there, writers)
        process, url = start(cwd=here.path)
        for writer in writers:
            writer.url = url
    for writer in writers:
        writer.stop.set()
        writer.join(30)
    served = httpx.get(
        f"{url}/api/metrics?category=finance&fields=id",
        headers={"Authorization": f"Bearer {bearer}"},
    ).json()["metrics"]
    process.kill()
    process.communicate()

    assert [writer.unexpected for writer in writers] == [[], [], []]
    assert_kept(there, writers)
    assert {it for writer in writers for it in writer.acknowledged} <= {it["id"] for it in served}
    subjects = there.git("log", "--format=%s", "main").splitlines()
    assert len(subjects) == len(set(subjects))
    there.git("fsck", "--strict")
    assert here.git("status", "--porcelain") == ""


def assert_kept(there: GitRepository, writers: list[Writer]) -> None:
    said = [set(writer.acknowledged) for writer in writers]
    files = there.git("ls-tree", "-r", "--name-only", "main", "metrics/finance/").splitlines()
    kept = {file.removeprefix("metrics/").removesuffix(".yml") for file in files}
    assert set().union(*said) <= kept
