from __future__ import annotations

import pytest

from agnes.errors import GitError
from agnes.git import revision as module
from agnes.git.objects import open_repository
from agnes.git.refs import locate
from agnes.git.revision import ask_git, count_after, named, split


@pytest.mark.parametrize(
    ("revision", "parts"),
    [
        ("HEAD", ("HEAD", 0, "")),
        ("HEAD^", ("HEAD", 1, "")),
        ("main~2^", ("main", 3, "")),
        ("v1.2~~", ("v1.2", 2, "")),
        ("HEAD~0", ("HEAD", 0, "")),
        ("HEAD~10", ("HEAD", 10, "")),
        ("npm/@types/x^", ("npm/@types/x", 1, "")),
        ("@", ("@", 0, "")),
        ("HEAD^2", ("HEAD", 0, "^2")),
        ("HEAD~1^2~3", ("HEAD", 1, "^2~3")),
        ("HEAD^0", ("HEAD", 0, "^0")),
        ("v1^{commit}", ("v1", 0, "^{commit}")),
        ("HEAD^@", ("HEAD", 0, "^@")),
        ("HEAD^!", ("HEAD", 0, "^!")),
        ("HEAD^-", ("HEAD", 0, "^-")),
        ("main@{1}", ("main", 0, "@{1}")),
        ("main@{1}~2", ("main", 0, "@{1}~2")),
        ("@{u}", ("", 0, "@{u}")),
        (":/text", ("", 0, ":/text")),
        ("HEAD:path", ("HEAD", 0, ":path")),
        ("", ("", 0, "")),
    ],
)
def test_a_revision_is_a_name_steps_back_and_what_only_git_knows(revision, parts):
    assert split(revision) == parts


def test_a_name_is_looked_up_without_reading_the_object(catalog):
    repository = open_repository(locate(catalog.path))
    head = catalog.git("rev-parse", "HEAD")
    catalog.git("tag", "--annotate", "--message", "One", "v1")
    tag = catalog.git("rev-parse", "v1")
    for oid in (head, tag):
        file = catalog.path / ".git/objects" / oid[:2] / oid[2:]
        file.unlink()
        file.write_bytes(b"")

    for name in ("", "HEAD", "main", "heads/main", "refs/heads/main", head, head[:7], head.upper()):
        assert named(repository, name) == head
    assert named(repository, "v1") == tag


def test_a_branch_that_looks_like_an_abbreviated_id_comes_first(catalog):
    first = catalog.git("rev-parse", "HEAD")
    second = catalog.commit()
    catalog.git("branch", first[:7], second)

    assert named(open_repository(locate(catalog.path)), first[:7]) == second


@pytest.mark.parametrize(
    "name", ["none", " ", "a b", "..", "abc", "abcd", "0" * 40, "A" * 40, "\ud800"]
)
def test_what_is_no_name_names_nothing(catalog, name):
    assert named(open_repository(locate(catalog.path)), name) is None


def test_git_is_asked_for_the_commit_of_a_tag(catalog):
    catalog.git("tag", "--annotate", "--message", "One", "v1")

    assert ask_git(locate(catalog.path), "v1^{}") == catalog.git("rev-parse", "HEAD")


def test_git_looks_from_the_head_of_a_linked_worktree(catalog, tmp_path):
    first = catalog.git("rev-parse", "HEAD")
    catalog.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    catalog.commit()

    assert ask_git(locate(tmp_path / "linked"), "HEAD^0") == first


def test_a_commit_that_another_replaces_is_itself_as_everywhere_else(catalog):
    first = catalog.git("rev-parse", "HEAD")
    second = catalog.commit()
    catalog.git("replace", second, catalog.git("commit-tree", "-m", "x", "HEAD^{tree}"))

    assert ask_git(locate(catalog.path), "HEAD^1") == first


@pytest.mark.parametrize("revision", ["^HEAD", "HEAD..HEAD", "HEAD:agnes.yml", "\ud800", "a\0b"])
def test_what_is_no_single_commit_git_does_not_find(catalog, revision):
    assert ask_git(locate(catalog.path), revision) is None


def test_git_is_not_waited_for_forever(catalog, monkeypatch, tmp_path):
    script = tmp_path / "git"
    script.write_text("#!/bin/sh\nexec /bin/sleep 20\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)

    with pytest.raises(GitError, match=r"half a minute to look for 'HEAD\^2'"):
        ask_git(locate(catalog.path), "HEAD^2")


def test_what_is_new_is_counted_on_the_first_parent_history(catalog):
    start = catalog.git("rev-parse", "HEAD")
    catalog.git("switch", "--quiet", "--create", "side")
    side = catalog.commit("side")
    catalog.git("switch", "--quiet", "main")
    main = catalog.commit("main")
    catalog.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    head = catalog.git("rev-parse", "HEAD")
    location = locate(catalog.path)

    assert [count_after(location, one, head) for one in (start, side, main, head)] == [2, 2, 1, 0]


def test_what_is_new_since_nowhere_is_an_error(catalog):
    with pytest.raises(GitError, match="cannot tell what is new since 0000000000"):
        count_after(locate(catalog.path), "0" * 40, catalog.git("rev-parse", "HEAD"))
