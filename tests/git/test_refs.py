from __future__ import annotations

from pathlib import Path

import pytest

from agnes.errors import AgnesError, GitError, NotACatalogError
from agnes.git.refs import Tip, find_catalog, locate, read_tip


def tip_by_git(repository, where: Path | None = None) -> Tip:
    """What git's own client says of HEAD."""
    at = str(where or repository.path)
    branch = repository.git("-C", at, "symbolic-ref", "--quiet", "HEAD", check=False)
    commit = repository.git("-C", at, "rev-parse", "--quiet", "--verify", "HEAD", check=False)
    return Tip(branch or None, commit or None)


def leave_alone(repository):
    pass


def pack(repository):
    repository.git("pack-refs", "--all")


def pack_and_move_on(repository):
    repository.git("pack-refs", "--all")
    repository.commit("Newer")


def detach(repository):
    repository.git("checkout", "--quiet", "--detach")


def orphan(repository):
    repository.git("checkout", "--quiet", "--orphan", "fresh")


def switch_to_nested_name(repository):
    repository.git("switch", "--quiet", "--create", "feature/one/two")


def switch_to_packed_nested_name(repository):
    switch_to_nested_name(repository)
    repository.commit("On the branch")
    pack(repository)


def switch_to_unicode_name(repository):
    repository.git("switch", "--quiet", "--create", "größe")
    pack(repository)


def have_annotated_tags(repository):
    repository.git("tag", "--annotate", "--message", "One", "v1")
    pack(repository)


@pytest.mark.parametrize(
    "arrange",
    [
        leave_alone,
        pack,
        pack_and_move_on,
        detach,
        orphan,
        switch_to_nested_name,
        switch_to_packed_nested_name,
        switch_to_unicode_name,
        have_annotated_tags,
    ],
)
def test_head_is_what_git_says(catalog, arrange):
    arrange(catalog)

    assert read_tip(locate(catalog.path)) == tip_by_git(catalog)


def test_head_of_an_empty_repository_is_unborn(repository):
    assert read_tip(locate(repository.path)) == Tip("refs/heads/main", None)


def test_a_branch_is_read_by_its_full_name(catalog):
    catalog.git("branch", "release")
    old = catalog.git("rev-parse", "HEAD")
    catalog.commit("Newer")

    assert read_tip(locate(catalog.path), "refs/heads/release") == Tip("refs/heads/release", old)


def test_a_symbolic_ref_is_followed(catalog):
    catalog.git("symbolic-ref", "refs/heads/stable", "refs/heads/main")

    assert read_tip(locate(catalog.path), "refs/heads/stable") == Tip(
        "refs/heads/main", catalog.git("rev-parse", "main")
    )


def test_a_ref_that_does_not_exist_has_no_commit(catalog):
    assert read_tip(locate(catalog.path), "refs/heads/none").commit is None


def test_a_ref_that_is_a_folder_of_refs_has_no_commit(catalog):
    catalog.git("branch", "feature/one")

    assert read_tip(locate(catalog.path), "refs/heads/feature").commit is None


@pytest.mark.parametrize("packed", [True, False])
def test_another_branch_whose_name_is_not_utf8_does_not_disturb(catalog, packed):
    (catalog.path / ".git" / "packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n"
        + catalog.git("rev-parse", "HEAD").encode()
        + b" refs/heads/caf\xe9\n"
    )
    if packed:
        pack(catalog)

    assert read_tip(locate(catalog.path)) == tip_by_git(catalog)


@pytest.mark.parametrize(
    "content", [b"nonsense\n", b"ref: refs/heads/../../secret\n", b"ref: HEAD\n", b"\xff\xfe"]
)
def test_a_damaged_head_is_an_error(catalog, content):
    (catalog.path / ".git" / "HEAD").write_bytes(content)

    with pytest.raises(GitError):
        read_tip(locate(catalog.path))


@pytest.mark.parametrize(
    "ref",
    [
        "../../etc/passwd",
        "refs/heads/../../HEAD",
        "config",
        "refs/heads/a\0b",
        "refs/" + "x" * 5000,
    ],
)
def test_a_hostile_ref_name_is_an_expected_error_or_nothing(catalog, ref):
    try:
        tip = read_tip(locate(catalog.path), ref)
    except AgnesError:
        return
    assert tip.commit is None


def test_a_repository_is_found_from_its_root(repository):
    location = locate(repository.path)

    assert location.git_dir == location.common_dir == repository.path / ".git"
    assert (location.worktree, location.folder) == (repository.path, "")
    assert location.path == repository.path
    assert location.worktree_name is None


@pytest.mark.parametrize("folder", ["analytics", "data/finance"])
def test_a_catalog_may_be_a_subfolder(repository, folder):
    (repository.path / folder).mkdir(parents=True)

    location = locate(repository.path / folder)

    assert (location.worktree, location.folder) == (repository.path, folder)
    assert location.path == repository.path / folder


def test_a_subfolder_need_not_be_checked_out(repository):
    assert locate(repository.path / "gone").folder == "gone"


def test_a_linked_worktree_has_its_own_head_and_shares_the_rest(catalog, tmp_path):
    linked = tmp_path / "linked"
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked))
    (linked / "file").write_text("new")
    catalog.git("-C", str(linked), "add", ".")
    catalog.git("-C", str(linked), "commit", "--quiet", "--message", "In the worktree")

    location = locate(linked)

    assert location.common_dir == catalog.path / ".git"
    assert location.git_dir == catalog.path / ".git" / "worktrees" / "linked"
    assert location.worktree_name == "linked"
    assert read_tip(location) == tip_by_git(catalog, linked) != tip_by_git(catalog)


def test_the_repository_of_a_submodule_is_its_own(catalog, tmp_path):
    outer = tmp_path / "outer"
    catalog.git("init", "--quiet", str(outer))
    allow = ("-c", "protocol.file.allow=always")
    catalog.git("-C", str(outer), *allow, "submodule", "--quiet", "add", str(catalog.path), "inner")

    location = locate(outer / "inner")

    assert location.git_dir == outer / ".git" / "modules" / "inner"
    assert read_tip(location) == tip_by_git(catalog)


@pytest.mark.parametrize("folder", ["", "analytics", "data/finance"])
def test_a_bare_repository_and_a_folder_in_it(catalog, tmp_path, folder):
    bare = tmp_path / "catalog.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(bare))

    location = locate(bare / folder)

    assert (location.git_dir, location.worktree, location.folder) == (bare, None, folder)
    assert location.path == bare / folder
    assert read_tip(location) == tip_by_git(catalog, bare)


def test_a_path_through_a_symbolic_link_is_the_same_catalog(catalog, tmp_path):
    (tmp_path / "link").symlink_to(catalog.path)

    assert locate(tmp_path / "link") == locate(catalog.path)


def test_a_relative_path_is_taken_from_the_current_folder(catalog, monkeypatch):
    monkeypatch.chdir(catalog.path / "metrics")

    assert locate(Path("..")) == locate(catalog.path)


def test_a_folder_without_git_is_no_catalog(tmp_path):
    with pytest.raises(NotACatalogError, match="not in a git repository") as caught:
        locate(tmp_path)
    assert "git init" in caught.value.hint


def test_the_nearest_folder_with_the_marker_is_found(tmp_path):
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (tmp_path / "agnes.yml").touch()
    (tmp_path / "a" / "b" / "agnes.yml").touch()

    assert find_catalog(inner) == tmp_path / "a" / "b"
    assert find_catalog(tmp_path / "a") == tmp_path


def test_no_folder_with_the_marker_is_none(tmp_path):
    assert find_catalog(tmp_path) is None
