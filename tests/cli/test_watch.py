"""`da catalog watch`, as a process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agnes.git.refs import locate
from agnes.sync.status import status
from tests.conftest import GitRepository, metric_yaml
from tests.sync.test_watch import eventually, retitle

DA = Path(sys.executable).with_name("da")
PATIENCE = 20.0


class Watching:
    """A watch in a process, and what it has printed so far."""

    def __init__(self, catalog: GitRepository, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        self._files = [folder / name for name in ("out", "err")]
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                [str(DA), "catalog", "watch", *options], cwd=catalog.path, stdout=out, stderr=err
            )

    @property
    def out(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._whole_lines(0)]

    @property
    def err(self) -> list[str]:
        return self._whole_lines(1)

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.err]

    def _whole_lines(self, number: int) -> list[str]:
        return self._files[number].read_text(encoding="utf-8").split("\n")[:-1]

    def logged(self, event: str, **facts: object) -> bool:
        return any(entry["event"] == event and facts.items() <= entry.items() for entry in self.log)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(3)


@contextmanager
def watching(catalog: GitRepository, folder: Path, *options: str) -> Iterator[Watching]:
    found = Watching(catalog, folder, *options)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait(10)


def test_it_logs_json_for_programs(catalog, tmp_path):
    first = catalog.git("rev-parse", "HEAD")
    with watching(catalog, tmp_path / "log", "--log-format", "json") as found:
        assert eventually(lambda: found.logged("synced", commit=first), PATIENCE)
        commit = retitle(catalog, "New")
        assert eventually(lambda: found.logged("synced", commit=commit), PATIENCE)
        (catalog.path / "agnes.yml").unlink()
        catalog.commit()
        assert eventually(lambda: found.logged("failed"), PATIENCE)
        assert found.stop() == 0
        log, out = found.log, found.out
    assert [entry["event"] for entry in log] == ["watching", "synced", "synced", "failed"]
    assert {entry["logger"] for entry in log} == {"agnes.sync"}
    assert [entry["level"] for entry in log] == ["info", "info", "info", "error"]
    assert all(datetime.fromisoformat(entry["time"]).tzinfo for entry in log)
    assert log[0]["catalog"] == str(catalog.path)
    assert log[2] | {"previous": first, "changed": 1, "metrics": 2, "errors": 0} == log[2]
    assert "agnes.yml" in log[3]["error"]
    assert out == []


def test_it_prints_json_for_programs(catalog, tmp_path):
    with watching(catalog, tmp_path / "log", "--json") as found:
        assert eventually(lambda: len(found.out) == 1, PATIENCE)
        catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
        commit = catalog.commit()
        assert eventually(lambda: len(found.out) == 2, PATIENCE)
        assert found.stop() == 0
        _, synced = found.out
        lines = found.err
    assert (synced["commit"], synced["added"], synced["metrics"]) == (commit, ["revenue/new"], 3)
    assert [line.split()[1:3] for line in lines] == [
        ["info", "watching"],
        ["info", "synced"],
        ["info", "synced"],
    ]


def test_it_ends_at_once_when_it_is_interrupted(catalog, tmp_path):
    with watching(catalog, tmp_path / "log", "--log-format", "json") as found:
        assert eventually(lambda: found.logged("synced"), PATIENCE)
        started = time.monotonic()
        assert found.stop() == 0
        assert time.monotonic() - started < 3
        assert all(json.loads(line) for line in found.err)


def test_it_ends_at_once_while_it_fetches(catalog, tmp_path, monkeypatch):
    script = tmp_path / "ssh"
    script.write_text(f"#!/bin/sh\necho begun > {tmp_path}/begun\nexec sleep 30\n")
    script.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    catalog.git("remote", "add", "origin", "ssh://nowhere.example/x.git")
    options = ("--fetch-every", "1s", "--log-format", "json")
    with watching(catalog, tmp_path / "log", *options) as found:
        assert eventually((tmp_path / "begun").exists, PATIENCE)
        assert eventually(lambda: found.logged("synced"), PATIENCE)
        assert found.stop() == 0


def test_it_follows_a_remote_and_says_when_that_fails(catalog, tmp_path):
    remote = tmp_path / "remote.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(remote))
    catalog.git("remote", "add", "origin", str(remote))
    replica = GitRepository(tmp_path / "replica")
    replica.path.mkdir()
    replica.git("clone", "--quiet", str(remote), ".")
    options = ("--fetch-every", "1s", "--log-format", "json")
    with watching(replica, tmp_path / "log", *options) as found:
        assert eventually(lambda: found.logged("synced"), PATIENCE)
        assert found.log[0]["follows"] == "refs/remotes/origin/main"
        commit = retitle(catalog, "New")
        catalog.git("push", "--quiet", "origin", "main")
        assert eventually(lambda: found.logged("synced", commit=commit), PATIENCE)
        remote.rename(tmp_path / "away")
        assert eventually(lambda: found.logged("failed"), PATIENCE)
        [failed] = [entry for entry in found.log if entry["event"] == "failed"]
        assert "cannot fetch from origin" in failed["error"]
        assert "git -C" in failed["hint"]
        location = locate(replica.path)
        assert eventually(lambda: status(location)["state"] == "degraded", PATIENCE)
        state = status(location)
        assert (state["commit"], state["metrics"]) == (commit, 2)
        assert found.stop() == 0


def test_a_branch_can_be_chosen_when_it_starts(catalog, tmp_path):
    catalog.git("branch", "release")
    options = ("--follow", "release", "--log-format", "json")
    with watching(catalog, tmp_path / "log", *options) as found:
        assert eventually(lambda: found.logged("watching", follows="refs/heads/release"), PATIENCE)
        assert found.stop() == 0
    assert catalog.git("config", "agnes.follow") == "refs/heads/release"


def test_two_watchers_of_one_catalog_agree(catalog, tmp_path):
    options = ("--log-format", "json")
    with (
        watching(catalog, tmp_path / "one", *options) as one,
        watching(catalog, tmp_path / "two", *options) as two,
    ):
        assert eventually(lambda: one.logged("synced") and two.logged("synced"), PATIENCE)
        for at in range(3):
            commit = retitle(catalog, f"Version {at}")
        assert eventually(lambda: status(locate(catalog.path))["commit"] == commit, PATIENCE)
        assert status(locate(catalog.path))["state"] == "fresh"
        assert (one.stop(), two.stop()) == (0, 0)
        assert not one.logged("failed")
        assert not two.logged("failed")


@pytest.mark.parametrize("duration", ["", "0s", "30", "-5s", "1d", "1.5s", "s", "x", "²s"])
def test_a_wrong_duration_is_wrong_usage(catalog, duration, da, monkeypatch):
    monkeypatch.chdir(catalog.path)

    done = da("catalog", "watch", f"--fetch-every={duration}")

    assert (done.code, done.out) == (2, "")
    assert "write 30s, 5m or 1h" in done.err
    assert not (catalog.path / ".git/agnes").exists()


def test_a_branch_that_does_not_exist_is_an_expected_error(catalog, da, monkeypatch):
    monkeypatch.chdir(catalog.path)

    done = da("catalog", "watch", "--follow", "gone")

    assert (done.code, done.out) == (1, "")
    assert "there is no branch gone" in done.err


def test_an_unknown_log_format_is_wrong_usage(catalog, da, monkeypatch):
    monkeypatch.chdir(catalog.path)

    assert da("catalog", "watch", "--log-format", "xml").code == 2


def test_where_there_is_no_catalog_it_does_not_start(da, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    done = da("catalog", "watch")

    assert (done.code, "no catalog here" in done.err) == (1, True)
