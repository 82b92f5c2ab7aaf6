"""Queries that read what other queries give."""

from __future__ import annotations

import duckdb
import pytest

from agnes.sql.gate import read_query
from agnes.sql.results import reading

MRR = "SELECT 1 AS month, -5 AS mrr UNION ALL SELECT 2, 7;  -- in dollars; net"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT month FROM mrr WHERE mrr < 0",
        "FROM mrr SELECT month WHERE mrr < 0; -- none",
        "WITH low AS (FROM mrr WHERE mrr < 0) SELECT month FROM low ORDER BY month -- none",
        "SELECT ';' AS a, month FROM MRR WHERE mrr < 0 ;;",
    ],
)
def test_a_name_stands_for_the_rows_of_its_query(sql):
    made = reading(sql, {"mrr": MRR})
    assert duckdb.sql(made).fetchall()[0][-1] == 1
    assert read_query(made).reads == []


def test_without_names_a_query_stays_as_it_is():
    assert reading("SELECT 1; -- one", {}) == "SELECT 1; -- one"
