"""Choosing the branch that is served, by the library and by `da catalog sync --follow`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agnes.cache.store import Store
from agnes.errors import GitError
from agnes.git.refs import locate
from agnes.sync.follow import follow_branch, follow_upstream
from agnes.sync.reading import Reading, open_snapshot
from agnes.sync.reconcile import reconcile
from agnes.sync.status import status
from tests.conftest import GitRepository
from tests.sync.test_watch import retitle

OLD = "Monthly recurring revenue"


@pytest.fixture
def clone(catalog, tmp_path) -> GitRepository:
    """A clone whose main is one commit older than origin/main, as after a fetch."""
    made = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(made.path))
    retitle(catalog, "Newer there")
    made.git("fetch", "--quiet")
    return made


def da(catalog: GitRepository, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("da")), *arguments]
    return subprocess.run(command, cwd=catalog.path, capture_output=True, text=True, check=False)


def title(catalog: GitRepository, sync: bool = True) -> str:
    with open_snapshot(catalog.path, Reading(sync=sync)) as snapshot:
        return snapshot.metric("revenue/mrr")["display_name"]


def test_the_branch_of_a_remote_is_served_once_it_is_chosen(clone):
    assert title(clone) == OLD

    assert follow_branch(locate(clone.path), "origin/main") == "refs/remotes/origin/main"

    assert title(clone) == "Newer there"
    assert clone.git("config", "agnes.follow") == "refs/remotes/origin/main"


def test_a_choice_counts_for_a_cache_that_is_made_later(clone):
    follow_branch(locate(clone.path), "origin/main")

    assert title(clone) == "Newer there"


def test_reads_follow_the_chosen_branch_while_it_moves(catalog, clone):
    follow_branch(locate(clone.path), "origin/main")
    title(clone)
    retitle(catalog, "Newest")
    assert title(clone) == "Newer there"

    clone.git("fetch", "--quiet")

    assert title(clone) == "Newest"


def test_the_checked_out_branch_does_not_matter_any_more(clone):
    follow_branch(locate(clone.path), "origin/main")
    retitle(clone, "Here alone")
    clone.git("switch", "--quiet", "--create", "other")

    assert title(clone) == "Newer there"


def test_head_takes_the_choice_back(clone):
    follow_branch(locate(clone.path), "origin/main")
    title(clone)

    assert follow_branch(locate(clone.path), "HEAD") is None

    assert title(clone) == OLD
    assert clone.git("config", "agnes.follow", check=False) == ""


def test_the_choice_is_stronger_than_agnes_yml(catalog):
    catalog.git("branch", "release")
    catalog.write("agnes.yml", "branch: release\n")
    retitle(catalog, "On main")
    assert title(catalog) == OLD

    follow_branch(locate(catalog.path), "main")

    assert title(catalog) == "On main"


def test_a_choice_does_not_take_away_what_is_in_force_until_the_next_sync(clone):
    before = reconcile(locate(clone.path))
    follow_branch(locate(clone.path), "origin/main")

    assert Store(locate(clone.path)).current().commit == before.commit
    assert title(clone, sync=False) == OLD


def test_an_unknown_branch_is_an_error_and_changes_nothing(clone):
    follow_branch(locate(clone.path), "origin/main")

    with pytest.raises(GitError, match="no branch gone") as caught:
        follow_branch(locate(clone.path), "gone")

    assert "git branch --all" in caught.value.hint
    assert clone.git("config", "agnes.follow") == "refs/remotes/origin/main"


def test_a_chosen_branch_that_is_deleted_is_served_as_it_was(clone):
    location = locate(clone.path)
    follow_branch(location, "origin/main")
    before = reconcile(location)
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    said: list[str] = []

    with open_snapshot(clone.path, Reading(say=said.append)) as snapshot:
        assert snapshot.metric("revenue/mrr")["display_name"] == "Newer there"
    with pytest.raises(GitError):
        reconcile(location)
    found = status(location)

    assert len(said) == 1
    assert said[0].startswith("answering from")
    assert (found["state"], found["commit"]) == ("degraded", before.commit)
    assert "refs/remotes/origin/main" in found["error"]


def test_the_upstream_is_followed_where_nothing_was_chosen(clone):
    assert follow_upstream(locate(clone.path)) == "refs/remotes/origin/main"
    assert title(clone) == "Newer there"


def test_a_choice_is_stronger_than_the_upstream(clone):
    follow_branch(locate(clone.path), "main")

    assert follow_upstream(locate(clone.path)) == "refs/heads/main"


@pytest.mark.parametrize("where", ["no remote", "detached", "bare"])
def test_without_an_upstream_what_is_checked_out_is_followed(catalog, clone, where, tmp_path):
    if where == "no remote":
        path = catalog.path
    elif where == "detached":
        clone.git("checkout", "--quiet", "--detach")
        path = clone.path
    else:
        path = tmp_path / "bare.git"
        catalog.git("clone", "--quiet", "--mirror", str(catalog.path), str(path))

    assert follow_upstream(locate(path)) is None


# The command


def test_a_sync_may_choose_the_branch_and_later_reads_keep_to_it(clone):
    done = da(clone, "catalog", "sync", "--follow", "origin/main", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["branch"] == "refs/remotes/origin/main"

    shown = da(clone, "metrics", "show", "revenue/mrr", "--json")

    assert json.loads(shown.stdout)["display_name"] == "Newer there"


def test_a_sync_of_a_branch_that_does_not_exist_is_an_expected_error(clone):
    done = da(clone, "catalog", "sync", "--follow", "gone")

    assert (done.returncode, done.stdout) == (1, "")
    assert "error: there is no branch gone to follow" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sync_may_take_the_choice_back(clone):
    da(clone, "catalog", "sync", "--follow", "origin/main")

    done = da(clone, "catalog", "sync", "--follow", "HEAD", "--json")

    assert json.loads(done.stdout)["commit"] == clone.git("rev-parse", "main")
