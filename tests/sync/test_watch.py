from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.sync import watch as module
from agnes.sync.outcome import Outcome
from agnes.sync.watch import watch
from tests.conftest import GitRepository, metric_yaml

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
def watching(catalog: GitRepository, poll_seconds: float = 60.0) -> Iterator[Watched]:
    """Watch; with a poll of a minute, what a test sees within seconds came by an event."""
    found = Watched()
    stop = threading.Event()
    thread = threading.Thread(
        target=watch,
        args=(locate(catalog.path),),
        kwargs={
            "on_sync": found.outcomes.append,
            "on_error": found.errors.append,
            "stop": stop,
            "poll_seconds": poll_seconds,
        },
    )
    thread.start()
    try:
        assert eventually(lambda: bool(found.outcomes or found.errors))
        yield found
    finally:
        stop.set()
        catalog.write(".git/wake", "")  # an event, so that the wait ends
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


def test_a_burst_of_commits_ends_at_the_last_one(catalog):
    with watching(catalog) as found:
        commits = [retitle(catalog, f"Version {at}") for at in range(60)]
        assert eventually(lambda: found.commits[-1] == commits[-1])
    order = [commits.index(commit) for commit in found.commits[1:]]
    assert order == sorted(set(order))
    assert len(order) < len(commits)


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
    with watching(GitRepository(catalog.path)) as main:
        found = Watched()
        stop = threading.Event()
        thread = threading.Thread(
            target=watch,
            args=(locate(linked.path),),
            kwargs={
                "on_sync": found.outcomes.append,
                "on_error": found.errors.append,
                "stop": stop,
                "poll_seconds": 1,
            },
        )
        thread.start()
        assert eventually(lambda: bool(found.outcomes))
        commit = retitle(linked, "Other")
        assert eventually(lambda: found.commits[-1] == commit)
        stop.set()
        thread.join(10)
    assert len(main.outcomes) == 1


def test_it_stops_when_it_is_told_to(catalog):
    stop = threading.Event()
    stop.set()

    watch(locate(catalog.path), on_sync=lambda _: None, on_error=lambda _: None, stop=stop)
