"""What is made of a canonical query, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from agnes.errors import NotDerivableError
from agnes.sql.ask import Ask, Definition
from agnes.sql.derive import derive

SQL = """\
SELECT CAST(DATE_TRUNC('month', day) AS DATE) AS month, SUM(amount) AS sales
FROM orders WHERE status = 'paid' GROUP BY month ORDER BY month ASC"""
BY_TEAM = SQL.replace("SUM", "COALESCE(team, 'none') AS team, SUM").replace(
    "GROUP BY month", "GROUP BY month, COALESCE(team, 'none')"
)
COLUMNS = {"orders": ["day", "amount", "status", "region", "team", "month"]}
RUNNING = """\
SELECT month, SUM(sales) OVER (ORDER BY month) AS running
FROM (SELECT CAST(DATE_TRUNC('month', day) AS DATE) AS month, SUM(amount) AS sales
      FROM orders GROUP BY 1)"""


def made(sql: str = SQL, says="monthly", **ask):
    definition = Definition(sql, {"team": BY_TEAM}, ["region", "team"], says)
    return derive(definition, Ask(**ask), COLUMNS.__getitem__)


def flat(sql: str) -> str:
    return " ".join(sql.split())


def test_what_is_in_the_file_comes_as_it_is_written():
    assert made().sql == SQL
    assert made(grain="monthly").is_canonical
    assert made(by=("team",)).sql == BY_TEAM


def test_a_range_is_bound_and_its_end_is_the_day_before_which():
    found = made(start=date(2025, 1, 1), end=date(2025, 3, 31))
    assert "day >= $start AND day < $before" in flat(found.sql)
    assert found.parameters == {"start": date(2025, 1, 1), "before": date(2025, 4, 1)}
    assert found.notes == ()


def test_a_period_that_a_range_cuts_is_said():
    [note] = made(start=date(2025, 1, 9)).notes
    assert (
        note
        == "the month of 2025-01-01 is cut by the range at 2025-01-09: its row is of a part of it"
    )


def test_the_column_of_the_period_is_called_what_it_is():
    sql = flat(made(grain="weekly").sql)
    assert sql.startswith("SELECT CAST(DATE_TRUNC('WEEK', day) AS DATE) AS week,")
    assert sql.endswith("GROUP BY week ORDER BY week ASC")


def test_a_dimension_that_the_query_has_already_is_not_added_again():
    sql = SQL.replace("SUM", "region, SUM").replace("GROUP BY month", "GROUP BY month, region")
    found = made(sql, by=("region",), grain="yearly")
    assert flat(found.sql).startswith(
        "SELECT CAST(DATE_TRUNC('YEAR', day) AS DATE) AS year, region, SUM"
    )


def test_a_dimension_is_what_its_variant_says_in_conditions_too():
    found = made(by=("team", "region"), where="team = 'none'")
    assert "COALESCE(orders.team, 'none') = 'none'" in flat(found.sql)
    assert found.notes == ("team is COALESCE(team, 'none') here",)


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        ({"by": ("colour",)}, "colour is none of its dimensions"),
        ({"by": ("team", "team")}, "named twice"),
        ({"start": date(2025, 2, 1), "end": date(2025, 1, 1)}, "is before the start"),
        ({"where": "colour = 'red'"}, "colour is no column of orders"),
        ({"end": date.max}, "too late"),
    ],
)
def test_what_cannot_be_meant_is_refused(ask, reason):
    with pytest.raises(NotDerivableError, match=reason):
        made(**ask)


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        ({"grain": "yearly"}, "window function"),
        ({"by": ("region",)}, "does not aggregate|no table|window"),
        ({"where": "region = 'EU'"}, "does not aggregate|no table|window"),
        ({"start": date(2025, 1, 9)}, "cuts through the month from 2025-01-01 to 2025-01-31"),
    ],
)
def test_a_running_total_is_not_cut(ask, reason):
    with pytest.raises(NotDerivableError, match=reason):
        made(RUNNING, **ask)


def test_whole_periods_of_a_running_total_are_those_of_the_whole():
    found = made(RUNNING, start=date(2025, 1, 1))
    assert flat(found.sql).endswith(") AS numbers WHERE month >= $start ORDER BY month ASC")


OF_RESULTS = {
    "ratios summed": """
        SELECT year, SUM(rate) AS rate FROM (
            SELECT DATE_TRUNC('month', day) AS month, DATE_TRUNC('year', day) AS year,
                AVG(amount) AS rate
            FROM orders GROUP BY ALL)
        GROUP BY 1""",
    "distinct counts rolled up": """
        SELECT quarter, MAX(users) AS users FROM (
            SELECT DATE_TRUNC('quarter', day) AS quarter, COUNT(DISTINCT team) AS users
            FROM orders GROUP BY 1, day)
        GROUP BY 1""",
    "medians of medians": """
        SELECT quarter, MEDIAN(middle) AS middle FROM (
            SELECT DATE_TRUNC('quarter', day) AS quarter, MEDIAN(amount) AS middle
            FROM orders GROUP BY 1, region)
        GROUP BY 1""",
}


@pytest.mark.parametrize("sql", OF_RESULTS.values(), ids=OF_RESULTS)
@pytest.mark.parametrize("ask", [{"by": ("region",)}, {"where": "region = 'EU'"}], ids=str)
def test_results_of_results_are_not_taken_apart(sql, ask):
    with pytest.raises(NotDerivableError):
        made(sql, "quarterly", **ask)


def test_a_grain_that_the_query_does_not_have_is_said():
    with pytest.raises(NotDerivableError, match="periods of a MONTH, and it says weekly"):
        made(says="weekly", grain="yearly")
