from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agnes.errors import GitError
from agnes.git.client import run_git
from tests.conftest import GitRepository


def run(at: GitRepository, *arguments: str, seconds: float = 5.0, pushed: Path | None = None):
    return run_git(at.path / ".git", *arguments, what="testing", seconds=seconds, pushed=pushed)


@pytest.fixture
def other(tmp_path) -> GitRepository:
    made = GitRepository(tmp_path / "other")
    made.path.mkdir()
    made.git("init", "--quiet")
    return made


def test_a_command_is_run_in_the_repository_that_is_named(catalog):
    done = run(catalog, "rev-parse", "HEAD")

    assert (done.returncode, done.stdout) == (0, f"{catalog.git('rev-parse', 'HEAD')}\n")


def test_where_a_hook_runs_is_not_where_its_commands_look(catalog, other, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git/objects"))
    monkeypatch.setenv("GIT_COMMON_DIR", str(other.path / ".git"))

    done = run(catalog, "log", "--format=%s")

    assert done.stdout == "Start\n"


def test_objects_that_are_pushed_are_found_where_they_are(catalog, other):
    head = catalog.git("rev-parse", "HEAD")
    objects = catalog.path / ".git/objects"

    assert run(other, "cat-file", "-e", head).returncode
    assert not run(other, "cat-file", "-e", head, pushed=objects).returncode


def test_what_git_reads_ends_at_once(catalog):
    done = run(catalog, "hash-object", "--stdin")

    assert done.stdout == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n"


def test_a_machine_without_git_is_told_to_get_it(catalog, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError, match="not on the PATH") as caught:
        run(catalog, "version")
    assert caught.value.hint == "install it: testing is done by git itself"


def test_a_command_that_cannot_be_started_is_an_error(catalog):
    with pytest.raises(GitError, match="cannot run git: "):
        run(catalog, "log", "x" * 10_000_000)


def test_a_command_that_takes_too_long_is_stopped(catalog):
    with pytest.raises(subprocess.TimeoutExpired):
        run(catalog, "-c", "alias.wait=!exec sleep 3", "wait", seconds=0.2)
