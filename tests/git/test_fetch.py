from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agnes.errors import GitError
from agnes.git import fetch as module
from agnes.git.fetch import fetch
from agnes.git.refs import locate, read_tip
from tests.conftest import GitRepository

ORIGIN = "refs/remotes/origin/main"


@pytest.fixture
def clone(catalog, tmp_path) -> GitRepository:
    made = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(made.path))
    return made


@pytest.fixture
def over_ssh(clone, tmp_path, monkeypatch) -> Path:
    """The remote is reached through a script, which a test writes, in place of ssh."""
    script = tmp_path / "ssh"
    clone.git("remote", "set-url", "origin", "ssh://nowhere.example/x.git")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    return script


def write_script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_what_the_remote_has_is_here_afterwards(catalog, clone):
    commit = catalog.commit("Newer")

    fetch(locate(clone.path))

    assert read_tip(locate(clone.path), ORIGIN).commit == commit


def test_it_touches_neither_the_branch_nor_the_files(catalog, clone):
    clone.write("metrics/revenue/mrr.yml", "not committed")
    before = clone.git("rev-parse", "HEAD"), clone.git("status", "--porcelain")
    catalog.commit("Newer")

    fetch(locate(clone.path))

    assert (clone.git("rev-parse", "HEAD"), clone.git("status", "--porcelain")) == before


def test_another_remote_can_be_named(catalog, clone):
    clone.git("remote", "rename", "origin", "upstream")
    commit = catalog.commit("Newer")

    fetch(locate(clone.path), "upstream")

    assert read_tip(locate(clone.path), "refs/remotes/upstream/main").commit == commit


def test_a_linked_worktree_and_a_bare_clone_are_fetched_into(catalog, clone, tmp_path):
    clone.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    catalog.git("clone", "--quiet", "--mirror", str(catalog.path), str(tmp_path / "bare.git"))
    commit = catalog.commit("Newer")

    fetch(locate(tmp_path / "linked"))
    fetch(locate(tmp_path / "bare.git"))

    assert read_tip(locate(clone.path), ORIGIN).commit == commit
    assert read_tip(locate(tmp_path / "bare.git"), "refs/heads/main").commit == commit


def test_a_catalog_without_a_remote_is_an_error_with_a_remedy(catalog):
    with pytest.raises(GitError, match="cannot fetch from origin: 'origin' does not") as caught:
        fetch(locate(catalog.path))
    assert caught.value.hint == f"try it by hand: git -C {catalog.path} fetch origin"


def test_a_remote_that_is_gone_is_said_with_gits_own_words(catalog, clone):
    catalog.path.rename(catalog.path.with_name("away"))

    with pytest.raises(GitError, match=r"does not appear to be a git repository$"):
        fetch(locate(clone.path))


def test_a_remote_that_is_an_empty_repository_leaves_what_was_fetched(clone, tmp_path):
    before = read_tip(locate(clone.path), ORIGIN)
    empty = GitRepository(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "--quiet")
    clone.git("remote", "set-url", "origin", str(empty.path))
    clone.git("config", "fetch.prune", "false")

    fetch(locate(clone.path))

    assert read_tip(locate(clone.path), ORIGIN) == before


def test_a_machine_without_git_is_told_to_get_it(clone, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError, match="not on the PATH") as caught:
        fetch(locate(clone.path))
    assert "install it" in caught.value.hint


def test_a_fetch_that_hangs_is_given_up(clone, over_ssh, monkeypatch):
    write_script(over_ssh, "exec sleep 20")
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.3)
    started = time.monotonic()

    with pytest.raises(GitError, match="minutes"):
        fetch(locate(clone.path))
    assert time.monotonic() - started < 5


def test_nobody_is_asked_for_a_password(clone, over_ssh, tmp_path):
    asked = tmp_path / "asked"
    write_script(over_ssh, f'echo "$GIT_TERMINAL_PROMPT" > {asked}; exit 1')

    with pytest.raises(GitError, match="cannot fetch"):
        fetch(locate(clone.path))
    assert asked.read_text() == "0\n"


def test_the_reason_is_one_line_whatever_the_remote_says(clone, over_ssh):
    write_script(over_ssh, "printf 'ssh: \\377 no such host\\n\\nwarning: odd\\n' >&2; exit 255")

    with pytest.raises(GitError) as caught:
        fetch(locate(clone.path))
    assert caught.value.message == (
        "cannot fetch from origin: Could not read from remote repository."
    )


def test_gits_own_credential_helpers_and_settings_are_used(catalog, clone, tmp_path):
    """A URL that only git's settings lead to the remote."""
    clone.git("remote", "set-url", "origin", "company:catalog")
    clone.git("config", f"url.{catalog.path}.insteadOf", "company:catalog")
    commit = catalog.commit("Newer")

    fetch(locate(clone.path))

    assert read_tip(locate(clone.path), ORIGIN).commit == commit


def test_the_environment_of_the_caller_stays_as_it_was(clone):
    before = dict(os.environ)

    fetch(locate(clone.path))

    assert dict(os.environ) == before
