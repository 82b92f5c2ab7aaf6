"""What is checked: a folder, a commit, what is staged."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from agnes.errors import ConflictError, GitError, NotACatalogError, NotFoundError, RevisionError
from agnes.lint.check import (
    check_folder,
    check_revision,
    check_staged,
    results_of,
    staged_catalogs,
)
from agnes.lint.run import Request
from tests.conftest import GitRepository, metric_yaml
from tests.lint.conftest import write

MRR, ARR, ORDERS = "metrics/revenue/mrr.yml", "metrics/revenue/arr.yml", "tables/orders.yml"
BAD_GRAIN = metric_yaml("mrr", grain="often")
UNKNOWN_COLUMN = metric_yaml("mrr").replace("amount", "amuont")


def found(done) -> list[tuple[str, str]]:
    return [(item.path, item.code) for item in done.report.diagnostics]


def folder(root: Path, *only: str):
    return check_folder(root, Request(), only)


def staged(root: Path, *only: str):
    return check_staged(root, Request(), only)


# A folder


@pytest.fixture
def plain(tmp_path):
    """A catalog in no repository: a good metric, a bad one, a bad table, an empty index."""
    return write(
        tmp_path / "plain",
        {
            "agnes.yml": "name: Acme\n",
            "metrics/metrics.yml": "categories: [{name: revenue, metrics: [mrr, arr]}]\n",
            MRR: metric_yaml("mrr"),
            ARR: "name: [",
            ORDERS: "id: [",
            "metrics/README.md": "not YAML: [",
        },
    )


def test_a_catalog_needs_no_repository(plain):
    done = folder(plain)

    assert (done.count, found(done)) == (5, [(ARR, "AG101"), (ORDERS, "AG101")])


def test_a_line_of_a_finding_can_be_shown(plain):
    write(plain, {MRR: "\ufeff" + BAD_GRAIN.replace("\n", "\r\n")})

    done = folder(plain, MRR)

    [finding] = done.report.diagnostics
    assert done.line(finding) == "grain: often"


@pytest.mark.parametrize(
    ("only", "count", "expected"),
    [
        ([ARR], 1, [ARR]),
        ([MRR], 1, []),
        (["metrics/revenue"], 2, [ARR]),
        (["metrics/revenue/"], 2, [ARR]),
        (["metrics/rev"], 0, []),
        (["tables", MRR], 2, [ORDERS]),
        ([ARR, "metrics", "tables"], 4, [ARR, ORDERS]),
        (["docs"], 0, []),
        (["metrics/README.md"], 0, []),
    ],
)
def test_some_files_alone_can_be_asked_for(plain, only, count, expected):
    done = folder(plain, *only)

    assert (done.count, [path for path, _ in found(done)]) == (count, expected)


def test_what_other_files_do_to_the_one_that_is_asked_for_is_told(plain):
    write(plain, {ORDERS: "id: orders\ncolumns: {total: {basetype: NUMERIC}}\n"})

    assert found(folder(plain, MRR)) == [(MRR, "AG501")]


def test_ignores_in_files_that_are_not_asked_for_are_not_judged(plain):
    write(plain, {MRR: metric_yaml("mrr") + "# agnes: ignore[AG407]\n", "agnes.yml": (
        "lint: {ignores: {'metrics/x/**': [AG407]}}\n"
    )})  # fmt: skip

    assert found(folder(plain, ARR)) == [(ARR, "AG101")]
    assert found(folder(plain, MRR)) == [(MRR, "AG901")]


def test_a_plain_folder_is_what_metrics_is_in_a_catalog(tmp_path):
    root = write(
        tmp_path / "folder",
        {
            "revenue/mrr.yml": metric_yaml("mrr"),
            "revenue/arr.yml": 'name: "arr',
            "deals.yml": metric_yaml("deals"),
        },
    )

    done = folder(root)

    assert done.count == 3
    assert found(done) == [
        ("deals.yml", "AG207"),
        ("revenue/arr.yml", "AG101"),
        ("revenue/mrr.yml", "AG301"),
    ]
    assert done.line(done.report.diagnostics[1]) == 'name: "arr'
    assert all((root / path).is_file() for path, _ in found(done))


def test_one_file_of_a_plain_folder_is_read_alone(tmp_path):
    root = write(
        tmp_path / "folder",
        {"revenue/mrr.yml": BAD_GRAIN, "revenue/arr.yml": "name: [", "other/x.yml": "name: ["},
    )

    done = folder(root, "revenue/mrr.yml")

    assert (done.count, found(done)) == (
        1,
        [("revenue/mrr.yml", "AG203"), ("revenue/mrr.yml", "AG301")],
    )
    assert list(done.files.entries()) == [done.report.files["revenue/mrr.yml"]]
    assert found(folder(root, "revenue"))[0] == ("revenue/arr.yml", "AG101")


def test_what_is_no_folder_is_an_error(tmp_path):
    with pytest.raises(NotFoundError):
        folder(tmp_path / "missing")


def test_names_that_cannot_be_printed_do_not_matter(plain):
    (plain / "metrics" / "re\udcffv").mkdir()
    write(plain, {"metrics/re\udcffv/a\x1b.yml": "name: x\n", "tables/ž l.yml": "id: x\n"})

    done = folder(plain)

    odd = [item for item in done.report.diagnostics if item.code == "AG207"]
    assert [item.path for item in odd] == ["metrics/re\\udcffv/a\\x1b.yml", "tables/ž l.yml"]
    assert [done.line(item) for item in odd] == [None, None]


def test_a_file_that_git_has_seen_is_read_again_when_it_changed(catalog):
    request = Request(results=results_of(catalog.path))
    assert found(check_folder(catalog.path, request)) == []
    text = (catalog.path / MRR).read_text()
    # Of the same size, and as soon as git has looked.
    catalog.git("update-index", "--refresh")
    catalog.write(MRR, text.replace("amount", "amuont"))

    again = Request(results=results_of(catalog.path))

    assert found(check_folder(catalog.path, again)) == [(MRR, "AG501")]


def test_a_file_that_changes_in_place_long_after_git_has_seen_it_is_read_again(catalog):
    file = catalog.path / MRR
    old = time.time() - 1000
    os.utime(file, (old, old))
    catalog.git("update-index", "--refresh", check=False)
    assert found(check_folder(catalog.path, Request(results=results_of(catalog.path)))) == []

    with file.open("r+b") as opened:
        opened.write(file.read_bytes().replace(b"amount", b"amuont"))

    request = Request(results=results_of(catalog.path))
    assert found(check_folder(catalog.path, request)) == [(MRR, "AG501")]


# A commit


def test_a_commit_is_checked_as_it_was(catalog):
    first = catalog.git("rev-parse", "HEAD")
    catalog.write(MRR, BAD_GRAIN)
    catalog.commit()
    catalog.write(MRR, "name: [")

    assert found(check_revision(catalog.path, "HEAD", Request())) == [(MRR, "AG203")]
    assert found(check_revision(catalog.path, first, Request())) == []
    assert found(folder(catalog.path)) == [(MRR, "AG101")]


def test_a_bare_repository_can_be_checked(catalog, tmp_path):
    catalog.write(MRR, BAD_GRAIN)
    catalog.commit()
    catalog.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))

    done = check_revision(tmp_path / "bare.git", "main", Request(), [MRR])

    assert (done.count, found(done)) == (1, [(MRR, "AG203")])
    assert done.line(done.report.diagnostics[0]) == "grain: often"


def test_a_revision_that_is_none_is_an_error(catalog, plain):
    with pytest.raises(RevisionError):
        check_revision(catalog.path, "nope", Request())
    with pytest.raises(NotACatalogError):
        check_revision(plain, "main", Request())


# What is staged


def test_nothing_staged_is_nothing_checked(catalog):
    catalog.write(MRR, BAD_GRAIN)

    done = staged(catalog.path)

    assert (done.count, found(done)) == (0, [])


def test_a_mistake_that_is_staged_and_mended_on_disk_is_found(catalog):
    catalog.write(MRR, BAD_GRAIN)
    catalog.git("add", MRR)
    catalog.write(MRR, metric_yaml("mrr"))

    done = staged(catalog.path)

    assert (done.count, found(done)) == (1, [(MRR, "AG203")])
    assert done.line(done.report.diagnostics[0]) == "grain: often"


def test_a_mistake_on_disk_that_is_mended_in_the_index_is_not_found(catalog):
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.git("add", MRR)
    catalog.write(MRR, BAD_GRAIN)

    done = staged(catalog.path)

    assert (done.count, found(done)) == (1, [])


def test_new_mistakes_elsewhere_are_told_and_old_ones_are_not(catalog):
    catalog.write("metrics/revenue/old.yml", metric_yaml("old", grain="often"))
    catalog.write(ARR, metric_yaml("arr").replace("amount", "amuont"))
    catalog.commit()
    orders = (catalog.path / ORDERS).read_text()
    catalog.write(ORDERS, orders.replace("amount", "total"))
    catalog.git("add", ORDERS)

    done = staged(catalog.path)

    assert done.count == 1
    assert found(done) == [(MRR, "AG501"), ("metrics/revenue/old.yml", "AG501")]


def test_an_old_mistake_stays_quiet_when_its_lines_move(catalog):
    catalog.write(ARR, metric_yaml("arr").replace("amount", "amuont"))
    catalog.commit()
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.git("add", MRR)

    assert found(staged(catalog.path)) == []
    assert found(staged(catalog.path, ARR)) == [(ARR, "AG501")]
    assert found(staged(catalog.path, "metrics")) == [(ARR, "AG501")]


def test_what_is_ignored_elsewhere_stays_ignored(catalog):
    text = metric_yaml("arr").replace("AS arr\n", "AS arr -- agnes: ignore[AG501]\n")
    catalog.write(ARR, text)
    catalog.commit()
    orders = (catalog.path / ORDERS).read_text()
    catalog.write(ORDERS, orders.replace("amount", "total"))
    catalog.git("add", ORDERS)

    assert found(staged(catalog.path)) == [(MRR, "AG501")]


def test_a_table_that_is_deleted_breaks_its_metrics(catalog):
    catalog.git("rm", "--quiet", ORDERS)

    done = staged(catalog.path)

    assert done.count == 1
    assert found(done) == [(ARR, "AG301"), (MRR, "AG301")]


def test_a_file_that_is_only_deleted_on_disk_is_still_there(catalog):
    (catalog.path / ORDERS).unlink()

    assert found(staged(catalog.path)) == []


def test_a_metric_that_is_renamed_is_checked_under_its_new_name(catalog):
    catalog.git("mv", MRR, "metrics/revenue/monthly.yml")

    done = staged(catalog.path)

    assert found(done) == [("metrics/revenue/monthly.yml", "AG204")]


def test_before_the_first_commit_everything_is_new(repository):
    repository.write("agnes.yml", "name: New\n")
    repository.write(MRR, metric_yaml("mrr"))
    repository.git("add", "--all")
    repository.write(ORDERS, "id: orders\n")

    done = staged(repository.path)

    assert (done.count, found(done)) == (2, [(MRR, "AG301")])


def test_an_empty_repository_has_nothing_staged(repository):
    assert found(staged(repository.path)) == []
    assert staged_catalogs(repository.path) == []


def test_files_that_will_not_be_committed_are_not_staged(catalog):
    catalog.write("metrics/revenue/new.yml", "name: [")
    catalog.git("add", "--intent-to-add", "metrics/revenue/new.yml")

    done = staged(catalog.path)

    assert (done.count, found(done)) == (0, [])


def test_a_merge_conflict_is_an_error_that_names_the_file(catalog):
    catalog.git("checkout", "--quiet", "-b", "other")
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.commit()
    catalog.git("checkout", "--quiet", "main")
    catalog.write(MRR, metric_yaml("mrr", unit="GBP"))
    catalog.commit()
    catalog.git("merge", "other", check=False)

    with pytest.raises(ConflictError, match=r"metrics/revenue/mrr\.yml has a merge conflict"):
        staged(catalog.path)

    catalog.write(MRR, metric_yaml("mrr", unit="CHF"))
    catalog.git("add", MRR)
    assert found(staged(catalog.path)) == []


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_version_of_the_index_can_be_read(catalog, version):
    catalog.write(MRR, BAD_GRAIN)
    catalog.write("metrics/revenue/žluť.yml", metric_yaml("x"))
    catalog.git("add", "--all")
    catalog.git("update-index", "--index-version", version)

    assert found(staged(catalog.path)) == [
        (MRR, "AG203"),
        ("metrics/revenue/žluť.yml", "AG207"),
    ]


def test_a_damaged_index_is_an_error(catalog):
    (catalog.path / ".git" / "index").write_bytes(b"DIRC\0\0\0\2\0\0\0\x09short")

    with pytest.raises(GitError, match="cannot read"):
        staged(catalog.path)


def test_symbolic_links_are_told_also_when_they_are_staged(catalog):
    (catalog.path / "metrics" / "revenue" / "link.yml").symlink_to("mrr.yml")
    catalog.git("add", "--all")

    assert found(staged(catalog.path)) == [("metrics/revenue/link.yml", "AG207")]


# Catalogs in folders


@pytest.fixture
def nested(catalog):
    """A repository with a second catalog in a folder, which has a mistake, and a third in that."""
    catalog.write("teams/ops/agnes.yml", "name: Ops\n")
    catalog.write("teams/ops/metrics/ops/uptime.yml", metric_yaml("uptime", grain="often"))
    catalog.write("teams/ops/deep/agnes.yml", "name: Deep\n")
    return catalog


def test_the_catalogs_of_a_repository_are_found_by_what_is_staged(nested):
    assert staged_catalogs(nested.path) == [nested.path]
    nested.git("add", "--all")
    expected = [nested.path, nested.path / "teams/ops/deep", nested.path / "teams/ops"]
    for start in (nested.path, nested.path / "teams" / "ops" / "metrics"):
        assert sorted(staged_catalogs(start)) == sorted(expected)
    nested.git("rm", "--quiet", "--cached", "agnes.yml")
    assert nested.path in staged_catalogs(nested.path)  # its metrics are there, so it has lost it
    nested.git("rm", "--quiet", "--cached", "-r", "metrics", "tables")
    assert nested.path not in staged_catalogs(nested.path)


def test_a_catalog_in_a_folder_has_paths_of_its_own(nested):
    nested.git("add", "--all")

    assert found(staged(nested.path)) == []
    done = staged(nested.path / "teams" / "ops")
    assert found(done) == [("metrics/ops/uptime.yml", "AG203"), ("metrics/ops/uptime.yml", "AG301")]
    assert done.count == 2

    nested.commit()
    root = nested.path / "teams" / "ops"
    assert found(staged(root)) == []
    assert found(check_revision(root, "HEAD", Request())) == found(done)
    assert found(folder(root)) == found(done)


# Inside a hook


@pytest.fixture
def hook(catalog):
    """A pre-commit hook that checks what is staged; `catalog.git("commit", ...)` runs it."""
    program = f'exec "{sys.executable}" -m agnes metrics validate --staged'

    def install(before: str = "") -> GitRepository:
        path = catalog.path / ".git" / "hooks" / "pre-commit"
        path.write_text(f"#!/bin/sh\n{before}\n{program}\n")
        path.chmod(0o755)
        return catalog

    return install


def head(catalog: GitRepository) -> str:
    return catalog.git("rev-parse", "HEAD")


def test_a_commit_of_some_files_checks_those(hook):
    catalog = hook()
    catalog.write(MRR, BAD_GRAIN)
    catalog.write(ARR, metric_yaml("arr", unit="EUR"))
    catalog.git("add", "--all")
    before = head(catalog)

    catalog.git("commit", "--quiet", "--message", "One", ARR)
    assert head(catalog) != before
    before = head(catalog)
    catalog.git("commit", "--quiet", "--message", "The other", check=False)
    assert head(catalog) == before
    catalog.git("commit", "--quiet", "--message", "The other", MRR, check=False)
    assert head(catalog) == before


def test_a_commit_of_all_that_changed_checks_what_was_not_staged(hook):
    catalog = hook()
    catalog.write(MRR, BAD_GRAIN)
    before = head(catalog)

    catalog.git("commit", "--quiet", "--all", "--message", "All", check=False)

    assert head(catalog) == before


def test_a_hook_may_go_to_another_folder(hook):
    catalog = hook("cd metrics/revenue")
    catalog.write(MRR, BAD_GRAIN)
    catalog.git("add", "--all")
    before = head(catalog)

    for only in ((), (MRR,), ("--all",)):
        catalog.git("commit", "--quiet", "--message", "Bad", *only, check=False)
        assert head(catalog) == before
    catalog.write(MRR, metric_yaml("mrr", unit="EUR"))
    catalog.git("commit", "--quiet", "--all", "--message", "Good")
    assert head(catalog) != before


def test_a_commit_in_a_linked_worktree_checks_that(hook, tmp_path):
    catalog = hook()
    catalog.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "linked")
    linked = GitRepository(tmp_path / "linked")
    catalog.write(ARR, "name: [")
    linked.write(MRR, BAD_GRAIN)
    before = head(linked)

    linked.git("commit", "--quiet", "--all", "--message", "Bad", check=False)
    assert head(linked) == before
    linked.write(MRR, metric_yaml("mrr", unit="EUR"))
    linked.git("commit", "--quiet", "--all", "--message", "Good")
    assert head(linked) != before


def test_results_are_kept_in_the_repository_for_all_its_worktrees(catalog, tmp_path, plain):
    catalog.git("worktree", "add", "--quiet", str(tmp_path / "linked"))

    path = results_of(catalog.path).path
    assert path is not None
    assert path.parent == catalog.path / ".git" / "agnes" / "lint"
    assert results_of(tmp_path / "linked").path == path
    assert results_of(plain).path is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_a_finding_is_that_of_the_file_whatever_ends_lines(tmp_path, end):
    text = metric_yaml("mrr", grain="often").replace("\n", end)
    write(tmp_path, {"agnes.yml": "", MRR: text.encode()})

    done = check_folder(tmp_path, Request("schema"))

    assert [done.line(item) for item in done.report.diagnostics] == ["grain: often"]
