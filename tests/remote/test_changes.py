"""`da metrics import`, `add` and `remove` at a server: commits there, by who is signed in."""

from __future__ import annotations

import pytest

from tests.conftest import metric_yaml
from tests.remote.conftest import sign_in


@pytest.fixture
def files(tmp_path):
    """A folder with a metric that is new, one that differs and one that is known."""
    folder = tmp_path / "pack" / "metrics" / "revenue"
    folder.mkdir(parents=True)
    (folder / "new.yml").write_text(metric_yaml("new"))
    (folder / "mrr.yml").write_text(metric_yaml("mrr", unit="EUR"))
    (folder / "arr.yml").write_text(metric_yaml("arr", "Annual recurring revenue"))
    return tmp_path / "pack"


def test_a_pack_is_imported_as_one_commit(da, away, files):
    before = away.instance.serving.edition.commit

    done = da("metrics", "import", files)

    commit = away.instance.serving.edition.commit
    assert done.code == 0
    assert done.out.splitlines() == [
        "+ revenue/new",
        "~ revenue/mrr",
        "  1 unchanged",
        f"Imported 3 metric(s) from {files}",
    ]
    assert f"committed {commit[:10]} on the server's branch" in done.err
    git = away.repository.git
    assert git("rev-parse", "main~1") == before
    assert git("log", "-1", "--format=%ae", "main") == "admin@example.com"
    assert "Agnes-Source: yaml_import" in git("log", "-1", "--format=%B", "main")
    assert da("metrics", "show", "revenue/mrr", "--json").json["unit"] == "EUR"


def test_a_dry_run_changes_nothing_and_says_the_same(da, away, files):
    before = away.instance.serving.edition.commit

    planned = da("metrics", "import", files, "--dry-run", "--json").json

    assert away.instance.serving.edition.commit == before
    assert planned == {
        "dry_run": True,
        "commit": None,
        "added": ["revenue/new"],
        "changed": ["revenue/mrr"],
        "removed": [],
        "unchanged": ["revenue/arr"],
    }
    done = da("metrics", "import", files, "--json").json
    assert {**done, "dry_run": True, "commit": None} == planned
    assert done["commit"] == away.instance.serving.edition.commit


def test_what_is_known_makes_no_commit(da, away, tmp_path):
    text = metric_yaml("arr", "Annual recurring revenue")
    (tmp_path / "arr.yml").write_text(f"category: revenue\n{text}")

    done = da("metrics", "add", "--file", tmp_path / "arr.yml")

    assert done.out.splitlines() == ["  1 unchanged", "Nothing to change; no commit"]
    assert done.err == ""


def test_a_metric_is_removed(da, away):
    assert da("metrics", "remove", "revenue/arr", "--dry-run").out.splitlines() == [
        "- revenue/arr",
        "DRY RUN: nothing was changed",
    ]
    done = da("metrics", "remove", "revenue/arr")

    assert (done.code, done.out) == (0, "- revenue/arr\n")
    assert da("metrics", "show", "revenue/arr").code == 1
    again = da("metrics", "remove", "revenue/arr")
    assert again.code == 1
    assert "Metric 'revenue/arr' not found" in again.err


def test_what_the_server_refuses_is_told_as_in_a_clone(da, away, tmp_path):
    text = metric_yaml("odd").replace("SELECT month,", "SELECT read_text('/etc/passwd'),")
    (tmp_path / "odd.yml").write_text(f"category: revenue\n{text}")

    near = da("metrics", "add", "--file", tmp_path / "odd.yml", "--catalog", away.repository.path)
    far = da("metrics", "add", "--file", tmp_path / "odd.yml")

    assert (far.code, far.err) == (near.code, near.err)
    assert far.code == 1
    assert "metrics/revenue/odd.yml" in far.err


def test_who_may_not_write_is_told(da, away, files):
    sign_in(away, "analyst")

    done = da("metrics", "import", files)

    assert done.code == 1
    assert "error: Admin access required" in done.err


def test_a_database_of_old_is_imported_where_the_catalog_is(da, away, tmp_path, catalog):
    (tmp_path / "all" / "tables").mkdir(parents=True)
    (tmp_path / "all" / "tables" / "extra.yml").write_text("id: extra\n")
    (tmp_path / "all" / "agnes.yml").write_text("name: x\n")

    done = da("metrics", "import", tmp_path / "all")

    assert done.code == 2
    assert "only metrics" in done.err


def test_a_change_may_wait_for_a_review(da, away, files):
    away.commit({"agnes.yml": "name: Test\nwrite_mode: branch\n"})
    before = away.instance.serving.edition.commit

    done = da("metrics", "import", files, "--json").json

    assert away.instance.serving.edition.commit == before
    assert away.repository.git("rev-parse", done["branch"]) == done["commit"]
    text = da("metrics", "remove", "revenue/arr")
    assert "for a review: nothing changed yet" in text.err
    assert da("metrics", "show", "revenue/arr").code == 0
