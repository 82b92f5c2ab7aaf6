"""Commands in a workspace, without a server; and what they say of its age."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from agnes.cli.options import complete_metric
from tests.cli.test_main import HEAVY, imported
from tests.cli.test_output import on_a_terminal
from tests.workspace.making import make_workspace, snapshot_of

OLD = "note: the data and metrics here are 2 days old, get newer ones: da sync\n"


@pytest.fixture
def workspace(catalog, tmp_path, monkeypatch):
    """A workspace, from a folder deep in it; nobody is at the address of the server."""
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("DA_TOKEN", "a-token")
    found = make_workspace(tmp_path / "workspace", catalog.path)
    found.artifacts.mkdir(parents=True)
    monkeypatch.chdir(found.artifacts)
    return found


def note_in(workspace, **more):
    workspace.last_sync.write_text(json.dumps(workspace.state() | more))


def test_metrics_are_listed_shown_found_and_exported(da, workspace):
    for arguments, expected in [
        (("metrics", "list"), "revenue/arr"),
        (("metrics", "show", "revenue/mrr"), "Monthly recurring revenue"),
        (("metrics", "search", "recurring"), "revenue/mrr"),
        (("metrics", "lineage", "revenue/mrr"), "orders"),
        (("metrics", "export"), "Exported 2"),
        (("admin", "metadata", "show", "orders"), "amount"),
        (("admin", "list-tables"), "Registered tables: 1"),
    ]:
        done = da(*arguments)
        assert (done.code, done.err) == (0, ""), arguments
        assert expected in done.out


def test_the_answers_are_those_of_the_catalog(da, workspace, catalog, monkeypatch):
    commands = [
        ("metrics", "list", "--json"),
        ("metrics", "show", "revenue/mrr", "--json"),
        ("metrics", "search", "annual", "--json"),
        ("admin", "metadata", "show", "orders", "--json"),
    ]
    here = [da(*arguments).json for arguments in commands]

    assert here == [da(*arguments, "--catalog", catalog.path).json for arguments in commands]


def test_an_unknown_metric_is_not_found_and_the_nearest_are_named(da, workspace):
    done = da("metrics", "show", "revenue/mr")

    assert done.code == 1
    assert "did you mean: revenue/mrr" in done.err


def test_queries_read_data_and_catalog(da, workspace):
    sql = "SELECT m.id, (SELECT count(*) FROM orders) AS n FROM metric_definitions m ORDER BY 1"

    assert da("query", sql, "--json").json == [
        {"id": "revenue/arr", "n": 7},
        {"id": "revenue/mrr", "n": 7},
    ]


def test_a_catalog_at_hand_comes_first(da, workspace, catalog, monkeypatch):
    other = catalog.path / "workspace"
    workspace.root.rename(other)
    catalog.write("metrics/revenue/mrr.yml", "broken")
    monkeypatch.chdir(other)

    assert da("metrics", "list", "--worktree").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "revenue/mrr"),
        ("diff", "HEAD~1"),
        ("list", "--rev", "HEAD"),
        ("remove", "revenue/mrr"),
    ],
)
def test_what_needs_history_asks_the_server(da, workspace, monkeypatch, arguments):
    done = da("metrics", *arguments)
    assert (done.code, "Cannot reach http://127.0.0.1:9" in done.err) == (1, True)
    monkeypatch.delenv("DA_SERVER")
    done = da("metrics", *arguments)
    assert done.code in (1, 2)
    assert "da auth login --server URL" in done.err
    assert "--catalog PATH" in done.err


def test_a_copy_that_is_damaged_is_got_anew(da, workspace):
    snapshot_of(workspace).write_bytes(b"no database" * 1000)
    done = da("metrics", "list")

    assert done.code == 1
    assert "help: get it anew: da sync" in done.err


@pytest.mark.parametrize("commit", ["../../../etc/passwd", "", None, 5, "0" * 40])
def test_without_a_copy_the_server_is_asked(da, workspace, commit):
    note_in(workspace, commit=commit)

    assert "Cannot reach" in da("metrics", "list").err


def test_who_reads_an_old_copy_is_told_once(da, workspace, catalog, tmp_path):
    state = workspace.state()
    make_workspace(tmp_path / "old", catalog.path, age=timedelta(days=2))
    workspace.last_sync.write_bytes((tmp_path / "old/data/metadata/last_sync.json").read_bytes())

    for arguments in [
        ("metrics", "list"),
        ("metrics", "list", "--json"),
        ("query", "FROM orders"),
        ("explore", "orders"),
    ]:
        assert da(*arguments).err == OLD, arguments
    note_in(workspace, synced_at=state["synced_at"], announced_commit="f" * 40)
    assert "newer catalog" in da("metrics", "show", "revenue/mrr").err


def test_a_person_is_told_whatever_the_command(workspace):
    note_in(workspace, synced_at="2026-01-01T00:00:00Z")
    workspace.claude_md.unlink()
    printed = on_a_terminal("schema", "--help", cwd=workspace.root)
    listed = on_a_terminal("metrics", "list", cwd=workspace.root)
    silent = on_a_terminal("metrics", "list", cwd=workspace.root, DA_ADVICE="0")

    for text in (printed, listed):
        assert text.count("da sync") == text.count("da analyst setup") == 1
    assert "da analyst setup" not in silent
    assert "da analyst setup" not in on_a_terminal("metrics", "list", "--json", cwd=workspace.root)


def test_programs_are_told_when_they_ask(da, workspace, monkeypatch):
    workspace.claude_md.unlink()
    assert da("metrics", "list").err == ""
    monkeypatch.setenv("DA_ADVICE", "1")
    assert "da analyst setup" in da("metrics", "list").err
    assert da("metrics", "list", "--json").err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("metrics", "show", "revenue/mrr"),
        ("metrics", "list", "--json"),
        ("metrics", "search", "recurring revenue"),
        ("admin", "metadata", "show", "orders"),
    ],
)
def test_reading_the_copy_imports_no_library_but_typer_and_duckdb(workspace, arguments):
    assert imported(*arguments, cwd=workspace.root) & HEAVY == set()


def test_diagnose_looks_at_the_workspace_too(da, workspace, monkeypatch):
    note_in(workspace, server="http://127.0.0.1:8")
    workspace.parquet("orders").unlink()
    checks = {check["name"]: check for check in da("diagnose", "--json").json["checks"]}

    assert checks["tables"]["detail"] == "orders is missing"
    assert checks["local catalog"]["status"] == "ok"
    assert checks["server"]["status"] == "fail"
    assert checks["sync"]["remedy"] == "ask that one: da auth login --server http://127.0.0.1:8"
    monkeypatch.delenv("DA_SERVER")
    checks = {check["name"]: check for check in da("diagnose", "--json").json["checks"]}
    assert checks["sync"]["status"] == "warn"
    assert checks["settings"]["status"] == "ok"


def test_what_a_workspace_says_of_its_server_is_but_text(da, workspace):
    note_in(workspace, server="http://\x1b[31mred")
    assert "\x1b" not in da("diagnose").out
    note_in(workspace, server=["http://x"])
    assert da("diagnose", "--json").json["overall"] == "unhealthy"


def test_the_shell_completes_ids_from_the_copy(workspace):
    assert complete_metric("revenue/m") == ["revenue/mrr"]
