from __future__ import annotations

import json
import shutil

import pytest

from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from agnes.sync.status import status


def of(catalog) -> dict:
    return status(locate(catalog.path))


def sync(catalog):
    return reconcile(locate(catalog.path))


def test_without_a_cache_it_is_missing(catalog):
    found = of(catalog)

    assert (found["state"], found["commit"], found["path"], found["error"]) == (
        "missing",
        None,
        None,
        None,
    )
    assert found["wanted"] == catalog.git("rev-parse", "HEAD")
    assert found["branch"] == "refs/heads/main"


def test_after_a_sync_it_is_fresh(catalog):
    outcome = sync(catalog)

    found = of(catalog)

    assert (found["state"], found["commit"], found["path"]) == (
        "fresh",
        outcome.commit,
        str(outcome.path),
    )
    assert (found["metrics"], found["tables"], found["columns"], found["errors"]) == (2, 1, 2, 0)
    assert found["size_bytes"] == outcome.path.stat().st_size
    assert (found["snapshots"], found["shallow"], found["catalog"]) == (1, False, str(catalog.path))


def test_after_a_commit_it_is_behind(catalog):
    sync(catalog)
    wanted = catalog.commit("Newer")

    found = of(catalog)

    assert (found["state"], found["wanted"]) == ("behind", wanted)


def test_with_a_broken_file_it_is_degraded(catalog):
    catalog.write("metrics/revenue/mrr.yml", "name: [")
    catalog.commit()
    sync(catalog)

    found = of(catalog)

    assert (found["state"], found["errors"], found["stale"]) == ("degraded", 1, 1)


def test_with_a_damaged_snapshot_it_is_damaged(catalog):
    path = sync(catalog).path
    path.unlink()
    path.write_bytes(b"nonsense")

    found = of(catalog)

    assert found["state"] == "damaged"
    assert "rebuild" in found["error"] or str(path) in found["error"]


@pytest.mark.parametrize("cached", [True, False])
def test_what_is_wrong_with_the_branch_is_said(catalog, cached):
    if cached:
        sync(catalog)
    catalog.git("switch", "--quiet", "--orphan", "fresh")

    found = of(catalog)

    assert "fresh" in found["error"]
    assert found["state"] == ("degraded" if cached else "missing")


def test_a_branch_that_agnes_yml_names_is_the_one_that_is_followed(catalog):
    catalog.write("agnes.yml", "branch: release\n")
    catalog.commit()
    catalog.git("branch", "release")
    sync(catalog)
    catalog.commit("On main")

    found = of(catalog)

    assert (found["state"], found["branch"], found["follows"]) == (
        "fresh",
        "refs/heads/release",
        "refs/heads/release",
    )


def test_a_detached_head_has_no_branch(catalog):
    catalog.git("checkout", "--quiet", "--detach")
    sync(catalog)

    found = of(catalog)

    assert (found["state"], found["branch"], found["follows"]) == ("fresh", None, "HEAD")


def test_it_changes_nothing(catalog):
    of(catalog)

    assert not (catalog.path / ".git/agnes").exists()


def test_it_is_plain_data(catalog):
    sync(catalog)

    assert json.loads(json.dumps(of(catalog), default=str))["state"] == "fresh"


def test_a_deleted_cache_is_missing_again(catalog):
    sync(catalog)
    shutil.rmtree(catalog.path / ".git/agnes")

    assert of(catalog)["state"] == "missing"
