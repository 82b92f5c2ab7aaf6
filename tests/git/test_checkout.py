"""The working tree as a tree."""

from __future__ import annotations

import pytest

from agnes.errors import AgnesError, GitError
from agnes.git.checkout import worktree_tree
from agnes.git.refs import locate
from tests.git.test_writer import MRR, NEW, everything, in_conflict, shown


def test_the_tree_of_a_clean_checkout_is_that_of_its_commit(catalog):
    assert worktree_tree(locate(catalog.path)) == catalog.git("rev-parse", "HEAD^{tree}")


def test_the_tree_of_a_changed_checkout_is_what_git_would_commit(catalog):
    catalog.write(MRR, "changed")
    catalog.write(NEW, "untracked")
    catalog.write(".gitignore", "*.log\n")
    catalog.write("noise.log", "ignored")
    (catalog.path / "tables/orders.yml").unlink()
    catalog.write("metrics/revenue/arr.yml", "staged")
    catalog.git("add", "metrics/revenue/arr.yml")
    catalog.write("metrics/revenue/arr.yml", "changed again")
    before = everything(catalog)

    found = worktree_tree(locate(catalog.path))

    assert everything(catalog) == before
    catalog.git("add", "--all")
    assert found == catalog.git("write-tree")


@pytest.mark.parametrize("folder", ["data", "[data]", "a*b", "größe"])
def test_the_tree_holds_changes_below_the_folder_of_the_catalog(repository, folder):
    repository.write(f"{folder}/agnes.yml", "name: x\n")
    repository.commit()
    repository.write(f"{folder}/metrics/a/b.yml", "new")

    tree = worktree_tree(locate(repository.path / folder))

    listed = repository.git("-c", "core.quotePath=no", "ls-tree", "-r", "--name-only", tree)
    assert listed.split("\n") == [f"{folder}/agnes.yml", f"{folder}/metrics/a/b.yml"]


def test_a_bare_repository_has_no_working_tree(catalog, tmp_path):
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(tmp_path / "bare.git"))

    with pytest.raises(GitError, match="bare"):
        worktree_tree(locate(tmp_path / "bare.git"))


def test_a_conflict_in_the_index_is_an_expected_error_or_what_is_on_disk(catalog):
    in_conflict(catalog)

    try:
        tree = worktree_tree(locate(catalog.path))
    except AgnesError:
        return
    assert "<<<<<<<" in shown(catalog, MRR, tree)
