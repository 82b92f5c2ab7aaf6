"""`da schema`, and that the schemas are where the files of a catalog say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agnes.model.json_schema import schema_files
from agnes.yaml.dump import dump
from agnes.yaml.loader import load

ROOT = Path(__file__).parents[2]
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_schemas_are_written_and_named(da, tmp_path):
    done = da("schema")

    assert done.code == 0
    assert done.out.split() == [f"schemas/{name}" for name in schema_files()]
    assert content(tmp_path / "schemas") == schema_files()


def test_another_folder_may_be_named_and_what_is_else_in_it_is_kept(da, tmp_path):
    folder = tmp_path / "deep" / "editor"
    folder.mkdir(parents=True)
    (folder / "mine.json").write_text("{}")
    (folder / "metric.schema.json").write_text("old")

    assert da("schema", "--dir", folder).code == 0
    assert content(folder) == schema_files() | {"mine.json": b"{}"}


@pytest.mark.parametrize("name", ["agnes", "index", "metric", "proposal", "table"])
def test_one_schema_is_printed_and_nothing_written(da, tmp_path, name):
    done = da("schema", name)

    assert done.out.encode() == schema_files()[f"{name}.schema.json"]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_schema_is_wrong_usage(da):
    done = da("schema", "metrics")
    assert (done.code, done.out) == (2, "")
    assert "agnes, index, metric, proposal, table" in done.err


@pytest.mark.parametrize("options", [["--check"], ["--dir", "x"]])
def test_printing_one_and_writing_all_exclude_each_other(da, options):
    assert da("schema", "metric", *options).code == 2


def test_check_tells_which_files_are_not_current_and_writes_nothing(da, tmp_path):
    assert da("schema", "--check").code == 1
    assert list(tmp_path.iterdir()) == []
    da("schema")
    assert da("schema", "--check").code == 0

    (tmp_path / "schemas" / "table.schema.json").write_text("{}")
    done = da("schema", "--check")

    assert (done.code, done.out) == (1, "")
    assert "schemas/table.schema.json" in done.err
    assert "metric.schema.json" not in done.err
    assert "da schema --dir schemas" in done.err


def test_a_folder_that_cannot_be_written_is_an_expected_error(da, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = da("schema", "--dir", "file")
    assert done.code == 1
    assert "cannot use file" in done.err


# The line by which editors find a schema


def wanted(path: Path) -> str:
    """The schema of a catalog's file."""
    if path.stem in ("agnes", "metrics"):
        return "agnes.schema.json" if path.stem == "agnes" else "index.schema.json"
    return "table.schema.json" if path.parent.name == "tables" else "metric.schema.json"


@pytest.mark.parametrize("options", [[], ["--empty"]])
def test_every_file_of_a_new_catalog_names_a_schema_that_is_there(da, tmp_path, options):
    assert da("init", "new", *options).code == 0
    assert content(tmp_path / "new" / "schemas") == schema_files()
    check_lines(tmp_path / "new")


def test_every_file_of_the_starter_pack_names_a_schema_that_is_there():
    check_lines(ROOT / "catalog_repo")


def check_lines(catalog: Path) -> None:
    files = [catalog / "agnes.yml", *catalog.glob("metrics/**/*.yml"), *catalog.glob("tables/*")]
    for file in files:
        line = MODELINE.match(file.read_text(encoding="utf-8"))
        assert line, file
        schema = file.parent / line[1]
        assert schema.name == wanted(file)
        assert schema.read_bytes() == schema_files()[schema.name]


def test_the_line_stays_when_a_metric_is_changed(da, tmp_path):
    da("init", "new")
    file = tmp_path / "new" / "metrics" / "revenue" / "mrr.yml"
    before = file.read_text(encoding="utf-8")
    changed = load(before.encode()) | {"unit": "EUR"}
    (tmp_path / "changed.yml").write_bytes(dump(changed))

    assert da("metrics", "add", "--file", "changed.yml", "--catalog", "new").code == 0
    assert file.read_text(encoding="utf-8") == before.replace("unit: USD", "unit: EUR")
