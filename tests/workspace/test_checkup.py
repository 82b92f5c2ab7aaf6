"""What is wrong with a workspace."""

from __future__ import annotations

import json
import subprocess
import sys

import duckdb
import pytest

from agnes.workspace.checkup import checkup
from agnes.workspace.layout import Workspace
from tests.workspace.making import make_workspace, note_on, snapshot_of


@pytest.fixture
def workspace(catalog, tmp_path) -> Workspace:
    return make_workspace(tmp_path / "workspace", catalog.path)


def note_in(workspace, **more):
    workspace.last_sync.write_text(json.dumps(workspace.state() | more))


def wrong(workspace):
    """What is not ok: status, detail and remedy by name."""
    return {
        found.name: (found.status, found.detail, found.remedy)
        for found in checkup(workspace)
        if found.status != "ok"
    }


def test_a_workspace_as_a_sync_leaves_it_is_well(workspace):
    found = {it.name: it.detail for it in checkup(workspace)}

    assert wrong(workspace) == {}
    assert list(found) == ["workspace", "local catalog", "tables", "database", "documents"]
    assert found["local catalog"].startswith("2 metrics and 1 tables of commit ")


def test_one_that_was_never_synced(tmp_path):
    found = wrong(Workspace(tmp_path))

    assert {name: (status, remedy) for name, (status, _, remedy) in found.items()} == {
        "workspace": ("fail", "da sync"),
        "local catalog": ("fail", "da sync"),
        "database": ("fail", "da sync"),
        "documents": ("warn", "delete them if they are there, then da sync"),
    }


def test_an_old_one(workspace):
    note_in(workspace, synced_at="2026-01-01T00:00:00Z")
    status, detail, remedy = wrong(workspace)["workspace"]

    assert (status, remedy) == ("warn", "da sync")
    assert "days old" in detail


def test_one_without_instructions(workspace):
    workspace.claude_md.unlink()

    assert wrong(workspace)["workspace"][2] == "da analyst setup"


def test_files_that_are_missing_damaged_or_cut_off_are_named(workspace):
    files = {name: workspace.parquet(name) for name in ("cut", "flipped", "gone")}
    for file in files.values():
        file.write_bytes(workspace.parquet("orders").read_bytes())
    tables = workspace.state()["tables"] | {name: note_on(it) for name, it in files.items()}
    note_in(workspace, tables=tables | {"../x": {}, "odd": None})
    content = files["cut"].read_bytes()
    files["cut"].write_bytes(content[:-1])
    files["flipped"].write_bytes(b"X" + content[1:])
    files["gone"].unlink()
    status, detail, remedy = wrong(workspace)["tables"]

    assert (status, remedy) == ("fail", "da sync")
    assert detail.split(", ") == [
        f"cut does not have its {len(content)} bytes",
        "flipped is damaged",
        "gone is missing",
        "../x is noted wrongly",
        "odd is noted wrongly",
    ]


def test_many_such_files_are_counted(workspace):
    note_in(workspace, tables={f"t{i}": {} for i in range(8)})

    assert wrong(workspace)["tables"][1].endswith("t4 is missing and 3 more")


def test_a_copy_that_is_damaged(workspace):
    snapshot_of(workspace).write_bytes(b"no database" * 1000)

    assert wrong(workspace)["local catalog"][::2] == ("fail", "da sync")


def test_a_copy_that_somebody_changed(workspace):
    with duckdb.connect(str(snapshot_of(workspace))) as connection:
        connection.execute("UPDATE metric_definitions SET sql = 'SELECT 1'")
    status, detail, remedy = wrong(workspace)["local catalog"]

    assert (status, "was changed" in detail) == ("fail", True)
    assert "delete it" in remedy


def test_a_database_that_cannot_be_opened(workspace):
    workspace.database.write_bytes(b"no database" * 1000)
    status, _, remedy = wrong(workspace)["database"]

    assert (status, remedy) == ("fail", "da sync")


def test_a_database_whose_folder_was_moved(workspace, tmp_path):
    workspace.root.rename(tmp_path / "moved")

    assert "was moved" in wrong(Workspace(tmp_path / "moved"))["database"][1]


def test_a_database_that_somebody_writes_to(workspace):
    path = str(workspace.database)
    code = f"import duckdb; c = duckdb.connect({path!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        found = wrong(workspace)["database"]
        process.communicate("\n")

    assert found[0] == "warn"
    assert f"process {process.pid}" in found[1]


def test_documents_that_cannot_be_read(workspace):
    workspace.metrics.write_text("{")
    workspace.schema.unlink()

    assert "schema.json, metrics.json" in wrong(workspace)["documents"][1]
