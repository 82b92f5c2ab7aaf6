"""Profiles in files."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agnes.errors import NotFoundError
from agnes.profile import Profiles, Subject, profile_changed_tables
from tests.queries.conftest import write_parquet


@pytest.fixture
def profiles(tmp_path) -> Profiles:
    return Profiles(tmp_path / "profiles")


def test_a_profile_is_kept(profiles, table):
    assert profiles.read("t") is None
    made = profiles.refresh(table("SELECT 1 AS a"))

    assert profiles.read("t") == made


def test_the_same_data_are_not_profiled_again_and_others_are(profiles, table):
    subject = table("SELECT 1 AS a, 2 AS b")
    first = profiles.refresh(subject)
    (file,) = subject.files
    at = file.stat().st_mtime_ns

    stored = json.dumps(first | {"generated_at": "long ago"})
    (profiles._folder / "t.json").write_text(stored)
    assert profiles.refresh(subject)["generated_at"] == "long ago"
    assert profiles.refresh(replace(subject, pii=frozenset("a")))["generated_at"] != "long ago"
    write_parquet(file, "SELECT 3 AS a")
    assert file.stat().st_mtime_ns != at
    assert profiles.refresh(subject)["column_count"] == 1


def test_a_hash_that_is_known_is_taken(profiles, table):
    assert profiles.refresh(table("SELECT 1 AS a", hash="md5:1"))["hash"] == "md5:1"


def test_a_column_that_became_personal_is_not_shown_from_an_older_profile(profiles, table):
    profiles.refresh(table("SELECT 'canary' AS email, 1 AS id"))

    profile = profiles.read("t", pii=["email"])
    assert "canary" not in json.dumps(profile)
    assert profile["columns"][0]["pii"]
    assert profile["sample_rows"] == [{"id": "1"}]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 0}', "\ufeff{}"])
def test_a_file_that_is_no_profile_is_none(profiles, content):
    profiles._folder.mkdir()
    (profiles._folder / "t.json").write_text(content)

    assert profiles.read("t") is None


@pytest.mark.parametrize("name", ["../t", "..", "", "a/b", "t\0", "x" * 300])
def test_a_name_leads_nowhere_else(profiles, table, name, tmp_path):
    profiles.refresh(table("SELECT 1 AS a"))
    (tmp_path / "t.json").write_bytes((profiles._folder / "t.json").read_bytes())

    assert profiles.read(name) is None


def test_a_table_without_data_has_no_profile(profiles, tmp_path):
    for files in ([], [tmp_path / "gone.parquet"]):
        with pytest.raises(NotFoundError):
            profiles.refresh(Subject("t", files))


def test_tables_that_changed_are_profiled_and_the_others_kept(profiles, table, tmp_path):
    profiles.refresh(Subject("other", table("SELECT 1 AS a").files))
    broken = tmp_path / "broken.parquet"
    broken.write_text("no parquet")
    subjects = {
        "t": table("SELECT i FROM range(3) t(i)"),
        "broken": Subject("broken", [broken]),
        "gone": Subject("gone", [tmp_path / "gone.parquet"]),
    }

    counts = profile_changed_tables(profiles, ["broken", "t", "gone", "unknown"], subjects)

    assert counts == {"success": 1, "errors": 1, "skipped": 2}
    assert profiles.read("t")["row_count"] == 3
    assert profiles.read("other")["row_count"] == 1
    assert sorted(file.name for file in profiles._folder.iterdir()) == ["other.json", "t.json"]
    assert profile_changed_tables(profiles, [], {}) == {"success": 0, "errors": 0, "skipped": 0}
