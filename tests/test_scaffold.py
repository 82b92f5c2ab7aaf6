from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

from agnes.errors import AgnesError, ConflictError, GitError, NotACatalogError
from agnes.git.refs import locate
from agnes.repositories import MetricRepository
from agnes.scaffold import FOR_AGENTS, PRE_COMMIT, WORKFLOW, create_catalog, starter_pack
from agnes.scaffold.merging import ATTRIBUTES
from agnes.sync.reconcile import reconcile
from tests.cli.commands import all_problems, lines
from tests.conftest import GitRepository, metric_yaml


@pytest.mark.parametrize("exists", [True, False])
def test_a_new_catalog_is_a_repository_on_main_with_one_commit(tmp_path, exists):
    folder = tmp_path / "deep" / "new"
    if exists:
        folder.mkdir(parents=True)

    created = create_catalog(folder)

    made = GitRepository(folder)
    assert (
        made.git("rev-parse", "refs/heads/main") == created.commit == made.git("rev-parse", "HEAD")
    )
    assert made.git("rev-list", "--count", "HEAD") == "1"
    assert made.git("status", "--porcelain") == ""
    assert made.git("ls-files").split() == created.files
    assert created.location == locate(folder)
    assert made.git("log", "-1", "--format=%an") == "Ada Lovelace"


def test_the_starter_pack_is_served_without_a_finding(tmp_path):
    created = create_catalog(tmp_path / "new")

    outcome = reconcile(created.location)

    assert (outcome.counts["metrics"], outcome.findings) == (12, [])
    expected = {*starter_pack(), WORKFLOW, PRE_COMMIT, ATTRIBUTES, *FOR_AGENTS}
    assert expected == set(created.files)
    assert MetricRepository(tmp_path / "new").get("revenue/mrr")["table_name"] == "subscriptions"


def test_an_empty_catalog_is_served_without_a_finding(tmp_path):
    created = create_catalog(tmp_path / "new", empty=True)

    outcome = reconcile(created.location)

    assert (outcome.counts["metrics"], outcome.counts["tables"], outcome.findings) == (0, 0, [])


def test_an_empty_catalog_takes_its_first_metric(tmp_path):
    create_catalog(tmp_path / "new", empty=True)

    made = MetricRepository(tmp_path / "new").create(name="mrr", category="revenue", sql="SELECT 1")

    assert made["id"] == "revenue/mrr"
    assert reconcile(locate(tmp_path / "new")).findings == []


@pytest.mark.parametrize("empty", [True, False])
def test_the_files_for_ci_and_pre_commit_are_yaml(tmp_path, empty):
    create_catalog(tmp_path / "new", empty=empty)

    for path in (WORKFLOW, PRE_COMMIT):
        text = (tmp_path / "new" / path).read_text()
        assert yaml.safe_load(text)
        assert "{folder}" not in text
        assert "{prefix}" not in text


@pytest.mark.parametrize("has_data", [True, False])
def test_the_workflow_compares_numbers_where_there_are_data(tmp_path, has_data):
    create_catalog(tmp_path / "new")
    steps = yaml.safe_load((tmp_path / "new" / WORKFLOW).read_text())["jobs"]["validate"]["steps"]
    [script] = [it["run"] for it in steps if "metrics diff" in it.get("run", "")]
    caches = [it["with"]["path"] for it in steps if "cache" in it.get("uses", "")]
    assert caches == ["data/parquet"]
    if has_data:
        (tmp_path / "data" / "parquet").mkdir(parents=True)
    summary = tmp_path / "summary"

    told = f'da() {{ printf "%s\\n" "$@"; }}\n{script}'
    environment = {"BASE": "origin/main", "GITHUB_STEP_SUMMARY": str(summary), "PATH": "/usr/bin"}
    subprocess.run(["/bin/bash", "-e", "-c", told], cwd=tmp_path, env=environment, check=True)

    given = summary.read_text().split()
    assert given[:3] == ["metrics", "diff", "origin/main"]
    assert ("--data" in given) == has_data
    assert "" not in given


@pytest.mark.parametrize("name", FOR_AGENTS)
def test_agents_are_told_the_rule_and_how_to_change_a_metric(tmp_path, name):
    create_catalog(tmp_path / "new")

    text = (tmp_path / "new" / name).read_text()
    assert "Before computing any business metric: `da metrics show {category}/{name}`" in text
    for heading in ("Propose a change", "Validate", "Review"):
        assert f"## {heading}\n" in text
    assert len(list(lines(text))) > 5
    assert all_problems(text) == []
    assert "AI Data Analyst" not in text, "this is no workspace of an analyst"


@pytest.mark.parametrize("content", ["file", ".hidden", "folder/"])
def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path, content):
    if content.endswith("/"):
        (tmp_path / content).mkdir()
    else:
        (tmp_path / content).write_text("mine")

    with pytest.raises(ConflictError, match="not empty") as caught:
        create_catalog(tmp_path)

    assert "--here" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [content.rstrip("/")]


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_place_where_no_folder_can_be_is_an_expected_error(tmp_path, where):
    (tmp_path / "file").write_text("mine")

    with pytest.raises(AgnesError):
        create_catalog(tmp_path / where)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("exists", [True, False])
def test_without_an_identity_nothing_is_left(tmp_path, monkeypatch, exists):
    for name in ("AGNES_AUTHOR", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)
    folder = tmp_path / "new"
    if exists:
        folder.mkdir()

    with pytest.raises(GitError, match="who you are"):
        create_catalog(folder)

    assert (list(folder.iterdir()) if exists else folder.exists()) == ([] if exists else False)


# Adopting a repository


@pytest.mark.parametrize("folder", ["analytics", "data/finance", "a.b (c)", "."])
def test_a_folder_of_a_repository_is_adopted(repository, folder):
    repository.write("app.py", "x")
    repository.commit()
    repository.write("app.py", "dirty")
    repository.write("staged.txt", "x")
    repository.git("add", "staged.txt")
    before = repository.git("status", "--porcelain")

    created = create_catalog(repository.path / folder, here=True)

    assert created.location == locate(repository.path / folder)
    assert repository.git("status", "--porcelain") == before
    assert (repository.path / "app.py").read_text() == "dirty"
    assert repository.git("rev-list", "--count", "HEAD") == "2"
    assert (repository.path / WORKFLOW).exists()
    assert reconcile(created.location).counts["metrics"] == 12


@pytest.mark.parametrize("folder", ["analytics", "a.b (c)", "."])
def test_the_hook_of_an_adopted_folder_fits_its_files_alone(repository, folder):
    create_catalog(repository.path / folder, here=True)

    pattern = yaml.safe_load((repository.path / PRE_COMMIT).read_text())["repos"][0]["hooks"][1][
        "files"
    ]
    prefix = "" if folder == "." else f"{folder}/"
    assert re.search(pattern, f"{prefix}metrics/revenue/mrr.yml")
    assert re.search(pattern, f"{prefix}agnes.yml")
    assert not re.search(pattern, f"other/{prefix}metrics/revenue/mrr.yml")
    assert not re.search(pattern, f"{prefix}README.yml")


def test_an_unborn_repository_is_adopted(repository):
    created = create_catalog(repository.path, here=True, empty=True)

    assert repository.git("rev-parse", "HEAD") == created.commit
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize("path", [WORKFLOW, PRE_COMMIT])
def test_files_for_ci_that_are_there_are_kept(repository, path):
    repository.write(path, "mine: true\n")
    repository.commit()

    created = create_catalog(repository.path / "analytics", here=True)

    assert (repository.path / path).read_text() == "mine: true\n"
    assert path not in created.files


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("name", FOR_AGENTS)
def test_instructions_for_agents_that_are_there_are_kept(repository, name, committed):
    repository.write("README.md", "x")
    repository.write(name, "mine\n")
    repository.git("add", "README.md", *([name] if committed else []))
    repository.git("commit", "--quiet", "--message", "Mine")

    created = create_catalog(repository.path, here=True)

    assert (repository.path / name).read_text() == "mine\n"
    assert name not in created.files


@pytest.mark.parametrize("path", ["agnes.yml", "metrics/revenue/mrr.yml", "tables/orders.yml"])
def test_a_catalog_that_is_there_is_not_overwritten(repository, path):
    repository.write(f"analytics/{path}", metric_yaml("mine"))
    repository.commit()
    before = repository.git("rev-parse", "HEAD")

    with pytest.raises(ConflictError, match="there already"):
        create_catalog(repository.path / "analytics", here=True)
    assert repository.git("rev-parse", "HEAD") == before
    assert (repository.path / "analytics" / path).read_text() == metric_yaml("mine")


def test_a_linked_worktree_is_adopted_on_its_branch(catalog, tmp_path):
    linked = GitRepository(tmp_path / "linked")
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(linked.path))

    created = create_catalog(linked.path / "analytics", here=True, empty=True)

    assert linked.git("rev-parse", "other") == created.commit
    assert linked.git("status", "--porcelain") == ""


def test_a_folder_in_no_repository_is_not_adopted(tmp_path):
    with pytest.raises(NotACatalogError):
        create_catalog(tmp_path, here=True)
    assert list(tmp_path.iterdir()) == []


def test_a_bare_repository_is_not_adopted(catalog, tmp_path):
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(tmp_path / "x.git"))

    with pytest.raises(NotACatalogError, match="bare"):
        create_catalog(tmp_path / "x.git" / "analytics", here=True)


def test_a_detached_head_is_not_adopted(catalog):
    catalog.git("checkout", "--quiet", "--detach")

    with pytest.raises(ConflictError, match="detached"):
        create_catalog(catalog.path / "analytics", here=True)
    assert not (catalog.path / "analytics").exists()


def test_two_catalogs_can_live_in_one_repository(repository):
    for folder in ("one", "two"):
        create_catalog(repository.path / folder, here=True)
    shutil.rmtree(repository.path / "two" / "metrics")
    repository.commit()

    counts = [
        reconcile(locate(repository.path / name)).counts["metrics"] for name in ("one", "two")
    ]
    assert counts == [12, 0]
