"""`da init` and `da demo-data`."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_init_makes_a_catalog_that_is_in_order(da, tmp_path):
    done = da("init", "numbers")
    assert done.code == 0, done.err
    assert "12 metrics" in done.out
    folder = tmp_path / "numbers"
    git = ["git", "-C", str(folder)]
    status = subprocess.run(
        [*git, "status", "--porcelain", "--branch"], capture_output=True, check=True
    )
    assert status.stdout == b"## main\n"
    assert (folder / ".github" / "workflows" / "agnes.yml").is_file()
    assert (folder / ".pre-commit-config.yaml").is_file()
    assert da("metrics", "validate", folder).code == 0
    assert da("catalog", "status", "--catalog", folder).code == 0


def test_init_refuses_a_folder_that_is_not_empty(da, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = da("init")
    assert done.code == 1
    assert "not empty" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_init_as_json_says_where_it_is(da, tmp_path):
    found = da("init", "numbers", "--json").json
    assert found["path"] == str(tmp_path / "numbers")
    assert found["metrics"] == 12


def test_demo_data_is_written_for_every_table_of_the_starter_pack(da, tmp_path):
    da("init", "numbers")
    rows = da("demo-data", "data", "--json").json
    tables = {path.stem for path in (tmp_path / "numbers" / "tables").glob("*.yml")}
    assert rows.keys() == tables
    assert {path.stem for path in (tmp_path / "data").glob("*.parquet")} == tables


def test_demo_data_that_cannot_be_written_is_an_error(da, tmp_path):
    (tmp_path / "file").write_text("")
    done = da("demo-data", "file/data")
    assert done.code == 1
    assert "cannot write" in done.err
