"""`da setup`: from a server that was just started to one that is used."""

from __future__ import annotations

import io
import sys

import pytest

from agnes.config import client as config
from tests.remote.conftest import sign_in


@pytest.fixture
def fresh(server, tmp_path, monkeypatch):
    """A server without users, and a machine that knows none."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    return server


def test_the_way_from_a_fresh_server_to_an_admin(da, fresh, monkeypatch):
    done = da("setup", "init", "--server-url", fresh.url)
    assert done.out.splitlines() == [
        f"Config saved to {config.config_dir() / 'config.yaml'}",
        "Next: da setup test-connection",
    ]

    done = da("setup", "test-connection")
    assert done.out.splitlines()[0] == "Server: healthy"
    assert "  duckdb_state: ok" in done.out.splitlines()
    assert da("setup", "test-connection", "--json").json["status"] == "healthy"

    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    done = da("setup", "bootstrap", "--email", "ada@example.com", "--password-stdin")
    assert done.out.splitlines() == [
        f"Made ada@example.com the admin of {fresh.url}, and signed in",
        "Next: da setup first-sync",
    ]
    assert config.login(fresh.url).role == "admin"
    assert da("status", "--json").json["email"] == "ada@example.com"

    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    again = da("setup", "bootstrap", "--email", "eve@example.com", "--password-stdin")
    assert again.code == 1
    assert "already exist" in again.err


def test_without_a_terminal_the_password_comes_from_stdin(da, fresh, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    done = da("setup", "bootstrap", "--email", "a@example.com", "--server-url", fresh.url)

    assert done.code == 2
    assert "--password-stdin" in done.err


def test_a_connection_that_fails_is_told(da, fresh):
    done = da("setup", "test-connection", "--server-url", "http://127.0.0.1:1")

    assert done.code == 1
    assert "Cannot reach" in done.err


def test_data_is_brought_in_and_the_whole_is_verified(da, away):
    folder = away.instance.data_dir / "imports"
    folder.mkdir()
    (folder / "orders.csv").write_text("month,amount\n2026-01-01,5\n")
    text = "id: orders\nsource_type: local\nsource_table: orders.csv\n"
    away.commit({"tables/orders.yml": text})

    assert da("setup", "first-sync").out.splitlines() == [
        "Sync triggered: 1 table(s)",
        "Next: da setup verify",
    ]
    assert da("setup", "verify").out.splitlines() == [
        "[PASS] Health: healthy",
        "[PASS] Metrics: 2 metrics",
        "[PASS] Data: 1 tables",
        "[PASS] Users: 1 users",
        "All checks passed: the instance is ready",
    ]


def test_a_table_that_fails_is_named(da, away):
    away.commit({"tables/lost.yml": "id: lost\nsource_type: local\nsource_table: /none.csv\n"})

    done = da("setup", "first-sync")

    assert done.code == 1
    assert "lost: " in done.out


def test_what_is_not_there_yet_fails_verification(da, away):
    done = da("setup", "verify", "--json")

    assert done.code == 1
    assert done.json["passed"] is False
    assert {"name": "Data", "passed": False, "detail": "0 tables"} in done.json["checks"]


def test_who_is_no_admin_cannot_trigger(da, away):
    sign_in(away, "viewer")

    done = da("setup", "first-sync")

    assert done.code == 1
    assert "Admin access required" in done.err
