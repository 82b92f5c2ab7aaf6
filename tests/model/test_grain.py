"""Periods of the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.model.grain import GRAINS, first_day, next_period

DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))


@given(DAYS, st.sampled_from(GRAINS))
def test_each_day_is_in_exactly_one_period(day, grain):
    first, following = first_day(day, grain), next_period(day, grain)
    assert first <= day < following
    assert first_day(following, grain) == following
    assert first_day(following - timedelta(days=1), grain) == first


@pytest.mark.parametrize(
    ("grain", "first", "following"),
    [
        ("daily", date(2026, 11, 28), date(2026, 11, 29)),
        ("weekly", date(2026, 11, 23), date(2026, 11, 30)),
        ("monthly", date(2026, 11, 1), date(2026, 12, 1)),
        ("quarterly", date(2026, 10, 1), date(2027, 1, 1)),
        ("yearly", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_weeks_begin_on_monday_and_quarters_in_october(grain, first, following):
    day = date(2026, 11, 28)
    assert (first_day(day, grain), next_period(day, grain)) == (first, following)


@pytest.mark.parametrize("grain", GRAINS)
def test_after_the_last_day_there_is_no_period(grain):
    with pytest.raises(OverflowError):
        next_period(date.max, grain)
