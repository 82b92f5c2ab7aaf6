"""Periods of the calendar: the day that each begins on, by a metric's grain.

Weeks begin on Monday (ISO 8601), quarters in January, April, July and October. A company's fiscal
calendar is not known here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal, get_args

Grain = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
UNITS: dict[Grain, str] = {
    "daily": "DAY",
    "weekly": "WEEK",
    "monthly": "MONTH",
    "quarterly": "QUARTER",
    "yearly": "YEAR",
}
"""What SQL calls the period of a grain."""
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


def first_day(day: date, grain: Grain) -> date:
    """The first day of the period that a day is in."""
    if grain == "daily":
        return day
    if grain == "weekly":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[grain]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_period(day: date, grain: Grain) -> date:
    """The first day of the period after the one that a day is in.

    Raises:
        OverflowError: there is no later day.
    """
    first = first_day(day, grain)
    if grain in ("daily", "weekly"):
        return first + timedelta(days=1 if grain == "daily" else 7)
    months = first.year * 12 + first.month - 1 + _MONTHS[grain]
    if months // 12 > date.max.year:
        raise OverflowError("no later period")
    return date(months // 12, months % 12 + 1, 1)
