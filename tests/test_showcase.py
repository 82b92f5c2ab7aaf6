"""The server to try."""

from __future__ import annotations

from datetime import date

import duckdb

from agnes.profile import Profiles
from agnes.showcase import show_catalog, show_data, show_profiles


def test_the_data_end_with_the_last_month_so_that_there_is_a_last_quarter(tmp_path):
    assert show_data(tmp_path, date(2028, 3, 29)) == 10
    found = duckdb.sql(
        f"SELECT min(start_date), max(start_date) FROM '{tmp_path}/parquet/subscriptions.parquet'"
    ).fetchall()
    [(first, last)] = found
    assert first >= date(2026, 3, 1)
    assert date(2028, 2, 1) <= last <= date(2028, 2, 29)


def test_the_sample_data_are_profiled_once(tmp_path):
    data, told = tmp_path / "data", []
    catalog = show_catalog(tmp_path / "catalog")
    show_data(data, date(2028, 3, 29))
    show_profiles(catalog, data, lambda done, total: told.append((done, total)))
    assert told[-1] == (10, 10)
    first = Profiles(data / "profiles").read("orders")
    assert first is not None
    show_profiles(catalog, data, lambda _done, _total: None)
    assert Profiles(data / "profiles").read("orders") == first
