from __future__ import annotations

from pathlib import Path

import pytest

from agnes.diff.compare import compare
from agnes.diff.sides import WORKTREE, Sides, choose_sides
from agnes.errors import GitError, NoCommitError, RevisionError
from agnes.git.refs import locate
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"


def sides(path: Path, base: str | None = None, head: str | None = None) -> Sides:
    return choose_sides(locate(path), base, head)


def changed(path: Path, base: str | None = None, head: str | None = None) -> list[str]:
    return [it.id for it in compare(sides(path, base, head)).changes]


@pytest.fixture
def forked(catalog: GitRepository) -> GitRepository:
    """On `work` one commit changed mrr; meanwhile main changed arr."""
    catalog.git("switch", "--quiet", "--create", "work")
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit("Work")
    catalog.git("switch", "--quiet", "main")
    catalog.write("metrics/revenue/arr.yml", metric_yaml("arr", unit="EUR"))
    catalog.commit("Main goes on")
    catalog.git("switch", "--quiet", "work")
    return catalog


def test_by_default_the_work_since_the_default_branch_is_compared(forked) -> None:
    found = sides(forked.path)
    assert (found.base, found.head) == (forked.git("rev-parse", "main~1"), WORKTREE)
    assert changed(forked.path) == ["revenue/mrr"]


def test_what_is_not_committed_counts_also_when_it_is_not_staged(forked) -> None:
    forked.write("metrics/revenue/new.yml", metric_yaml("new"))
    (forked.path / "metrics/revenue/arr.yml").unlink()
    assert changed(forked.path) == ["revenue/mrr", "revenue/new"]  # arr was renamed


def test_a_base_alone_means_where_the_work_left_it(forked) -> None:
    assert changed(forked.path, "main") == ["revenue/mrr"]


def test_two_revisions_are_compared_as_they_are(forked) -> None:
    assert changed(forked.path, "main", "work") == ["revenue/arr", "revenue/mrr"]
    assert changed(forked.path, "main..work") == ["revenue/arr", "revenue/mrr"]


def test_three_dots_mean_where_the_two_part(forked) -> None:
    assert changed(forked.path, "main...work") == ["revenue/mrr"]
    assert changed(forked.path, "work...main") == ["revenue/arr"]
    assert changed(forked.path, "main...") == changed(forked.path, "main..HEAD~0")[1:]
    assert changed(forked.path, "...main") == ["revenue/arr"]


def test_a_head_alone_is_compared_with_where_it_left_the_default_branch(forked) -> None:
    forked.git("switch", "--quiet", "main")
    assert changed(forked.path, None, "work") == ["revenue/mrr"]


def test_after_a_merge_nothing_is_left_but_the_work(forked) -> None:
    forked.git("merge", "--quiet", "--no-edit", "main")
    assert changed(forked.path) == ["revenue/mrr"]
    assert changed(forked.path, "main...work") == ["revenue/mrr"]


def test_a_detached_head_is_compared_as_any_other(forked) -> None:
    forked.git("switch", "--quiet", "--detach", "work")
    assert changed(forked.path) == ["revenue/mrr"]


def test_a_detached_head_without_a_default_branch_is_not_compared_with_itself(catalog) -> None:
    catalog.git("branch", "--move", "main", "trunk")
    assert changed(catalog.path) == []
    catalog.git("switch", "--quiet", "--detach")
    with pytest.raises(RevisionError, match="not known") as caught:
        sides(catalog.path)
    assert "da metrics diff BASE" in (caught.value.hint or "")


def test_a_text_in_a_revision_may_hold_dots(catalog) -> None:
    catalog.commit("Fix a..b and c...d")
    tip = catalog.git("rev-parse", "HEAD")
    for revision in (":/Fix a..b", "HEAD^{/c...d}"):
        assert sides(catalog.path, revision).base == tip


def test_a_bare_repository_compares_its_head(forked, tmp_path) -> None:
    bare = tmp_path / "bare.git"
    forked.git("clone", "--quiet", "--bare", str(forked.path), str(bare))
    found = sides(bare)
    assert found.head == forked.git("rev-parse", "work")
    assert changed(bare) == ["revenue/mrr"]


def test_a_catalog_in_a_folder_sees_its_folder_alone(repository) -> None:
    repository.write("data/agnes.yml", "name: x\n")
    repository.write(f"data/{MRR}", metric_yaml("mrr"))
    repository.write(MRR, metric_yaml("mrr"))
    repository.commit()
    repository.write(f"data/{MRR}", metric_yaml("mrr", unit="EUR"))
    repository.write(MRR, metric_yaml("mrr", unit="CZK"))
    assert [it.path for it in compare(sides(repository.path / "data")).changes] == [MRR]


def test_a_catalog_that_was_not_there_is_new_altogether(repository) -> None:
    repository.write("README.md", "x")
    base = repository.commit()
    repository.write("data/agnes.yml", "name: x\n")
    repository.write(f"data/{MRR}", metric_yaml("mrr"))
    found = compare(sides(repository.path / "data", base))
    assert [(it.id, it.kind) for it in found.changes] == [
        ("agnes.yml", "added"),
        ("revenue/mrr", "added"),
    ]


def test_a_base_that_does_not_exist_is_named(catalog) -> None:
    for base in ("nope", "nope...main", "main..nope", "HEAD~99", "a...b...c"):
        with pytest.raises(RevisionError, match="no commit is called"):
            sides(catalog.path, base)


def test_two_dots_alone_are_head_against_itself(catalog) -> None:
    assert changed(catalog.path, "..") == changed(catalog.path, "...") == []


def test_a_file_is_no_revision(catalog) -> None:
    with pytest.raises(RevisionError):
        sides(catalog.path, "HEAD:agnes.yml")


def test_histories_without_a_common_commit_say_how_to_compare_them_all_the_same(catalog) -> None:
    catalog.git("switch", "--quiet", "--orphan", "other")
    catalog.write(MRR, metric_yaml("mrr"))
    catalog.commit("Another start")
    with pytest.raises(RevisionError, match="no commit in common") as caught:
        sides(catalog.path)
    assert "BASE HEAD" in (caught.value.hint or "")
    assert "revenue/arr" in changed(catalog.path, "main", "other")


def test_a_commit_that_is_missing_is_not_taken_for_another_history(forked) -> None:
    between = forked.git("rev-parse", "HEAD~1")
    (forked.path / ".git/objects" / between[:2] / between[2:]).unlink()
    with pytest.raises(GitError, match="cannot tell where"):
        sides(forked.path)


def test_a_shallow_clone_says_how_to_fetch_what_is_missing(forked, tmp_path) -> None:
    clone = GitRepository(tmp_path / "clone")
    clone.path.mkdir()
    source = f"file://{forked.path}"
    clone.git("clone", "--quiet", "--depth", "1", "--no-single-branch", source, ".")
    with pytest.raises(RevisionError, match="shallow") as caught:
        sides(clone.path, "origin/main")
    assert "git fetch --unshallow" in (caught.value.hint or "")
    missing = forked.git("rev-parse", "main~1")
    with pytest.raises(RevisionError) as caught:
        sides(clone.path, missing)
    assert "git fetch --unshallow" in (caught.value.hint or "")
    clone.git("fetch", "--quiet", "--unshallow")
    assert changed(clone.path, "origin/main") == ["revenue/mrr"]


def test_a_repository_without_a_commit_says_so(repository) -> None:
    repository.write("agnes.yml", "")
    with pytest.raises(NoCommitError):
        sides(repository.path)


def test_a_linked_worktree_compares_what_it_holds(forked, tmp_path) -> None:
    linked = tmp_path / "linked"
    forked.git("worktree", "add", "--quiet", str(linked), "main")
    (linked / MRR).write_text(metric_yaml("mrr", unit="CZK"))
    assert changed(linked) == ["revenue/mrr"]


def test_comparing_leaves_the_index_and_the_files_alone(forked) -> None:
    forked.write(MRR, "name: mrr\n")
    before = forked.git("status", "--porcelain"), (forked.path / ".git/index").read_bytes()
    changed(forked.path)
    assert (
        forked.git("status", "--porcelain"),
        (forked.path / ".git/index").read_bytes(),
    ) == before
