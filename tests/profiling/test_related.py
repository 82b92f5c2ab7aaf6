"""Which tables hang together."""

from __future__ import annotations

import pytest

from agnes.profiling.related import related_tables
from tests.queries.conftest import write_parquet

TABLES = [
    {"id": "accounts", "primary_key": "account_id"},
    {"id": "orders", "primary_key": None},
    {"id": "empty", "primary_key": None},
]


@pytest.fixture
def files(tmp_path):
    write_parquet(tmp_path / "accounts.parquet", "SELECT 'A' || i AS account_id FROM range(9) t(i)")
    write_parquet(
        tmp_path / "orders.parquet",
        "SELECT i AS order_id, 'A' || (i % 9) AS account_id, 'B' || i AS old_account_id"
        " FROM range(100) t(i)",
    )
    return {"accounts": [tmp_path / "accounts.parquet"], "orders": [tmp_path / "orders.parquet"]}


def test_a_column_refers_to_a_key_by_its_name_and_its_values(files):
    assert related_tables("orders", TABLES, files) == [
        {
            "table": "accounts",
            "column": "account_id",
            "other_column": "account_id",
            "direction": "refers_to",
            "overlap_pct": 100.0,
        }
    ]


def test_the_other_table_knows_who_refers_to_it(files):
    assert related_tables("accounts", TABLES, files) == [
        {
            "table": "orders",
            "column": "account_id",
            "other_column": "account_id",
            "direction": "referred_by",
            "overlap_pct": 100.0,
        }
    ]


def test_a_table_without_data_hangs_together_with_none(files):
    assert related_tables("empty", TABLES, files) == []


def test_a_file_that_cannot_be_read_is_passed_over(files):
    files["accounts"][0].write_bytes(b"PAR1")
    assert related_tables("orders", TABLES, files) == []
