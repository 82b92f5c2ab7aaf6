"""Whether numbers are what a test says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.compute.numbers import Numbers
from agnes.errors import AgnesError
from agnes.model.metric_test import MetricTest
from agnes.numbers.verdict import judge
from agnes.sandbox import Result

JANUARY, FEBRUARY, MARCH = (date(2025, month, 1) for month in (1, 2, 3))
NOON = datetime(2025, 3, 1, 12)  # noqa: DTZ001  (a TIMESTAMP has no time zone)


def numbers(values, *dimensions: str, column: str | None = "month") -> Numbers:
    return Numbers(column, dimensions, "mrr", values, Result((), (), False))


def verdict(values, grain="monthly", dimensions=(), column="month", **test):
    return judge(MetricTest(**test), numbers(values, *dimensions, column=column), grain)


@pytest.mark.parametrize(
    ("value", "equals", "passed"),
    [
        (Decimal("118213.40"), 118213.4, True),
        (Decimal("118213.41"), 118213.4, False),
        (Decimal("2000000000.01"), 2000000000.02, False),  # exact, however large
        (5, 5.0, True),
        (0.1 + 0.2, 0.3, True),  # floats are never exact
        (0.31, 0.3, False),
        (None, 0, False),
        ("5", 5, False),
        (True, 1, False),
        (float("nan"), 0, False),
        (float("inf"), 0, False),
    ],
)
def test_a_value_is_compared_exactly_unless_it_is_a_float(value, equals, passed):
    found = verdict({(MARCH,): value}, period="2025-03", equals=equals)
    assert found.passed is passed


@pytest.mark.parametrize(("tolerance", "passed"), [(0.1, True), (0.05, True), (0.049, False)])
def test_a_tolerance_is_a_share_of_what_is_expected(tolerance, passed):
    found = {(MARCH,): Decimal("-105")}
    assert verdict(found, period="2025-03", equals=-100, tolerance=tolerance).passed is passed


@given(st.decimals(-1000, 1000, places=2), st.decimals(-1000, 1000, places=2))
def test_between_includes_its_ends_and_nothing_beyond(one, other):
    low, high = sorted([one, other])
    test = {"period": "2025-03", "between": [float(low), float(high)]}
    for value, passed in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
        assert verdict({(MARCH,): value}, **test).passed is passed


@pytest.mark.parametrize(
    ("before", "now", "passed", "got"),
    [
        (100, 110, True, "+10%: 100, then 110"),
        (100, 90, True, "-10%: 100, then 90"),
        (Decimal("100"), Decimal("110.01"), False, "+10.01%: 100, then 110.01"),
        (-100, -111, False, "-11%: -100, then -111"),
        (0, 0, True, "0, then 0"),
        (0, 1, False, "0, then 1"),
        (None, 1, False, "null, then 1"),
        (1, None, False, "1, then null"),
    ],
)
def test_a_change_is_a_percentage_of_the_period_before(before, now, passed, got):
    values = {(FEBRUARY,): before, (MARCH,): now}
    found = verdict(values, period="2025-03", change_within="10%")
    assert (found.passed, found.expected) == (passed, "10% at most from 2025-02-01")
    assert found.got == got


def test_the_period_before_is_that_of_the_grain():
    values = {(date(2024, 10, 1),): 1, (date(2024, 12, 1),): 9, (JANUARY,): 1}
    assert verdict(values, "quarterly", period="2025-Q1", change_within="0%").passed


def test_periods_may_be_moments_of_time():
    found = verdict({(NOON,): 5}, period="2025-03", equals=5)
    assert found.passed


def test_a_row_that_is_not_there_fails_and_says_which_are():
    found = verdict({(JANUARY,): 1, (FEBRUARY,): 2}, period="2025-03", equals=5)
    assert (found.passed, found.expected) == (False, "5")
    assert found.got == "no row (there is 2025-01-01 to 2025-02-01)"
    assert verdict({}, period="2025-03", equals=5).got == "no row (the query gives none)"


PARTS = {(MARCH, "pro", None): 5, (MARCH, "free", 7): 6, (FEBRUARY, "pro", None): 1}


@pytest.mark.parametrize(
    ("where", "equals"), [({"plan": "pro", "seats": None}, 5), ({"seats": 7, "Plan": "free"}, 6)]
)
def test_a_part_is_found_by_its_values(where, equals):
    test = {"period": "2025-03", "where": where, "equals": equals}
    assert verdict(PARTS, dimensions=("plan", "seats"), **test).passed


def test_a_part_that_is_not_there_fails_and_says_which_are():
    test = {"period": "2025-03", "where": {"plan": "team", "seats": 7}, "equals": 5}
    found = verdict(PARTS, dimensions=("plan", "seats"), **test)
    assert found.got == "no row (there is free 7, pro null)"


def test_a_query_without_periods_has_one_value():
    assert verdict({(): 5}, column=None, equals=5).passed


@pytest.mark.parametrize(
    ("values", "column", "test", "reason"),
    [
        ({(): 5}, None, {"period": "2025-03"}, "gives no column of dates"),
        ({(MARCH,): 5}, "month", {}, "gives a row for each month"),
        (
            {(NOON + timedelta(hours=hours),): 5 for hours in (1, 2)},
            "month",
            {"period": "2025-03"},
            "gives 2 rows for 2025-03-01",
        ),
        ({(MARCH,): 5}, "month", {"period": "2025-Q1"}, "is no monthly period"),
    ],
)
def test_numbers_without_what_a_test_names_cannot_be_judged(values, column, test, reason):
    with pytest.raises(AgnesError, match=reason):
        judge(MetricTest(**test, equals=5), numbers(values, column=column), "monthly")


def test_before_the_first_period_of_all_there_is_none():
    with pytest.raises(AgnesError, match="no period before 0001-01-01"):
        verdict({(date.min,): 5}, "yearly", period="0001", change_within="10%")
