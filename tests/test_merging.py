"""Git merges, rebases and picks by field, in real repositories, and by lines without Agnes."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from agnes.errors import ConflictError
from agnes.git.refs import locate
from agnes.scaffold import create_catalog
from agnes.scaffold.hooks import install, uninstall
from agnes.scaffold.merging import ATTRIBUTES, is_on, switch_on, with_attributes
from agnes.yaml.loader import load
from tests.conftest import GitRepository

MRR = "metrics/revenue/mrr.yml"
ARR = "metrics/revenue/arr.yml"
OURS, THEIRS = ("unit: USD", "unit: EUR"), ("type: sum", "type: max")
"""Changes in lines that touch, where git by itself sees a conflict."""


@pytest.fixture
def numbers(tmp_path) -> GitRepository:
    create_catalog(tmp_path / "numbers")
    return GitRepository(tmp_path / "numbers")


@pytest.fixture
def without_da(tmp_path, monkeypatch) -> Path:
    """A PATH on which everything is but `da`, and a Python that has none beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "sh", "grep", "sed", "cat"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return folder


def edit(repository: GitRepository, *changes: tuple[str, str], path: str = MRR) -> None:
    text = (repository.path / path).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    repository.write(path, text)
    repository.commit()


def diverge(
    repository: GitRepository, ours: tuple[str, str], theirs: tuple[str, str], path: str = MRR
) -> None:
    """Change a file on main and on the branch `side`, and stay on main."""
    repository.git("switch", "--quiet", "--create", "side")
    edit(repository, theirs, path=path)
    repository.git("switch", "--quiet", "main")
    edit(repository, ours, path=path)


def read(repository: GitRepository, path: str = MRR) -> dict:
    return load((repository.path / path).read_bytes())


@pytest.mark.parametrize("command", ["merge --no-edit side", "cherry-pick side", "rebase side"])
def test_lines_that_touch_are_merged_by_field(numbers, command):
    diverge(numbers, OURS, THEIRS)

    numbers.git(*command.split())

    found = read(numbers)
    assert (found["unit"], found["type"]) == ("EUR", "max")
    assert numbers.git("status", "--porcelain") == ""


@pytest.mark.parametrize("command", ["merge --no-edit side", "cherry-pick side", "rebase side"])
def test_a_note_and_a_synonym_beside_each_other_are_merged(numbers, command):
    diverge(
        numbers,
        ("  - closing MRR\n", "  - closing MRR\n  - what we earn\n"),
        ("notes:\n", "notes:\n  - Refunds do not change it.\n"),
    )

    numbers.git(*command.split())

    found = read(numbers)
    assert "what we earn" in found["synonyms"]
    assert found["notes"][0] == "Refunds do not change it."
    assert numbers.git("diff", "--stat", "HEAD~2").count("|") == 1


@pytest.mark.parametrize("command", ["merge --no-edit side", "cherry-pick side", "rebase side"])
def test_different_meanings_of_sql_are_a_conflict_in_it_alone(numbers, command):
    numbers.git("switch", "--quiet", "--create", "side")
    edit(numbers, ("SUM(subscriptions.mrr_amount) AS mrr", "AVG(mrr_amount) AS mrr"), THEIRS)
    numbers.git("switch", "--quiet", "main")
    edit(numbers, ("WHERE NOT subscriptions.is_trial", "WHERE TRUE"), OURS)

    numbers.git(*command.split(), check=False)

    assert numbers.git("status", "--porcelain") == f"UU {MRR}"
    text = (numbers.path / MRR).read_text()
    assert text.count("<<<<<<< ours\n") == text.count(">>>>>>> theirs\n") == 1
    assert text.index("\nsql: |\n") < text.index("<<<<<<<") < text.index("sql_by_plan")
    assert "unit: EUR" in text
    assert "type: max" in text


def test_equal_meanings_of_sql_are_no_conflict(numbers):
    old = "WHERE NOT subscriptions.is_trial"
    diverge(
        numbers,
        (old, f"{old} AND plan <> 'free'"),
        (old, "where plan != 'free' AND NOT (subscriptions.is_trial)"),
    )

    numbers.git("merge", "--no-edit", "side")

    assert f"{old} AND plan <> 'free'" in read(numbers)["sql"]


def test_a_merge_with_two_common_ancestors_is_by_field(numbers):
    diverge(numbers, OURS, THEIRS)
    numbers.git("branch", "--quiet", "other")
    numbers.git("merge", "--no-edit", "side")
    edit(numbers, ("grain: monthly", "grain: weekly"))
    numbers.git("switch", "--quiet", "side")
    numbers.git("merge", "--no-edit", "other")
    edit(numbers, ("time_column: start_date", "time_column: end_date"))

    numbers.git("merge", "--no-edit", "main")

    found = read(numbers)
    assert [found[key] for key in ("unit", "type", "grain", "time_column")] == (
        ["EUR", "max", "weekly", "end_date"]
    )


def test_a_file_that_both_add_is_merged(numbers):
    numbers.git("switch", "--quiet", "--create", "side")
    numbers.write("tables/fees.yml", "id: fees\ncolumns:\n  a: {basetype: DATE}\n")
    numbers.commit()
    numbers.git("switch", "--quiet", "main")
    numbers.write("tables/fees.yml", "id: fees\ncolumns:\n  b: {basetype: DATE}\n")
    numbers.commit()

    numbers.git("merge", "--no-edit", "side")

    assert read(numbers, "tables/fees.yml")["columns"].keys() == {"a", "b"}


def test_a_file_that_cannot_be_read_is_merged_by_lines(numbers):
    diverge(numbers, ("unit: USD", "unit: USD\nunit: USD"), ("tags:\n", "tags:\n  - new\n"))

    numbers.git("merge", "--no-edit", "side")

    assert "  - new\n" in (numbers.path / MRR).read_text()


# Where Agnes is not there


def test_without_da_git_merges_by_lines(numbers, without_da):
    switch_on(locate(numbers.path))
    diverge(numbers, OURS, THEIRS)
    edit(numbers, ("unit: USD", "unit: EUR"), path=ARR)

    numbers.git("merge", "--no-edit", "side", check=False)

    assert numbers.git("status", "--porcelain") == f"UU {MRR}"
    text = (numbers.path / MRR).read_text()
    assert "<<<<<<< ours\ntype: sum\nunit: EUR\n=======\ntype: max\nunit: USD\n>>>>>>> " in text


def test_without_da_lines_apart_are_merged(numbers, without_da):
    switch_on(locate(numbers.path))
    diverge(numbers, OURS, ("tags:\n", "tags:\n  - new\n"))

    numbers.git("merge", "--no-edit", "side")

    assert read(numbers)["unit"] == "EUR"
    assert "new" in read(numbers)["tags"]


@pytest.mark.parametrize("script", ["exit 1", "exit 2", "kill -9 $$", "echo boom >&2; exit 139"])
def test_where_da_fails_git_merges_by_lines(numbers, without_da, script):
    broken = without_da / "da"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    switch_on(locate(numbers.path))
    diverge(numbers, OURS, THEIRS)

    numbers.git("merge", "--no-edit", "side", check=False)

    assert numbers.git("status", "--porcelain") == f"UU {MRR}"
    assert "<<<<<<< ours\ntype: sum\nunit: EUR\n" in (numbers.path / MRR).read_text()


def test_a_clone_merges_by_lines_until_its_hooks_are_installed(numbers, tmp_path):
    clone = GitRepository(tmp_path / "clone")
    numbers.git("clone", "--quiet", str(numbers.path), str(clone.path))
    diverge(clone, OURS, THEIRS)

    clone.git("merge", "--no-edit", "side", check=False)
    assert clone.git("status", "--porcelain") == f"UU {MRR}"
    clone.git("merge", "--abort")

    install(locate(clone.path))
    clone.git("merge", "--no-edit", "side")
    assert read(clone)["unit"] == "EUR"

    uninstall(locate(clone.path))
    assert not is_on(locate(clone.path))
    assert clone.git("config", "--get-regexp", "^merge.agnes", check=False) == ""


# .gitattributes


@pytest.mark.parametrize("folder", [".", "analytics", "a.b (c)/it's"])
def test_an_adopted_folder_is_merged_by_field_and_nothing_beside_it(repository, folder):
    repository.write("metrics/a.yml", "a: 1\n")
    repository.commit()
    create_catalog(repository.path / folder, here=True)
    prefix = "" if folder == "." else f"{folder}/"
    diverge(repository, OURS, THEIRS, path=f"{prefix}{MRR}")

    repository.git("merge", "--no-edit", "side")

    assert read(repository, f"{prefix}{MRR}")["type"] == "max"
    named = ["agnes.yml", MRR, "metrics/metrics.yml", "tables/a.b.yml", "proposals/x.yml"]
    for path in named:
        assert repository.git("check-attr", "merge", f"{prefix}{path}").endswith(": agnes")
    for path in ("other/metrics/a.yml", "README.yml"):
        assert repository.git("check-attr", "merge", path).endswith(": unspecified")


def test_attributes_that_are_there_are_kept(repository):
    repository.write(ATTRIBUTES, "*.png binary")
    repository.commit()

    create_catalog(repository.path, here=True)

    text = (repository.path / ATTRIBUTES).read_text()
    assert text.startswith("*.png binary\n")
    assert repository.git("check-attr", "merge", "agnes.yml").endswith("agnes")
    assert with_attributes(text.encode()) == text.encode()
    assert repository.git("status", "--porcelain") == ""


def test_attributes_that_are_not_committed_are_not_overwritten(repository):
    repository.write("x", "x")
    repository.commit()
    repository.write(ATTRIBUTES, "mine\n")

    with pytest.raises(ConflictError):
        create_catalog(repository.path, here=True)
    assert (repository.path / ATTRIBUTES).read_text() == "mine\n"


def test_the_driver_is_of_the_repository_for_all_its_worktrees(numbers, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    numbers.git("worktree", "add", "--quiet", "-b", "more", str(linked.path))

    assert is_on(locate(linked.path))
    assert os.fspath(Path(sys.executable).parent) in linked.git("config", "merge.agnes.driver")
