"""Answers as files."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from agnes.compute.account import answer, document
from agnes.compute.data import Files
from agnes.compute.files import write_chart, write_parquet
from agnes.sql.ask import Ask
from tests.compute.conftest import METRICS

REVENUE = METRICS["revenue/total_revenue"]
ROW = REVENUE.model_dump() | {"id": REVENUE.id}


@pytest.fixture(scope="module")
def found(engine, demo_tables):
    return document(*answer(engine, ROW, Ask(by=("region",)), Files(demo_tables)))


def test_parquet_has_the_types_of_the_query(found, tmp_path):
    path = tmp_path / "numbers.parquet"
    write_parquet(found, path)
    rows = duckdb.sql(f"FROM '{path}'")
    assert rows.columns == ["month", "region", "total_revenue"]
    assert list(map(str, rows.types)) == ["DATE", "VARCHAR", "DECIMAL(38,2)"]
    assert len(rows) == found["row_count"]
    assert rows.limit(1).fetchall()[0][0] == date(2024, 1, 1)


def test_parquet_of_no_rows_has_columns(found, tmp_path):
    path = tmp_path / "none.parquet"
    write_parquet(found | {"rows": []}, path)
    assert len(duckdb.sql(f"FROM '{path}'").columns) == 3


def test_a_png_is_drawn(found, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "numbers.png"
    write_chart(found, path, "png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_page_has_the_chart_the_receipt_and_the_values_and_trusts_no_text(found, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "numbers.html"
    hostile = {"display_name": "<script>alert(1)</script> $x_{", "unit": "$"}
    write_chart(found | hostile, path, "html")
    page = path.read_text()
    assert "<svg" in page
    assert found["receipt"]["definition"] in page
    assert "<script>" not in page
    assert "http" not in page.partition("</svg>")[2]


def test_a_number_without_periods_is_a_bar(found, tmp_path):
    pytest.importorskip("matplotlib")
    alone = {"period": None, "dimensions": [], "columns": ["total_revenue"], "rows": [[5.0]]}
    write_chart(found | alone, tmp_path / "x.png", "png")
