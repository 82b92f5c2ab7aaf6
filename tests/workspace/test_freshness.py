"""How old a workspace is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agnes.workspace.freshness import advice, age, freshness, synced_at, workspace_here
from agnes.workspace.layout import Workspace


def synced(**ago: float) -> dict[str, str]:
    return {"synced_at": (datetime.now(UTC) - timedelta(**ago)).isoformat()}


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    found = Workspace(tmp_path)
    found.metadata_dir.mkdir(parents=True)
    found.claude_md.write_text("# Acme — AI Data Analyst\n")
    return found


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (synced(minutes=1), "fresh"),
        (synced(hours=23), "fresh"),
        (synced(hours=-1), "fresh"),
        (synced(hours=25), "stale"),
        (synced(hours=48), "stale"),
        ({}, "missing"),
        ({"synced_at": ""}, "missing"),
        ({"synced_at": None}, "missing"),
        ({"synced_at": "yesterday"}, "missing"),
    ],
)
def test_up_to_a_day_it_is_fresh(state, word):
    assert freshness(state) == word


@pytest.mark.parametrize("content", ["", "no json", "[1]", "\xff"])
def test_what_cannot_be_read_is_missing(workspace, content):
    workspace.last_sync.write_bytes(content.encode("latin-1"))

    assert freshness(workspace.state()) == "missing"


def test_a_time_without_a_zone_is_utc():
    assert synced_at({"synced_at": "2026-01-31T10:00:00"}) == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert synced_at({"synced_at": "2026-01-31T10:00:00Z"}) == datetime(2026, 1, 31, 10, tzinfo=UTC)


def test_its_age_is_told_in_hours_then_in_days():
    assert age(synced(hours=1)) is None
    assert "25 hours old" in age(synced(hours=25.5))
    assert "3 days old" in age(synced(days=3.5))


def test_a_newer_catalog_at_the_server_is_told():
    assert age(synced(hours=1) | {"commit": "a", "announced_commit": "a"}) is None
    assert "newer catalog" in age(synced(hours=1) | {"commit": "a", "announced_commit": "b"})


def test_the_advice_names_a_command(workspace):
    assert advice(str(workspace.root)) is None
    workspace.claude_md.unlink()
    assert advice(str(workspace.root)) == "there is no CLAUDE.md, make it: da analyst setup"


def test_a_workspace_is_found_from_within_or_named(workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "data")
    assert workspace_here() is None
    workspace.last_sync.write_text("{}")
    assert workspace_here() == workspace
    monkeypatch.setenv("DA_LOCAL_DIR", "/elsewhere")
    assert str(workspace_here().root) == "/elsewhere"


def test_from_a_folder_that_is_gone_there_is_none(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert workspace_here() is None
