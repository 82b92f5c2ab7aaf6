"""The server to try."""

from __future__ import annotations

from datetime import date

import duckdb

from agnes.showcase import show_data


def test_the_data_end_with_the_last_month_so_that_there_is_a_last_quarter(tmp_path):
    assert show_data(tmp_path, date(2028, 3, 29)) == 10
    found = duckdb.sql(
        f"SELECT min(start_date), max(start_date) FROM '{tmp_path}/parquet/subscriptions.parquet'"
    ).fetchall()
    [(first, last)] = found
    assert first >= date(2026, 3, 1)
    assert date(2028, 2, 1) <= last <= date(2028, 2, 29)
