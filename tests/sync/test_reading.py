from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agnes.cache.store import Store
from agnes.errors import CacheError, NoCommitError, NotACatalogError, RevisionError
from agnes.git.refs import locate
from agnes.sync import reconcile as reconciling
from agnes.sync.reading import Reading, open_snapshot
from agnes.sync.reconcile import reconcile
from tests.conftest import GitRepository, metric_yaml

MRR = "metrics/revenue/mrr.yml"
OLD = "Monthly recurring revenue"


def title(at: GitRepository | Path, **options) -> tuple[str, list[str]]:
    """The title of revenue/mrr, and what the reader was told."""
    said: list[str] = []
    path = at if isinstance(at, Path) else at.path
    with open_snapshot(path, Reading(say=said.append, **options)) as snapshot:
        return snapshot.metric("revenue/mrr")["display_name"], said


def retitle(catalog: GitRepository, title: str) -> None:
    catalog.write(MRR, metric_yaml("mrr", title))
    catalog.commit()


def current(catalog: GitRepository) -> Path:
    return Store(locate(catalog.path)).current().path


def test_the_first_read_builds_the_cache(catalog):
    assert title(catalog) == (OLD, [])


def test_a_read_follows_the_branch(catalog):
    title(catalog)
    retitle(catalog, "New")

    assert title(catalog) == ("New", [])


def test_a_read_without_sync_says_that_it_answers_from_an_older_commit(catalog):
    title(catalog)
    old = current(catalog).stem
    retitle(catalog, "New")

    found, said = title(catalog, sync=False)

    assert found == OLD
    assert len(said) == 1
    assert old[:10] in said[0]


def test_a_read_without_sync_of_what_is_fresh_says_nothing(catalog):
    title(catalog)

    assert title(catalog, sync=False) == (OLD, [])


def test_a_change_of_many_files_is_answered_from_the_older_commit_and_said(catalog, monkeypatch):
    monkeypatch.setattr(reconciling, "CHEAP_FILES", 0)
    title(catalog)
    retitle(catalog, "New")

    found, said = title(catalog)

    assert found == OLD
    assert "da catalog sync" in said[0]


def test_a_detached_head_is_answered_and_said_each_time(catalog):
    catalog.git("checkout", "--quiet", "--detach")

    for _ in range(2):
        found, said = title(catalog)
        assert found == OLD
        assert len(said) == 1
        assert "detached" in said[0]


def test_only_committed_content_is_served(catalog):
    catalog.write(MRR, metric_yaml("mrr", "Draft"))

    assert title(catalog)[0] == OLD
    assert title(catalog, worktree=True)[0] == "Draft"
    assert title(catalog)[0] == OLD


def test_another_revision_is_read_on_demand(catalog):
    retitle(catalog, "New")

    assert title(catalog, revision="HEAD~1")[0] == OLD
    assert title(catalog) == ("New", [])


def test_a_revision_that_does_not_exist_is_an_error(catalog):
    with pytest.raises(RevisionError):
        title(catalog, revision="none")


def test_another_branch_in_agnes_yml_is_noticed_by_a_read(catalog):
    """The served branch is release; a commit on main, where HEAD is, says that it is main now."""
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    assert title(catalog)[0] == OLD
    catalog.write("agnes.yml", "name: x\n")
    retitle(catalog, "On main")

    assert title(catalog)[0] == "On main"


@pytest.mark.parametrize("folder", ["", "analytics"])
def test_a_bare_repository_is_read(catalog, tmp_path, folder):
    if folder:
        catalog.git("mv", "-k", "agnes.yml", "metrics", "tables", "-", check=False)
        (catalog.path / folder).mkdir()
        catalog.git("mv", "agnes.yml", "metrics", "tables", folder)
        catalog.commit()
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(tmp_path / "x.git"))

    assert title(tmp_path / "x.git" / folder)[0] == OLD


def test_a_push_to_a_bare_repository_is_followed(catalog, tmp_path):
    bare = tmp_path / "x.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(bare))
    title(bare)
    retitle(catalog, "New")
    catalog.git("push", "--quiet", str(bare), "main")

    assert title(bare)[0] == "New"


# Faults


@pytest.mark.parametrize(
    ("arrange", "error"),
    [
        (lambda at: shutil.rmtree(at.path / ".git"), NotACatalogError),
        (lambda at: at.write("x", "x"), NoCommitError),
        (lambda at: at.write("x", "x") and at.commit(), NotACatalogError),
    ],
    ids=["no git", "no commit", "no marker"],
)
def test_what_is_no_catalog_is_an_error_with_a_remedy(repository, arrange, error):
    arrange(repository)

    with pytest.raises(error) as caught:
        open_snapshot(repository.path)
    assert caught.value.hint


def unborn(catalog):
    catalog.git("switch", "--quiet", "--orphan", "fresh")


def no_marker(catalog):
    catalog.git("rm", "--quiet", "agnes.yml")
    catalog.commit()


def missing_object(catalog):
    retitle(catalog, "New")
    oid = catalog.git("rev-parse", "HEAD:metrics")
    (catalog.path / ".git/objects" / oid[:2] / oid[2:]).unlink()


def damaged_head(catalog):
    catalog.write(".git/HEAD", "nonsense\n")


def branch_gone(catalog):
    catalog.write(".git/HEAD", "ref: refs/heads/gone\n")


def cache_not_writable(catalog):
    """The lock cannot be taken; permissions would not stop root."""
    lock = current(catalog).parent / "lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    retitle(catalog, "New")


@pytest.mark.parametrize(
    "arrange", [unborn, no_marker, missing_object, damaged_head, branch_gone, cache_not_writable]
)
def test_whatever_is_wrong_what_is_in_force_is_answered_and_the_reason_said(catalog, arrange):
    title(catalog)
    arrange(catalog)

    found, said = title(catalog)

    assert found == OLD
    assert len(said) == 1
    assert said[0].startswith("answering from")


def test_history_that_was_rewritten_and_collected_is_followed(catalog):
    retitle(catalog, "Gone")
    title(catalog)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    catalog.git("reflog", "expire", "--expire=now", "--all")
    catalog.git("gc", "--quiet", "--prune=now")

    assert title(catalog) == (OLD, [])


def test_where_no_cache_can_be_made_it_is_answered_all_the_same_and_said(catalog):
    catalog.write(".git/agnes", "a file")

    found, said = title(catalog)

    assert found == OLD
    assert said


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 10_000])
def test_a_damaged_snapshot_is_rebuilt_and_said(catalog, content):
    title(catalog)
    path = current(catalog)
    path.unlink()
    path.write_bytes(content)

    found, said = title(catalog)

    assert found == OLD
    assert "damaged" in said[0]
    assert title(catalog) == (OLD, [])


def test_a_snapshot_that_is_damaged_anywhere_is_rebuilt(catalog):
    expected = title(catalog)[0]
    path = current(catalog)
    whole = path.read_bytes()
    chance = random.Random(3)
    for _ in range(10):
        data = bytearray(whole)
        for _ in range(200):
            data[chance.randrange(len(data))] ^= 255
        path.unlink()
        path.write_bytes(data)

        assert title(catalog)[0] == expected


def test_a_damaged_snapshot_is_an_error_when_nothing_may_be_written(catalog):
    title(catalog)
    current(catalog).write_bytes(b"nonsense")

    with pytest.raises(CacheError) as caught:
        title(catalog, sync=False)
    assert "rebuild" in caught.value.hint


def test_a_deleted_cache_is_built_again(catalog):
    title(catalog)
    shutil.rmtree(catalog.path / ".git/agnes")

    assert title(catalog) == (OLD, [])


def test_a_first_read_without_sync_answers_all_the_same(catalog):
    assert title(catalog, sync=False)[0] == OLD


# What a read loads

LIBRARIES = (
    "pygit2",
    "pydantic",
    "sqlglot",
    "watchdog",
    "yaml",
    "ruamel.yaml",
    "arro3",
    "filelock",
    "rich",
    "typer",
)


def loaded(catalog: GitRepository, code: str) -> str:
    program = f"import sys\nfrom pathlib import Path\npath = Path({str(catalog.path)!r})\n{code}\n"
    program += f"print([name for name in {LIBRARIES!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "from agnes.sync.reading import open_snapshot; open_snapshot(path).metrics()",
        "from agnes import MetricRepository; MetricRepository(path).get('revenue/mrr')",
        "from agnes import MetricRepository; MetricRepository(path).find_by_synonym('mrr')",
        "import agnes; agnes.ColumnMetadataRepository(path).list_for_table('orders')",
        "import agnes",
        "from agnes import MetricRepository",
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_read_of_what_is_fresh_loads_nothing_heavy(catalog, code, packed):
    reconcile(locate(catalog.path))
    if packed:
        catalog.git("pack-refs", "--all")

    assert loaded(catalog, code) == "[]"


def test_importing_the_package_does_not_load_duckdb(catalog):
    code = "from agnes import MetricRepository; assert 'duckdb' not in sys.modules"
    assert loaded(catalog, code) == "[]"
