"""Whether answers still hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from agnes.compute.account import answer
from agnes.compute.data import Files
from agnes.compute.engine import DuckDB
from agnes.compute.verify import changes, stale, verify
from agnes.sql.ask import Ask
from tests.compute.conftest import METRICS

REVENUE = METRICS["revenue/total_revenue"]
ROW = REVENUE.model_dump() | {"id": REVENUE.id}


@pytest.fixture(scope="module")
def receipt(engine, demo_tables):
    return answer(engine, ROW, Ask(grain="quarterly", start=date(2025, 1, 1)), Files(demo_tables))[
        1
    ]


def test_the_same_query_on_the_same_data_is_the_same(receipt, engine, demo_tables):
    verdict = verify(receipt, engine, Files(demo_tables), ROW)
    assert verdict.same
    assert (verdict.tampered, verdict.definition, verdict.data, verdict.cells) == ((), (), (), ())


def test_other_data_gives_other_numbers_and_both_are_named(receipt, demo_tables, tmp_path):
    path = tmp_path / "orders.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (total_amount + (order_id = (SELECT MAX(order_id) FROM"
            f" '{demo_tables['orders'][0]}' WHERE status = 'paid' AND order_date >= '2025-10-01'"
            f"))::INT AS total_amount) FROM '{demo_tables['orders'][0]}') TO '{path}'"
        )
    tables = demo_tables | {"orders": [path]}
    with DuckDB(tables) as engine:
        verdict = verify(receipt, engine, Files(tables), ROW)
    assert not verdict.same
    assert verdict.data == ("orders",)
    [cell] = verdict.cells
    assert (cell.row, cell.column) == (4, "total_revenue")
    assert cell.new - cell.old == pytest.approx(1)


def test_data_that_is_gone_fails_and_says_so(receipt, tmp_path):
    with DuckDB({}) as engine:
        verdict = verify(receipt, engine, Files({}), ROW)
    assert not verdict.same
    assert "orders does not exist" in str(verdict.failed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sql": "SELECT 1 AS total_revenue"}, "not the one that its definition gives"),
        ({"rows": [["2025-01-01", 1.0]]}, "rows do not have the hash"),
        ({"row_count": 3}, "another number of rows than it names"),
        ({"definition": "0" * 16}, "definition does not have the hash"),
    ],
)
def test_a_receipt_that_was_altered_contradicts_itself(receipt, engine, demo_tables, change, words):
    verdict = verify(replace(receipt, **change), engine, Files(demo_tables), ROW)
    assert not verdict.same
    assert any(words in it for it in verdict.tampered)


@pytest.mark.parametrize(
    "sql",
    ["COPY orders TO '/tmp/x'", "SELECT * FROM read_text('/etc/passwd')", "DROP TABLE orders"],
)
def test_the_query_of_a_receipt_is_not_trusted(receipt, engine, demo_tables, sql):
    verdict = verify(replace(receipt, sql=sql), engine, Files(demo_tables), ROW)
    assert not verdict.same
    assert verdict.failed


def test_what_changed_in_meaning_is_said_in_words_and_layout_is_no_change(receipt):
    other = ROW | {"sql": REVENUE.sql.replace("status = 'paid'", "status <> 'canceled'")}
    assert list(changes(receipt, other)) == [
        "sql: filter altered (status = 'paid' -> status <> 'canceled')"
    ]
    assert list(changes(receipt, ROW | {"unit": "EUR"})) == ["unit: unit changed (USD -> EUR)"]
    assert list(changes(receipt, ROW | {"sql": f"{REVENUE.sql}\n-- as ever"})) == []
    assert list(changes(receipt, ROW | {"description": "Other words."})) == []
    assert list(changes(receipt, None)) == ["revenue/total_revenue is not there any more"]


def test_only_what_changed_is_stale(receipt):
    assert list(stale([receipt], {REVENUE.id: ROW})) == []
    assert list(stale([receipt], {})) == [(receipt, (f"{REVENUE.id} is not there any more",))]
