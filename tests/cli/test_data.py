"""`da data`."""

from __future__ import annotations

import pytest

from tests.numbers.conftest import define, total, work, write_orders

__all__ = ["work"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "work" / "data" / "parquet"
    folder.mkdir(parents=True)
    (folder / "orders.parquet").write_bytes(b"12345678")
    monkeypatch.chdir(tmp_path / "work")
    return folder


def test_a_snapshot_is_taken_listed_and_removed(da, data):
    assert da("data", "snapshot", "before").out == "Pinned 1 table(s) as before\n"
    assert da("data", "list").out.split()[0] == "before"
    assert da("data", "remove", "before").out == "Removed before\n"
    assert da("data", "list").out == "No data snapshots; take one with: da data snapshot\n"


def test_json_says_where_it_is_and_what_is_in_it(da, data):
    taken = da("data", "snapshot", "before", "--json").json
    assert taken["is_new"]
    assert taken["folder"] == str(data.parent / "snapshots" / "before")
    assert taken["tables"]["orders"]["size_bytes"] == taken["size_bytes"] == 8
    assert da("data", "list", "--json").json == [
        {key: value for key, value in taken.items() if key != "is_new"}
    ]


def test_nothing_new_is_said(da, data):
    first = da("data", "snapshot").out.split()[-1]
    assert da("data", "snapshot").out == f"Nothing has changed since {first}\n"


def test_data_elsewhere_have_their_own(da, data, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "users.parquet").write_bytes(b"")
    da("data", "snapshot", "theirs", "--data", other)
    assert (other / "snapshots/theirs/users.parquet").exists()
    assert da("data", "list", "--json").json == []


def test_a_damaged_one_is_named(da, data):
    da("data", "snapshot", "bad")
    (data.parent / "snapshots/bad/manifest.json").unlink()
    done = da("data", "list", "--json")
    assert (done.json, done.err) == (
        [],
        "note: bad is damaged; delete it with: da data remove bad\n",
    )


def test_without_data_it_says_where_it_looked(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = da("data", "snapshot")
    assert done.code == 1
    assert done.err.startswith("error: no data: ")


def test_a_snapshot_is_data_by_its_name_and_by_its_folder(da, work, monkeypatch):
    monkeypatch.chdir(work.path)
    define(work, total())
    da("data", "snapshot", "before")
    write_orders(work.path / "data/parquet", "(DATE '2025-01-05', 'eu', 1, 0.5)")
    options = ("metrics", "run", "revenue/total", "--format", "csv", "--data")
    old = "month,total\n2025-01-01,30\n2025-02-01,12\n"
    for data in ("before", "data/snapshots/before", work.path / "data/snapshots/before"):
        assert da(*options, data).out == old
    assert da(*options, "data/parquet").out == "month,total\n2025-01-01,1\n"
    (work.path / "data/snapshots/before/orders.parquet").write_bytes(b"")
    for data in ("before", "data/snapshots/before"):
        assert "before is damaged: orders.parquet" in da(*options, data).err
