"""What a query does with periods, and for which other ones it says the same."""

from __future__ import annotations

import re

import pytest

from agnes.sql.gate import read_query
from agnes.sql.periods import change_unit, periods_of
from agnes.sql.writing import write

MONTH = "CAST(DATE_TRUNC('month', day) AS DATE) AS month"
CALENDAR = (
    "WITH months AS (SELECT CAST(UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(day)),"
    " DATE_TRUNC('month', MAX(day)), INTERVAL 1 MONTH)) AS DATE) AS month FROM t)"
)


def test_rows_that_are_put_into_periods_have_a_time():
    found = periods_of(read_query(f"SELECT {MONTH}, SUM(a) AS a FROM t GROUP BY month"))
    assert (found.output, found.unit, found.obstacle) == (0, "MONTH", None)
    assert found.time is not None
    assert write(found.time) == "day"


def test_a_calendar_is_put_to_other_periods_with_its_steps_and_ends():
    query = read_query(
        f"{CALENDAR} SELECT months.month, SUM(a) AS a FROM months"
        " JOIN t ON t.day <= LAST_DAY(months.month) GROUP BY months.month"
    )
    found = periods_of(query)
    assert (found.output, found.time, found.obstacle) == (0, None, None)
    change_unit(found, "QUARTER")
    written = " ".join(write(query.tree).split())
    assert "INTERVAL '3' MONTH" in written
    assert "t.day <= CAST(months.month + INTERVAL '3' MONTH - INTERVAL '1' DAY AS DATE)" in written
    assert "'MONTH'" not in written


def test_a_period_that_goes_through_a_cte_is_followed():
    found = periods_of(
        read_query(
            f"WITH one AS (SELECT {MONTH}, user_id FROM t)"
            " SELECT one.month, COUNT(DISTINCT user_id) AS n FROM one GROUP BY one.month"
        )
    )
    assert (found.output, found.time, found.obstacle) == (0, None, None)


def test_the_start_of_the_next_period_may_be_compared_with():
    query = read_query(
        f"{CALENDAR} SELECT m.month, SUM(a) AS a FROM months AS m"
        " JOIN t ON t.day < m.month + INTERVAL 1 MONTH GROUP BY m.month"
    )
    found = periods_of(query)
    assert found.obstacle is None
    change_unit(found, "WEEK")
    assert "m.month + INTERVAL '7' DAY" in write(query.tree)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT SUM(a) AS a FROM t", "none of its columns is a period"),
        ("SELECT STRFTIME(day, '%Y-%m') AS month, SUM(a) FROM t GROUP BY 1", "none of its columns"),
        (f"SELECT {MONTH}, SUM(a) / DAY(LAST_DAY(MIN(day))) FROM t GROUP BY month", "LAST_DAY"),
        (f"SELECT {MONTH}, SUM(a) / EXTRACT(DAY FROM MAX(day)) FROM t GROUP BY month", "EXTRACT"),
        (f"SELECT {MONTH}, SUM(SUM(a)) OVER (ORDER BY 1) FROM t GROUP BY month", "window"),
        (
            f"SELECT {MONTH}, SUM(a) FROM t WHERE paid < day + INTERVAL 1 MONTH GROUP BY month",
            "INTERVAL '1' MONTH",
        ),
        (
            "SELECT DATE_TRUNC('year', day + INTERVAL 3 MONTH) AS year, SUM(a) FROM t GROUP BY 1",
            "fiscal calendar",
        ),
        (
            (
                "WITH m AS (SELECT DATE_TRUNC('month', day) AS month, AVG(a) FROM t GROUP BY 1)"
                " SELECT DATE_TRUNC('year', month) AS year, COUNT(*) FROM m GROUP BY 1"
            ),
            "MONTH and of YEAR|YEAR and of MONTH",
        ),
        (
            (
                f"WITH m AS (SELECT {MONTH}, a FROM t)"
                " SELECT month, SUM(a) FROM m WHERE month > DATE '2024-01-01' GROUP BY month"
            ),
            "calculates with the period",
        ),
        (
            (
                f"WITH m AS (SELECT {MONTH}, a FROM t)"
                " SELECT month, SUM(a) / YEAR(month) FROM m GROUP BY month"
            ),
            "calculates with the period",
        ),
        (f"{CALENDAR} SELECT month, LAST_DAY(month) AS last FROM months", "calculates with"),
        (
            "WITH m(month) AS (SELECT DATE_TRUNC('month', day) FROM t) SELECT month FROM m",
            "none|renames",
        ),
    ],
)
def test_what_depends_on_the_length_of_a_period_stands_in_the_way(sql, reason):
    obstacle = periods_of(read_query(sql)).obstacle
    assert obstacle is not None
    assert re.search(reason, obstacle), obstacle
