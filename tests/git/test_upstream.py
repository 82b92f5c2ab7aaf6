from __future__ import annotations

import pytest

from agnes.git.refs import locate
from agnes.git.upstream import Upstream, follows, stands_for
from tests.conftest import GitRepository

ORIGIN = "refs/remotes/origin/main"
MAIN = "refs/heads/main"


@pytest.fixture
def clone(catalog, tmp_path) -> GitRepository:
    made = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(made.path))
    return made


def test_what_a_fetch_sets_stands_for_a_branch_of_the_remote(clone):
    found = stands_for(locate(clone.path), ORIGIN)

    assert found == Upstream("origin", MAIN, ORIGIN)
    assert found.shown == "origin/main"


def test_a_branch_of_ones_own_stands_for_nothing(catalog, clone):
    assert stands_for(locate(clone.path), MAIN) is None
    assert stands_for(locate(catalog.path), MAIN) is None


def test_in_a_mirror_a_branch_stands_for_the_remotes(catalog, tmp_path):
    mirror = tmp_path / "mirror.git"
    catalog.git("clone", "--quiet", "--mirror", str(catalog.path), str(mirror))

    assert stands_for(locate(mirror), MAIN) == Upstream("origin", MAIN, MAIN)


def test_a_local_branch_follows_what_git_was_told(clone):
    assert follows(locate(clone.path), MAIN) == Upstream("origin", MAIN, ORIGIN)


def test_it_may_follow_one_of_another_name(clone):
    clone.git("branch", "--quiet", "release", "--track", "origin/main")

    assert follows(locate(clone.path), "refs/heads/release") == Upstream("origin", MAIN, ORIGIN)


def test_a_branch_that_follows_another_local_one_follows_no_remote(clone):
    clone.git("branch", "--quiet", "work", "--track", "main")

    assert follows(locate(clone.path), "refs/heads/work") is None


@pytest.mark.parametrize("branch", [MAIN, "refs/heads/none", "refs/heads/a.b"])
def test_where_there_is_no_remote_nothing_is_followed(catalog, branch):
    assert follows(locate(catalog.path), branch) is None


def test_a_branch_that_the_remote_does_not_have_yet_can_be_followed(clone):
    clone.git("config", "branch.new.remote", "origin")
    clone.git("config", "branch.new.merge", "refs/heads/new")

    expected = Upstream("origin", "refs/heads/new", "refs/remotes/origin/new")
    assert follows(locate(clone.path), "refs/heads/new") == expected
