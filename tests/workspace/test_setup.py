"""`da analyst setup`, from an empty folder to a workspace."""

from __future__ import annotations

import io
import json
import sys
import threading

import duckdb
import pytest

from agnes.config import client as config
from agnes.workspace.layout import Workspace
from tests.api.conftest import PASSWORD, Running
from tests.workspace.between import Reply
from tests.workspace.conftest import put


def test_an_empty_folder_becomes_a_workspace_in_eight_steps(da, stocked, place):
    token = stocked.token("ada@example.com")
    done = da("analyst", "setup", "--server-url", stocked.url, "--token", token)

    assert done.code == 0, done.out + done.err
    lines = done.out.splitlines()
    assert [line[:5] for line in lines[:8]] == [f"[{n}/8]" for n in range(1, 9)]
    assert lines[-1] == "Setup complete. 2 tables, 2 metrics, 5003 rows."
    assert "ada@example.com (analyst)" in lines[1]
    assert lines[4] == "[5/8] Data: 2 tables downloaded, 0 already here"
    for folder in ("data/parquet", "data/duckdb", "data/metadata", "user/artifacts", ".claude"):
        assert (place.root / folder).is_dir()
    assert place.sessions.is_dir()
    assert place.is_initialized
    assert {path.name for path in place.parquet_dir.iterdir()} == {
        "orders.parquet",
        "in.c-crm.company.parquet",
    }
    assert json.loads(place.metrics.read_text())["count"] == 2
    assert json.loads(place.schema.read_text())["count"] == 2
    assert "tables" in json.loads(place.profiles.read_text())
    with duckdb.connect(str(place.database), read_only=True) as connection:
        assert connection.execute('SELECT count(*) FROM "in.c-crm.company"').fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM metric_definitions").fetchone() == (2,)
    state = place.state()
    assert state["server"] == stocked.url
    assert place.snapshot(state["commit"]).is_file()
    assert state["announced_commit"] == state["commit"]


def test_data_come_while_the_catalog_does(set_up, middle, place):
    data, catalog = threading.Event(), threading.Event()

    def wait_for_data(reply: Reply) -> None:
        assert data.wait(20)
        catalog.set()

    middle.spoil("/api/catalog/snapshot", wait_for_data)
    middle.spoil("/api/data/orders/download", lambda _: data.set())
    done = set_up()
    assert done.code == 0, done.out + done.err
    assert catalog.is_set()
    assert [line[:5] for line in done.out.splitlines()[:8]] == [f"[{n}/8]" for n in range(1, 9)]


def test_the_token_is_kept_for_its_owner_alone_and_never_in_the_workspace(da, stocked, place):
    token = stocked.token("ada@example.com")
    assert da("analyst", "setup", "--server-url", stocked.url, "--token", token).code == 0

    assert config.token_file().stat().st_mode & 0o777 == 0o600
    assert config.login(stocked.url).token == token
    for path in place.root.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_a_password_comes_from_stdin(da, stocked: Running, place, monkeypatch):
    stocked.instance.state.users.create("eve@example.com", password=PASSWORD)
    options = ("--server-url", stocked.url, "--email", "eve@example.com", "--password-stdin")
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong\n"))
    done = da("analyst", "setup", *options)
    assert done.code == 1
    assert "Authentication failed" in done.err
    assert not place.parquet_dir.exists()

    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
    done = da("analyst", "setup", *options)
    assert done.code == 0, done.err
    assert config.login(stocked.url).email == "eve@example.com"


def test_who_is_signed_in_already_is_not_asked_again(da, stocked, place):
    token = stocked.token("ada@example.com")
    assert da("auth", "login", "--server-url", stocked.url, "--token", token).code == 0
    assert da("analyst", "setup").code == 0


def test_without_a_terminal_the_error_names_the_options(da, stocked, place):
    done = da("analyst", "setup")
    assert (done.code, "--server-url" in done.err) == (2, True)
    done = da("analyst", "setup", "--server-url", stocked.url)
    assert (done.code, "--email" in done.err, "--token" in done.err) == (2, True, True)
    done = da("analyst", "setup", "--server-url", stocked.url, "--email", "ada@example.com")
    assert (done.code, "--password-stdin" in done.err) == (2, True)


def test_a_token_that_nobody_knows_is_named_so(da, stocked, place):
    done = da("analyst", "setup", "--server-url", stocked.url, "--token", "agnes_pat_nonsense")
    assert done.code == 1
    assert "Authentication failed" in done.err
    assert not config.token_file().exists()


def test_a_server_that_is_not_there_is_named_before_anything_is_asked(da, place):
    done = da("analyst", "setup", "--server-url", "http://127.0.0.1:9")
    assert done.code == 1
    assert "Cannot reach" in done.err
    assert list(place.root.iterdir()) == []


def test_a_workspace_is_not_set_up_twice_and_nothing_is_asked_of_the_network(da, place):
    place.claude_md.write_text("# Acme — AI Data Analyst\n")
    done = da("analyst", "setup", "--server-url", "http://127.0.0.1:9")
    assert done.code == 1
    assert "--force" in done.err
    assert "da sync" in done.err


def test_force_starts_over_and_leaves_what_is_the_analysts(da, ready, place):
    place.local_md.write_text("My own notes\n")
    (place.artifacts / "report.md").write_text("Findings\n")
    (place.sessions / "one.jsonl").write_text("{}\n")
    place.parquet("orders").write_bytes(b"damaged")
    stray = place.parquet_dir / "stray.parquet"
    stray.write_bytes(b"PAR1")
    place.claude_md.write_text("# AI Data Analyst, spoiled")

    done = da("analyst", "setup", "--force")

    assert done.code == 0, done.err
    assert "1 tables downloaded, 1 already here" in done.out
    assert done.out.splitlines()[-1] == "Setup complete. 2 tables, 2 metrics, 5003 rows."
    assert place.local_md.read_text() == "My own notes\n"
    assert (place.artifacts / "report.md").read_text() == "Findings\n"
    assert (place.sessions / "one.jsonl").exists()
    assert not stray.exists()
    assert "spoiled" not in place.claude_md.read_text()


def test_another_folder_can_be_named(da, stocked, place, tmp_path):
    there = tmp_path / "there"
    options = ("--token", stocked.token("ada@example.com"), "--workspace", there)
    options += ("--sync-interval", "2 days")
    assert da("analyst", "setup", "--server-url", stocked.url, *options).code == 0
    assert "2 days" in Workspace(there).claude_md.read_text()
    assert list(place.root.iterdir()) == []


def test_a_rerun_downloads_nothing_that_is_there(da, ready, place):
    before = place.parquet("orders").stat()
    place.claude_md.unlink()  # as if it had been interrupted before that
    place.last_sync.unlink()
    done = da("analyst", "setup")
    assert "0 tables downloaded, 2 already here" in done.out
    assert place.parquet("orders").stat() == before


@pytest.mark.parametrize("json", [False, True])
def test_the_status_says_how_it_is(da, ready, place, json):
    done = da("analyst", "status", *(["--json"] if json else []))
    assert done.code == 0
    if not json:
        assert "freshness" in done.out
        assert "yes" in done.out
        return
    assert done.json["initialized"] is True
    assert done.json["freshness"] == "fresh"
    assert done.json["parquet_tables"] == 2
    assert done.json["workspace"] == str(place.root)


def test_the_status_of_an_empty_folder(da, place):
    found = da("analyst", "status", "--json").json
    assert (found["initialized"], found["freshness"], found["last_sync"]) == (
        False,
        "missing",
        "never",
    )
    assert "no" in da("analyst", "status").out


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2020-01-01T00:00:00+00:00", "stale"), ("yesterday", "missing"), ("", "missing")],
)
def test_freshness_is_a_day(da, ready, place, text, expected):
    place.last_sync.write_text(json.dumps({"synced_at": text}))
    assert da("analyst", "status", "--json").json["freshness"] == expected


def test_an_account_for_finance_sees_more(da, stocked, place):
    token = stocked.token("fin@example.com", "analyst", ("finance",))
    put(stocked, "salaries", rows=7)
    done = da("analyst", "setup", "--server-url", stocked.url, "--token", token)
    assert done.out.splitlines()[-1] == "Setup complete. 3 tables, 2 metrics, 5010 rows."


def test_on_a_terminal_a_wrong_password_is_asked_for_again(da, stocked, place, monkeypatch):
    stocked.instance.state.users.create("eve@example.com", password=PASSWORD)
    options = ("--server-url", stocked.url, "--email", "eve@example.com")
    typed = iter(["wrong", PASSWORD])
    monkeypatch.setattr("agnes.cli.sign_in.read_secret", lambda *_, **__: next(typed))
    done = da("analyst", "setup", *options)
    assert done.code == 0
    assert "Invalid email or password; try again" in done.err


def test_an_empty_stdin_is_no_password(da, stocked, place, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    options = ("--server-url", stocked.url, "--email", "ada@example.com", "--password-stdin")
    done = da("analyst", "setup", *options)
    assert done.code == 2
    assert "Password: there is none on stdin" in done.err
