from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agnes import __version__
from agnes.cache.query import Snapshot
from agnes.cache.store import FORMAT, Store
from agnes.errors import GitError, NotACatalogError
from agnes.git.refs import locate
from agnes.sync import journal
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


# What monitors look at


def test_how_far_it_is_behind_is_counted_in_commits_and_seconds(catalog):
    sync(catalog)
    ago = int(time.time()) - 100
    for at in range(3):
        catalog.commit("Newer", at=ago + 20 * at)

    lag = of(catalog)["lag"]

    assert lag["commits"] == 3
    assert 100 <= lag["seconds"] <= 110  # since the first of them


def test_what_is_fresh_is_not_behind(catalog):
    sync(catalog)

    assert of(catalog)["lag"] == {"commits": 0, "seconds": 0}


def test_commits_of_a_merged_branch_are_one_step(catalog):
    sync(catalog)
    catalog.git("switch", "--quiet", "--create", "side")
    for _ in range(3):
        catalog.commit("Aside")
    catalog.git("switch", "--quiet", "main")
    catalog.git("merge", "--quiet", "--no-ff", "--no-edit", "side")

    assert of(catalog)["lag"]["commits"] == 1


def test_of_a_branch_that_was_rewritten_the_lag_in_commits_is_not_known(catalog):
    catalog.commit("Gone")
    sync(catalog)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")
    wanted = catalog.commit("Another", at=int(time.time()) - 50)

    found = of(catalog)

    assert (found["state"], found["wanted"]) == ("behind", wanted)
    assert found["lag"]["commits"] is None
    assert 50 <= found["lag"]["seconds"] <= 60


def test_of_a_branch_that_was_taken_back_the_lag_in_commits_is_not_known(catalog):
    catalog.commit("Gone")
    sync(catalog)
    catalog.git("reset", "--quiet", "--hard", "HEAD~1")

    assert of(catalog)["lag"]["commits"] is None


def test_a_commit_from_the_future_is_no_lag_in_seconds(catalog):
    sync(catalog)
    catalog.commit("Newer", at=int(time.time()) + 10_000)

    assert of(catalog)["lag"] == {"commits": 1, "seconds": 0}


def test_files_of_which_an_earlier_version_is_served_are_named(catalog):
    catalog.write("metrics/revenue/mrr.yml", "name: [")
    catalog.write("metrics/revenue/never.yml", "name: [")
    catalog.commit()
    sync(catalog)

    found = of(catalog)

    assert found["stale_files"] == ["metrics/revenue/mrr.yml"]
    assert (found["stale"], found["errors"]) == (1, 2)


def test_the_digest_is_that_of_the_rows(catalog):
    outcome = sync(catalog)

    found = of(catalog)

    with Snapshot(outcome.path) as snapshot:
        assert found["digest"] == snapshot.digest() == snapshot.info()["digest"]
    assert (found["format"], found["agnes_version"]) == (FORMAT, __version__)


def test_two_clones_at_one_commit_have_the_same_digest(catalog, tmp_path):
    catalog.git("clone", "--quiet", str(catalog.path), str(tmp_path / "clone"))
    for path in (catalog.path, tmp_path / "clone"):
        reconcile(locate(path))

    digests = [status(locate(path))["digest"] for path in (catalog.path, tmp_path / "clone")]

    assert digests[0] == digests[1]


def test_how_the_last_sync_went_is_said(catalog):
    sync(catalog)
    assert of(catalog)["sync"]["error"] is None
    (catalog.path / "agnes.yml").unlink()
    catalog.commit()
    with pytest.raises(NotACatalogError) as caught:
        sync(catalog)

    found = of(catalog)

    assert (found["sync"]["error"], found["sync"]["hint"]) == (
        caught.value.message,
        caught.value.hint,
    )
    assert (found["state"], found["error"]) == ("degraded", str(caught.value))


def test_a_fetch_that_fails_degrades_what_is_fresh(catalog):
    sync(catalog)
    store = Store(locate(catalog.path))
    journal.note(store, "fetch", GitError("cannot fetch", "try it"), failures=2, next="later")

    found = of(catalog)

    assert (found["state"], found["wanted"]) == ("degraded", found["commit"])
    assert (
        found["fetch"] | {"error": "cannot fetch", "hint": "try it", "failures": 2}
        == (found["fetch"])
    )


def test_a_monitor_gets_it_all_as_json(catalog):
    sync(catalog)
    catalog.commit("Newer")
    command = [Path(sys.executable).with_name("da"), "catalog", "status", "--json"]

    done = subprocess.run(command, cwd=catalog.path, capture_output=True, text=True, check=False)

    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr, found["state"]) == (1, "", "behind")
    wanted = "commit wanted lag stale_files errors warnings size_bytes digest sync fetch error"
    assert set(wanted.split()) <= found.keys()
    assert found["lag"]["commits"] == 1
    assert found["diagnostics"] == []
