"""Tables out of data files."""

from __future__ import annotations

import pytest

from agnes.errors import NotFoundError, UsageError
from agnes.load.pack import table_from_fields
from agnes.tables.infer import id_of, infer_table, infer_tables
from tests.tables.conftest import write_parquet


def test_a_csv_says_its_columns_and_their_base_types(tmp_path):
    path = tmp_path / "Order Items.csv"
    path.write_text(
        "id,zip,amount,rate,ok,day,at\n1,007,10.50,1e3,true,2026-01-31,2026-01-31 10:00\n"
    )
    fields = infer_table(path)
    assert {key: fields[key] for key in ("id", "source_type", "source_table")} == {
        "id": "order_items",
        "source_type": "local",
        "source_table": "Order Items.csv",
    }
    assert {name: column["basetype"] for name, column in fields["columns"].items()} == {
        "id": "INTEGER",
        "zip": "STRING",
        "amount": "NUMERIC",
        "rate": "FLOAT",
        "ok": "BOOLEAN",
        "day": "DATE",
        "at": "TIMESTAMP",
    }
    assert table_from_fields(fields).columns["amount"].basetype == "NUMERIC"


def test_a_parquet_file_says_its_own_types(tmp_path):
    path = write_parquet(
        tmp_path / "orders.parquet",
        "SELECT 1::UTINYINT AS a, 1.5::DECIMAL(9,2) AS b, now() AS c, [1] AS d, 'x' AS e",
    )
    columns = infer_table(path)["columns"]
    assert columns == {
        "a": {"basetype": "INTEGER"},
        "b": {"basetype": "NUMERIC"},
        "c": {"basetype": "TIMESTAMP"},
        "d": {},
        "e": {"basetype": "STRING"},
    }


def test_a_folder_gives_a_table_for_each_data_file(tmp_path):
    (tmp_path / "b.csv").write_text("x\n1\n")
    (tmp_path / "readme.md").write_text("no data")
    write_parquet(tmp_path / "a.parquet")
    assert [fields["id"] for fields in infer_tables(tmp_path)] == ["a", "b"]


def test_what_is_not_there_or_no_data_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match="not found"):
        infer_table(tmp_path / "none.csv")
    with pytest.raises(NotFoundError, match="no data file"):
        list(infer_tables(tmp_path))
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UsageError, match="no data file"):
        infer_table(tmp_path / "a.txt")
    (tmp_path / "a.csv").touch()
    with pytest.raises(UsageError, match="empty"):
        infer_table(tmp_path / "a.csv")


def test_a_name_becomes_an_id():
    assert id_of("  Order  Items ") == "order_items"
