"""Commits that are killed after the branch moved, before their checkouts do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from agnes.git import checkout, committing, writer
from agnes.git.finishing import finish_killed
from agnes.git.refs import locate
from tests.conftest import GitRepository
from tests.git import test_writer as by_user
from tests.git.test_repository import object_file
from tests.git.test_writer import MAIN, MRR, NEW, change, everything

ARR = "metrics/revenue/arr.yml"
COMMITTED = {MRR: b"changed", NEW: b"new", ARR: None}

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.git.test_finishing"])


def commit_and_die(path: Path, files: dict[str, bytes | None]) -> None:
    writer.follow = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    change(path, files)


def killed(catalog: GitRepository, files: dict[str, bytes | None], folder: str = "") -> None:
    process = processes.Process(target=commit_and_die, args=(catalog.path / folder, files))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert mark(catalog).exists()


def mark(catalog: GitRepository) -> Path:
    return catalog.path / ".git/agnes/committing"


@pytest.fixture
def behind(catalog) -> GitRepository:
    """A catalog whose checkout is behind its branch by a file that changed, came and went."""
    killed(catalog, COMMITTED)
    return catalog


def finish(catalog: GitRepository) -> None:
    finish_killed(locate(catalog.path))


def test_the_checkout_is_brought_along(behind):
    assert behind.git("status", "--porcelain") != ""

    finish(behind)

    assert behind.git("status", "--porcelain") == ""
    assert (behind.path / MRR).read_bytes() == b"changed"
    assert (behind.path / NEW).read_bytes() == b"new"
    assert not (behind.path / ARR).exists()
    assert not mark(behind).exists()


def test_the_checkout_of_a_linked_worktree_is_brought_along(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    catalog.git("switch", "--quiet", "--detach")
    linked.git("switch", "--quiet", "main")
    killed(catalog, COMMITTED)

    finish(catalog)

    assert linked.git("status", "--porcelain") == ""
    assert (linked.path / MRR).read_bytes() == b"changed"


def test_a_catalog_in_a_folder_finishes_what_was_left_in_another(repository):
    for folder in ("one", "größe/two"):
        repository.write(f"{folder}/agnes.yml", "name: x\n")
    repository.commit()
    killed(repository, {"agnes.yml": b"name: y\n"}, "größe/two")

    finish_killed(locate(repository.path / "one"))

    assert repository.git("status", "--porcelain") == ""
    assert (repository.path / "größe/two/agnes.yml").read_bytes() == b"name: y\n"


def test_where_nothing_is_left_nothing_is_made(catalog):
    finish(catalog)

    assert not (catalog.path / ".git/agnes").exists()


def test_a_commit_that_was_killed_before_the_branch_moved_leaves_the_checkout_alone(behind):
    behind.git("update-ref", MAIN, "HEAD~1")
    before = everything(behind)

    finish(behind)

    assert everything(behind) == before
    assert not mark(behind).exists()


@pytest.mark.parametrize(
    "arrange",
    [
        by_user.dirty,
        by_user.dirty_in_the_index,
        by_user.staged,
        by_user.deleted,
        by_user.deleted_in_the_index,
        by_user.became_a_link,
        by_user.became_a_folder,
        by_user.folder_became_a_link,
        by_user.folder_became_a_file,
        by_user.renamed,
    ],
)
def test_what_the_user_did_to_a_file_meanwhile_stays(catalog, arrange):
    killed(catalog, {MRR: b"changed"})
    arrange(catalog)
    before = everything(catalog)

    finish(catalog)

    assert everything(catalog) == before
    assert not mark(catalog).exists()


def dangling_link(catalog: GitRepository) -> None:
    catalog.write(NEW, "").unlink()
    (catalog.path / NEW).symlink_to("nowhere")


@pytest.mark.parametrize(
    "arrange",
    [
        by_user.untracked,
        by_user.untracked_link,
        by_user.untracked_folder,
        by_user.untracked_file_above,
        by_user.untracked_link_above,
        dangling_link,
    ],
)
def test_what_the_user_put_in_the_place_of_a_new_file_stays(catalog, arrange):
    killed(catalog, {NEW: b"new"})
    arrange(catalog)
    before = everything(catalog)

    finish(catalog)

    assert everything(catalog) == before
    assert not mark(catalog).exists()


def test_what_the_user_did_to_one_file_does_not_hold_up_the_others(behind):
    behind.write(MRR, "mine")

    finish(behind)

    assert (behind.path / MRR).read_bytes() == b"mine"
    assert behind.git("status", "--porcelain").split() == ["MM", MRR]


def test_what_the_user_committed_since_stays(behind):
    behind.write("README.md", "x")
    behind.git("add", "README.md")
    behind.git("commit", "--quiet", "--all", "--message", "Back to what it was")
    before = everything(behind)

    finish(behind)

    assert everything(behind) == before


def test_a_live_commit_is_not_waited_for_and_keeps_its_mark(behind):
    location = locate(behind.path)
    with committing.committing(location, MAIN):
        started = time.monotonic()
        finish(behind)
        assert time.monotonic() - started < 5
        assert mark(behind).exists()


def test_while_git_is_at_work_all_stays_for_the_next_time(behind, monkeypatch):
    monkeypatch.setattr(checkout, "LOCK_WAIT_SECONDS", 0.05)
    lock = behind.write(".git/index.lock", "")
    os.utime(lock, (1, 1))  # it was there before
    before = everything(behind)

    finish(behind)

    assert everything(behind) == before
    lock.unlink()
    finish(behind)
    assert behind.git("status", "--porcelain") == ""


def test_the_lock_that_it_left_on_its_branch_is_cleared(behind, monkeypatch):
    monkeypatch.setattr(committing, "STALE_SECONDS", 0.05)
    lock = behind.write(f".git/{MAIN}.lock", "")

    finish(behind)

    assert not lock.exists()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", [f"HEAD:{MRR}", f"HEAD~1:{MRR}", "HEAD", "HEAD~1", "HEAD:metrics"])
def test_a_damaged_object_holds_nothing_up_and_is_waited_for(behind, what):
    file = object_file(behind.path, behind.git("rev-parse", what))
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])

    finish(behind)
    assert mark(behind).exists()

    file.unlink()
    file.write_bytes(content)
    finish(behind)
    assert behind.git("status", "--porcelain") == ""


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "refs/heads/main"])
def test_a_mark_whose_owner_was_killed_while_it_wrote_goes(catalog, content):
    catalog.write(".git/agnes/committing", content)

    finish(catalog)

    assert not mark(catalog).exists()
