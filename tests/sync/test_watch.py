from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agnes.errors import AgnesError
from agnes.git.refs import locate, read_tip
from agnes.sync import watch as module
from agnes.sync.follow import follow_branch
from agnes.sync.outcome import Outcome
from agnes.sync.watch import POLL_SECONDS, watch
from tests.conftest import GitRepository, metric_yaml
from tests.git.test_finishing import COMMITTED, killed

MRR = "metrics/revenue/mrr.yml"


@dataclass
class Watched:
    """A watch in a thread, and what it reported."""

    outcomes: list[Outcome] = field(default_factory=list)
    errors: list[AgnesError] = field(default_factory=list)

    @property
    def commits(self) -> list[str]:
        return [outcome.commit for outcome in self.outcomes]


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


@contextmanager
def watching(
    catalog: GitRepository, poll_seconds: float = 60.0, fetch_seconds: float | None = None
) -> Iterator[Watched]:
    """Watch; with a poll of a minute, what a test sees within seconds came by an event."""
    found = Watched()
    stop = threading.Event()
    location = locate(catalog.path)
    thread = threading.Thread(
        target=watch,
        args=(location,),
        kwargs={
            "on_sync": found.outcomes.append,
            "on_error": found.errors.append,
            "stop": stop,
            "poll_seconds": poll_seconds,
            "fetch_seconds": fetch_seconds,
        },
    )
    thread.start()
    try:
        assert eventually(lambda: bool(found.outcomes or found.errors))
        yield found
    finally:
        stop.set()
        if location.git_dir.is_dir():
            (location.git_dir / "wake").touch()  # an event, so that the wait ends
        thread.join(10)
        assert not thread.is_alive()


def retitle(catalog: GitRepository, title: str) -> str:
    catalog.write(MRR, metric_yaml("mrr", title))
    return catalog.commit()


def test_it_syncs_at_the_start(catalog):
    with watching(catalog) as found:
        assert found.commits == [catalog.git("rev-parse", "HEAD")]
    assert not found.errors


def plain(catalog):
    return retitle(catalog, "New")


def packed(catalog):
    retitle(catalog, "New")
    catalog.git("pack-refs", "--all", "--prune")
    return retitle(catalog, "Newer")


def packed_alone(catalog):
    commit = retitle(catalog, "New")
    catalog.git("pack-refs", "--all", "--prune")
    return commit


def switched(catalog):
    catalog.git("switch", "--quiet", "--create", "feature/other")
    return retitle(catalog, "New")


def detached(catalog):
    retitle(catalog, "New")
    commit = retitle(catalog, "Newer")
    catalog.git("checkout", "--quiet", "--detach", "HEAD")
    return commit


def collected(catalog):
    commit = retitle(catalog, "New")
    catalog.git("gc", "--quiet", "--prune=now")
    return commit


def reset(catalog):
    retitle(catalog, "New")
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    return catalog.git("rev-parse", "HEAD")


def merged(catalog):
    catalog.git("switch", "--quiet", "--create", "side")
    retitle(catalog, "New")
    catalog.git("switch", "--quiet", "main")
    catalog.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    return catalog.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    "act", [plain, packed, packed_alone, switched, detached, collected, merged, reset]
)
def test_it_follows_what_git_does(catalog, act):
    with watching(catalog) as found:
        commit = act(catalog)
        assert eventually(lambda: found.commits[-1] == commit)
    assert not found.errors


COMMIT = """
import sys, pygit2
repository = pygit2.Repository(sys.argv[1])
tip = repository.head.peel()
blob = repository.create_blob(sys.argv[2].encode())
index = pygit2.Index()
index.read_tree(tip.tree)
index.add(pygit2.IndexEntry("metrics/revenue/mrr.yml", blob, pygit2.enums.FileMode.BLOB))
ada = pygit2.Signature("Ada", "ada@example.com")
tree = index.write_tree(repository)
print(repository.create_commit("refs/heads/main", ada, ada, "Change", tree, [tip.id]))
"""


def test_it_follows_a_commit_that_another_program_makes(catalog):
    with watching(catalog) as found:
        commit = subprocess.run(
            [sys.executable, "-c", COMMIT, str(catalog.path), metric_yaml("mrr", "New")],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        assert eventually(lambda: found.commits[-1] == commit)
    assert found.outcomes[-1].changed == ["revenue/mrr"]


@pytest.fixture
def clone(catalog, tmp_path) -> GitRepository:
    """A clone of the catalog that serves origin/main."""
    made = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(made.path))
    follow_branch(locate(made.path), "origin/main")
    return made


def test_it_follows_a_fetch_into_the_branch_of_a_remote(catalog, clone):
    with watching(clone) as found:
        commit = retitle(catalog, "New")
        clone.git("fetch", "--quiet")
        assert eventually(lambda: found.commits[-1] == commit)
    assert found.outcomes[-1].branch == "refs/remotes/origin/main"


def test_it_follows_a_fetch_whose_refs_are_packed_at_once(catalog, clone):
    with watching(clone) as found:
        commit = retitle(catalog, "New")
        clone.git("fetch", "--quiet")
        clone.git("pack-refs", "--all", "--prune")
        assert eventually(lambda: found.commits[-1] == commit)
        assert not (clone.path / ".git/refs/remotes/origin/main").exists()
    assert not found.errors


def test_a_commit_on_another_branch_than_the_one_that_is_followed_moves_nothing(clone):
    with watching(clone, poll_seconds=0.05) as found:
        retitle(clone, "Here alone")
        time.sleep(0.4)
    assert len(found.outcomes) == 1


def test_it_converges_in_time_by_itself_when_every_event_is_lost(catalog, monkeypatch):
    monkeypatch.setattr(module._Wake, "on_any_event", lambda *_: None)
    with watching(catalog, poll_seconds=POLL_SECONDS) as found:
        commit = plain(catalog)
        assert eventually(lambda: found.commits[-1] == commit, seconds=10)


@pytest.mark.parametrize("act", [plain, packed, switched])
def test_it_converges_by_polling_when_every_event_is_lost(catalog, act, monkeypatch):
    monkeypatch.setattr(module._Wake, "on_any_event", lambda *_: None)
    with watching(catalog, poll_seconds=0.05) as found:
        commit = act(catalog)
        assert eventually(lambda: found.commits[-1] == commit)


def test_it_polls_where_folders_cannot_be_watched(catalog, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(module.Observer, "schedule", refuse)
    with watching(catalog, poll_seconds=0.05) as found:
        commit = plain(catalog)
        assert eventually(lambda: found.commits[-1] == commit)


def test_it_goes_on_when_the_refs_folder_is_made_anew(catalog):
    with watching(catalog, poll_seconds=0.05) as found:
        refs = catalog.path / ".git/refs"
        refs.rename(catalog.path / ".git/old")
        (catalog.path / ".git/old").rename(refs)
        commit = plain(catalog)
        assert eventually(lambda: found.commits[-1] == commit)


def renamed_and_back(git_dir: Path) -> None:
    away = git_dir.with_name("away")
    git_dir.rename(away)
    time.sleep(0.2)
    away.rename(git_dir)


def cloned_in_its_place(git_dir: Path) -> None:
    fresh = GitRepository(git_dir.parent.parent / "fresh")
    fresh.path.mkdir()
    fresh.git("clone", "--quiet", str(git_dir.parent), ".")
    shutil.rmtree(git_dir)
    time.sleep(0.2)
    (fresh.path / ".git").rename(git_dir)


@pytest.mark.parametrize("act", [renamed_and_back, cloned_in_its_place])
def test_it_goes_on_when_the_git_directory_is_made_anew(catalog, act):
    with watching(catalog, poll_seconds=0.05) as found:
        act(catalog.path / ".git")
        commit = plain(catalog)
        assert eventually(lambda: bool(found.commits) and found.commits[-1] == commit)


def test_a_git_directory_that_was_made_anew_sends_events_again(catalog):
    wake = threading.Event()
    git_dir = catalog.path / ".git"
    with module._Eyes(locate(catalog.path), wake) as eyes:
        eyes.open()
        cloned_in_its_place(git_dir)
        eyes.open()
        time.sleep(0.3)
        wake.clear()
        retitle(catalog, "New")
        assert wake.wait(5)


def test_its_own_look_at_the_refs_does_not_wake_it(catalog, monkeypatch):
    events = []
    monkeypatch.setattr(module._Wake, "on_any_event", lambda _, event: events.append(event))
    location = locate(catalog.path)
    with module._Eyes(location, threading.Event()) as eyes:
        eyes.open()
        read_tip(location, "refs/heads/main")
        (location.git_dir / "last").touch()
        assert eventually(lambda: bool(events))
    assert {Path(event.src_path).name for event in events} == {"last"}


@pytest.mark.parametrize("with_remote", [False, True])
def test_a_moved_repository_is_reported_once_and_goes_on_when_it_is_back(
    catalog, tmp_path, with_remote
):
    if with_remote:
        catalog.git("remote", "add", "origin", str(tmp_path / "nowhere"))
    away = tmp_path / "away"
    with watching(catalog, 0.05, 0.1 if with_remote else None) as found:
        assert eventually(lambda: bool(found.outcomes))
        catalog.path.rename(away)
        assert eventually(lambda: any("is gone" in error.message for error in found.errors))
        time.sleep(1)
        assert not catalog.path.exists()  # nothing is written where it was
        away.rename(catalog.path)
        commit = plain(catalog)
        assert eventually(lambda: found.commits[-1] == commit)
    gone = [error for error in found.errors if "is gone" in error.message]
    assert [error.hint for error in gone] == ["put it back, or watch it where it is now"]


def test_git_may_collect_its_garbage_meanwhile(catalog):
    with watching(catalog, poll_seconds=0.05) as found:
        for at in range(4):
            collecting = subprocess.Popen(
                ["git", "-C", str(catalog.path), "gc", "--quiet", "--prune=now"]
            )
            retitle(catalog, f"Version {at}")
            assert collecting.wait() == 0
        commit = catalog.git("rev-parse", "HEAD")
        assert eventually(lambda: found.commits[-1] == commit)
    assert not found.errors


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_burst_of_commits_ends_at_the_last_one(catalog, count):
    with watching(catalog) as found:
        commits = [retitle(catalog, f"Version {at}") for at in range(count)]
        assert eventually(lambda: found.commits[-1] == commits[-1])
    order = [commits.index(commit) for commit in found.commits[1:]]
    assert order == sorted(set(order))
    assert len(order) < len(commits)
    assert not found.errors


def test_a_sync_that_fails_is_reported_once_and_what_follows_is_synced(catalog):
    with watching(catalog, poll_seconds=0.02) as found:
        before = found.commits[-1]
        (catalog.path / "agnes.yml").unlink()
        catalog.commit()
        assert eventually(lambda: bool(found.errors))
        time.sleep(0.3)
        assert len(found.errors) == 1
        assert found.commits == [before]
        catalog.write("agnes.yml", "name: Back\n")
        commit = catalog.commit()
        assert eventually(lambda: found.commits[-1] == commit)
    assert len(found.errors) == 1


def test_an_error_that_comes_back_is_reported_again(catalog):
    with watching(catalog, poll_seconds=0.02) as found:
        for count in (1, 2):
            (catalog.path / "agnes.yml").unlink()
            catalog.commit()
            assert eventually(lambda wanted=count: len(found.errors) == wanted)
            catalog.write("agnes.yml", f"name: Back {count}\n")
            commit = catalog.commit()
            assert eventually(lambda wanted=commit: found.commits[-1] == wanted)


def test_a_catalog_that_has_no_commit_yet_is_waited_for(repository):
    with watching(repository) as found:
        assert not found.outcomes
        repository.write("agnes.yml", "name: x\n")
        commit = repository.commit()
        assert eventually(lambda: found.commits == [commit])
    assert len(found.errors) == 1


def test_a_snapshot_that_is_deleted_is_made_again(catalog):
    with watching(catalog, poll_seconds=0.05) as found:
        path = found.outcomes[0].path
        path.unlink()
        assert eventually(path.exists)


def test_another_branch_in_agnes_yml_is_followed(catalog):
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    with watching(catalog, poll_seconds=0.05) as found:
        catalog.write("agnes.yml", "name: x\n")
        commit = retitle(catalog, "On main")
        assert eventually(lambda: found.commits[-1] == commit, seconds=3)


def test_a_linked_worktree_is_followed(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    with watching(catalog) as main, watching(linked) as found:
        commit = retitle(linked, "Other")
        assert eventually(lambda: found.commits[-1] == commit)
    assert len(main.outcomes) == 1


def test_a_linked_worktree_that_is_removed_is_reported_once(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))
    with watching(linked, poll_seconds=0.05) as found:
        catalog.git("worktree", "remove", str(linked.path))
        assert eventually(lambda: bool(found.errors))
        time.sleep(0.3)
    told = [error.message for error in found.errors]
    # While git is still deleting it, other things may be missing first.
    assert told[-1].endswith("is gone")
    assert len(set(told)) == len(told)


def test_what_a_killed_commit_left_is_finished(catalog):
    with watching(catalog, poll_seconds=0.05) as found:
        killed(catalog, COMMITTED)
        assert eventually(lambda: catalog.git("status", "--porcelain") == "")
        assert eventually(lambda: found.commits[-1] == catalog.git("rev-parse", "HEAD"))
    assert not found.errors


def test_it_stops_when_it_is_told_to(catalog):
    stop = threading.Event()
    stop.set()

    watch(locate(catalog.path), on_sync=lambda _: None, on_error=lambda _: None, stop=stop)
