"""Periods as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from agnes.errors import UsageError
from agnes.values.period import parse_period


@pytest.mark.parametrize(
    ("text", "grain", "day"),
    [
        ("2025-03-17", "daily", date(2025, 3, 17)),
        ("2025-W12", "weekly", date(2025, 3, 17)),
        ("2025-03-17", "weekly", date(2025, 3, 17)),
        ("2025-03", "monthly", date(2025, 3, 1)),
        ("2025-03-01", "monthly", date(2025, 3, 1)),
        ("2025-Q2", "quarterly", date(2025, 4, 1)),
        ("2025q2", "quarterly", date(2025, 4, 1)),
        ("2025", "yearly", date(2025, 1, 1)),
    ],
)
def test_a_period_is_its_first_day(text, grain, day):
    assert parse_period(text, grain) == day


@pytest.mark.parametrize(
    ("text", "grain"),
    [
        ("2025-03-17", "monthly"),
        ("2025-13", "monthly"),
        ("2025-03", "daily"),
        ("2025-W60", "weekly"),
        ("2025-Q5", "quarterly"),
        ("0000", "yearly"),
        ("", "monthly"),
        ("20250301", "monthly"),
    ],
)
def test_what_is_no_period_of_that_grain_is_refused(text, grain):
    with pytest.raises(UsageError, match=f"no {grain} period"):
        parse_period(text, grain)
