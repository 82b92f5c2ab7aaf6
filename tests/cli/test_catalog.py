"""`da catalog`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.conftest import metric_yaml
from tests.git.test_finishing import COMMITTED, killed


def test_the_first_sync_builds(da, here):
    assert "2 metrics, 1 tables" in da("catalog", "sync").out
    assert da("catalog", "sync").out.startswith("Nothing new")


def test_a_sync_says_what_changed(da, here):
    da("catalog", "sync")
    here.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
    here.write("metrics/revenue/new.yml", metric_yaml("new"))
    here.git("rm", "--quiet", "metrics/revenue/arr.yml")
    commit = here.commit()
    found = da("catalog", "sync", "--json").json
    assert found["commit"] == commit
    assert found["added"] == ["revenue/new"]
    assert found["changed"] == ["revenue/mrr"]
    assert found["removed"] == ["revenue/arr"]


def test_a_sync_with_nothing_new_finishes_what_a_killed_commit_left(da, here):
    killed(here, COMMITTED)
    da("metrics", "list")
    assert here.git("status", "--porcelain") != ""

    assert "Nothing new" in da("catalog", "sync").out

    assert here.git("status", "--porcelain") == ""


def test_a_sync_prints_the_mistakes_of_a_broken_file(da, here):
    here.write("metrics/revenue/mrr.yml", "name: 'mrr\n")
    here.commit()
    out = da("catalog", "sync").out
    assert "metrics/revenue/mrr.yml:1:7: error AG101 a quote is opened here" in out


def test_path_is_a_file_that_any_duckdb_client_reads(da, here):
    path = Path(da("catalog", "path").out.strip())
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("SELECT id FROM metric_definitions ORDER BY id").fetchall()
    assert rows == [("revenue/arr",), ("revenue/mrr",)]


def test_nothing_of_the_cache_shows_in_git_status(da, here):
    da("catalog", "sync")
    assert here.git("status", "--porcelain", "--ignored") == ""


def test_status_exits_with_1_unless_all_is_well(da, here):
    assert da("catalog", "status").code == 1
    da("catalog", "sync")
    done = da("catalog", "status")
    assert (done.code, done.out.split(":")[0]) == (0, "fresh")
    here.write("metrics/revenue/mrr.yml", "name: [")
    here.commit()
    assert da("catalog", "status", "--json").json["state"] == "behind"
    da("catalog", "sync")
    done = da("catalog", "status", "--json")
    assert (done.code, done.json["state"], done.json["stale"]) == (1, "degraded", 1)


def test_a_rebuild_gives_the_same(da, here):
    before = da("metrics", "list", "--json").json
    assert da("catalog", "rebuild").code == 0
    assert da("metrics", "list", "--json").json == before


def test_a_preview_of_the_working_tree_is_not_in_force(da, here):
    da("catalog", "sync")
    here.write("metrics/revenue/new.yml", metric_yaml("new"))
    preview = Path(da("catalog", "sync", "--worktree").out.strip())
    assert preview != Path(da("catalog", "path").out.strip())
    with duckdb.connect(str(preview), read_only=True) as connection:
        committed = connection.execute("SELECT committed FROM snapshot_info").fetchall()
    assert committed == [(False,)]
