"""Profiling the data on this machine."""

from __future__ import annotations

import json

import pytest

from agnes.errors import NotFoundError
from agnes.profile import Profiles
from agnes.profiling.at_hand import profile_tables, read_profiles, write_profiles
from agnes.sync.reading import open_snapshot
from tests.queries.conftest import write_parquet


@pytest.fixture
def snapshot(catalog):
    catalog.write("tables/odd.yml", "id: odd\n")
    catalog.write("tables/bare.yml", "id: bare\n")
    catalog.commit()
    with open_snapshot(catalog.path) as snapshot:
        yield snapshot


@pytest.fixture
def files(tmp_path):
    write_parquet(tmp_path / "orders.parquet", "SELECT DATE '2026-01-01' AS month, 1.5 AS amount")
    (tmp_path / "odd.parquet").write_bytes(b"PAR1")
    return {name: [tmp_path / f"{name}.parquet"] for name in ("orders", "odd", "unregistered")}


def test_a_table_that_cannot_be_read_does_not_stop_the_others(snapshot, files, tmp_path):
    told = []
    made = profile_tables(
        snapshot, files, Profiles(tmp_path / "p"), advance=lambda *n: told.append(n)
    )

    assert made.profiles.keys() == {"orders"}
    assert made.failed.keys() == {"odd"}
    assert str(tmp_path) not in made.failed["odd"].message
    assert made.without == ["bare"]
    assert told == [(1, 2), (2, 2)]
    assert made.profiles["orders"]["columns"][1]["basetype"] == "NUMERIC"
    assert [it["name"] for it in made.profiles["orders"]["used_by_metrics"]] == ["arr", "mrr"]


def test_a_table_that_is_not_registered_is_an_error_with_the_nearest(snapshot, files, tmp_path):
    with pytest.raises(NotFoundError) as error:
        profile_tables(snapshot, files, Profiles(tmp_path / "p"), ["order"])
    assert "orders" in (error.value.hint or "")


def test_a_file_of_profiles_has_all_that_there_are_and_nothing_older(snapshot, files, tmp_path):
    path, profiles = tmp_path / "profiles.json", Profiles(tmp_path / "p")
    path.write_text('{"tables": {"gone": {}, "orders": {"sample": "canary"}}}')
    profile_tables(snapshot, files, profiles)
    write_profiles(path, snapshot, profiles)

    assert read_profiles(path).keys() == {"orders"}
    assert "canary" not in path.read_text()
    assert json.loads(path.read_text()).keys() == {"generated_at", "version", "tables"}


@pytest.mark.parametrize("content", [None, "", "[]", '{"tables": []}', "{}"])
def test_what_is_no_file_of_profiles_has_none(tmp_path, content):
    path = tmp_path / "profiles.json"
    if content is not None:
        path.write_text(content)
    assert read_profiles(path) == {}
