from __future__ import annotations

import pytest

from agnes.errors import GitError
from agnes.git import branches
from agnes.git.refs import locate
from tests.conftest import GitRepository


@pytest.fixture
def clone(catalog, tmp_path) -> GitRepository:
    made = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(made.path))
    return made


def test_at_first_no_branch_is_chosen(catalog):
    assert branches.followed(locate(catalog.path)) is None


def test_the_choice_is_a_setting_of_git(catalog):
    branches.follow(locate(catalog.path), "refs/heads/main")

    assert catalog.git("config", "agnes.follow") == "refs/heads/main"
    assert branches.followed(locate(catalog.path)) == "refs/heads/main"


def test_the_choice_can_be_taken_back(catalog):
    location = locate(catalog.path)
    branches.follow(location, "refs/heads/main")
    for _ in range(2):
        branches.follow(location, None)

    assert branches.followed(location) is None
    assert catalog.git("config", "agnes.follow", check=False) == ""


def test_a_choice_that_git_made_may_be_a_short_name(clone):
    clone.git("config", "agnes.follow", "origin/main")

    assert branches.followed(locate(clone.path)) == "refs/remotes/origin/main"


def test_an_empty_choice_is_none(catalog):
    catalog.git("config", "agnes.follow", "")

    assert branches.followed(locate(catalog.path)) is None


def test_a_choice_that_does_not_exist_any_more_is_an_error(catalog):
    catalog.git("config", "agnes.follow", "refs/heads/gone")

    with pytest.raises(GitError, match="refs/heads/gone") as caught:
        branches.followed(locate(catalog.path))
    assert "git branch --all" in caught.value.hint


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("main", "refs/heads/main"),
        ("refs/heads/main", "refs/heads/main"),
        ("origin/main", "refs/remotes/origin/main"),
        ("refs/remotes/origin/main", "refs/remotes/origin/main"),
    ],
)
def test_a_branch_is_known_by_its_short_and_its_full_name(clone, packed, name, full):
    if packed:
        clone.git("pack-refs", "--all", "--prune")

    assert branches.full_name(locate(clone.path), name) == full


def test_of_two_branches_with_one_short_name_the_local_one_is_meant(clone):
    clone.git("branch", "origin/main")

    assert branches.full_name(locate(clone.path), "origin/main") == "refs/heads/origin/main"


@pytest.mark.parametrize(
    "name", ["", "gone", "HEAD~1", "refs/heads/gone", "../main", "refs/../HEAD", "-x", "a\0b"]
)
def test_what_is_no_branch_is_an_expected_error(catalog, name):
    with pytest.raises(GitError):
        branches.full_name(locate(catalog.path), name)


def test_a_cloned_branch_follows_the_remotes(clone):
    found = branches.upstream(locate(clone.path), "refs/heads/main")

    assert found == "refs/remotes/origin/main"


@pytest.mark.parametrize("branch", ["refs/heads/alone", "refs/heads/gone"])
def test_a_branch_of_its_own_or_none_follows_nothing(clone, branch):
    clone.git("branch", "--no-track", "alone")

    assert branches.upstream(locate(clone.path), branch) is None


def test_a_branch_whose_remote_was_removed_follows_nothing(clone):
    clone.git("remote", "remove", "origin")

    assert branches.upstream(locate(clone.path), "refs/heads/main") is None


def test_a_linked_worktree_shares_the_choice(catalog, tmp_path):
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    branches.follow(locate(catalog.path), "refs/heads/main")

    assert branches.followed(locate(tmp_path / "linked")) == "refs/heads/main"


def test_the_branches_of_a_folder_that_are_not_merged_are_found(catalog, tmp_path):
    catalog.git("switch", "--quiet", "--create", "agnes/ada/x")
    made = catalog.commit("Proposed")
    catalog.git("switch", "--quiet", "main")
    catalog.git("branch", "agnes/ada/merged")
    catalog.git("branch", "other", made)
    clone = GitRepository(tmp_path / "clone")
    catalog.git("clone", "--quiet", str(catalog.path), str(clone.path))
    tip = catalog.git("rev-parse", "main")

    for at in (catalog, clone):
        assert branches.unmerged(locate(at.path), "agnes/", tip) == {"agnes/ada/x": made}
