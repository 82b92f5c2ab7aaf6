"""The value of one period, and a value as people write it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agnes.compute.numbers import Numbers
from agnes.errors import UsageError
from agnes.numbers.values import NO_ROW, Expected, as_json, by_day
from agnes.sandbox import Result


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("118213.40", Decimal("118213.40")),
        ("118,213.4", Decimal("118213.40")),
        ("2.53", 2.5316455),
        ("3", 2.5),
        ("-3", -2.5),
        ("0.30", 0.1 + 0.2),
        ("12345678901234567890123456789012345678", 12345678901234567890123456789012345678),
        ("1e3", 1000),
    ],
)
def test_a_value_is_what_it_rounds_to(text, value):
    assert Expected(text).fits(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2.5", 2.56), ("1", True), ("0", None), ("0", NO_ROW), ("1", "1"), ("1", float("nan"))],
)
def test_it_is_no_other_value_and_nothing_that_is_no_number(text, value):
    assert not Expected(text).fits(value)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1,2", "1 000"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UsageError, match="is no number"):
        Expected(text)


def test_periods_are_days_whatever_type_they_come_in():
    rows = Result((), (), False)
    keys = [(date(2025, 1, 1),), (datetime(2025, 2, 1),), (datetime(2025, 3, 1, tzinfo=UTC),)]  # noqa: DTZ001
    found = by_day(Numbers("month", (), "v", dict.fromkeys(keys, 1), rows))
    assert list(found) == [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]


def test_no_row_and_no_value_are_two_things():
    assert as_json(None) == {"value": None, "has_row": True}
    assert as_json(NO_ROW) == {"value": None, "has_row": False}
