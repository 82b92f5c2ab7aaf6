"""Whether a metric's numbers are what a test says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agnes.compute.equal import compare_values, is_finite
from agnes.compute.numbers import Numbers
from agnes.errors import AgnesError
from agnes.lint.data import same
from agnes.model.grain import Grain, first_day
from agnes.model.metric_test import MetricTest
from agnes.numbers.values import day_of
from agnes.values.period import parse_period

Number = int | float | Decimal
_SHOWN = 8
"""Parts that are named where the one that was asked for is not there."""


@dataclass(frozen=True)
class Verdict:
    """What came of a test.

    Args:
        passed: whether it holds.
        expected: what should have been there, for people.
        got: what was there instead.
    """

    passed: bool
    expected: str
    got: str


@dataclass(frozen=True)
class NoRow:
    """What a period or part has that the query gives no row for.

    Args:
        instead: what there is.
    """

    instead: str


def judge(test: MetricTest, found: Numbers, grain: Grain) -> Verdict:
    """Compare the numbers of a metric with a test that is not a query.

    Raises:
        AgnesError: the numbers have no such period or part to compare.
    """
    day = None if test.period is None else parse_period(test.period, grain)
    _check_periods(found, day)
    value = _value(test, found, day)
    if test.change_within is not None and day is not None:
        before = _before(day, grain)
        return _change(test.change_within, (before, _value(test, found, before)), value)
    expected = str(test.equals) if test.between is None else "{} to {}".format(*test.between)
    if not is_finite(value):
        return Verdict(False, expected, said(value))
    if test.between is not None:
        low, high = map(exact, test.between)
        return Verdict(low <= exact(value) <= high, expected, said(value))
    assert test.equals is not None
    passed = _equals(value, exact(test.equals), exact(test.tolerance or 0))
    return Verdict(passed, expected, said(value))


def _before(day: date, grain: Grain) -> date:
    try:
        return first_day(day - timedelta(days=1), grain)
    except OverflowError:
        raise AgnesError(f"there is no period before {day}") from None


def _change(most: str, before: tuple[date, Any], value: Any) -> Verdict:
    day, old = before
    expected = f"{most} at most from {day}"
    got = f"{said(old)}, then {said(value)}"
    if not is_finite(old) or not is_finite(value):
        return Verdict(False, expected, got)
    if old == 0:
        return Verdict(value == 0, expected, got)
    change = (exact(value) - exact(old)) / abs(exact(old)) * 100
    passed = abs(change) <= Decimal(most.removesuffix("%"))
    return Verdict(passed, expected, f"{float(change):+.6g}%: {got}")


def _equals(value: Number, wanted: Decimal, tolerance: Decimal) -> bool:
    if compare_values(value, wanted) != "different":
        return True
    return abs(exact(value) - wanted) <= tolerance * abs(wanted)


def _check_periods(found: Numbers, day: date | None) -> None:
    if day is not None and found.period is None:
        raise AgnesError("the query gives no column of dates, so no periods", "leave out `period`")
    if day is None and found.period is not None:
        raise AgnesError(f"the query gives a row for each {found.period}", "say which: `period`")


def _value(test: MetricTest, found: Numbers, day: date | None) -> Any:
    """The value of a period and part, or that there is none."""
    begin = 0 if found.period is None else 1
    names = [name.casefold() for name in found.dimensions]
    wanted = {name.casefold(): value for name, value in (test.where or {}).items()}
    rows = {key: it for key, it in found.values.items() if day is None or day_of(key[0]) == day}
    values = [
        value
        for key, value in rows.items()
        if all(same(part, wanted[name], 0.0) for name, part in zip(names, key[begin:], strict=True))
    ]
    if len(values) > 1:
        raise AgnesError(f"the query gives {len(values)} rows for {day}", "GROUP BY the period")
    if values:
        return values[0]
    if rows:
        parts = [" ".join(map(said, key[begin:])) for key in rows]
        more = ", ..." if len(parts) > _SHOWN else ""
        return NoRow(f"there is {', '.join(sorted(parts)[:_SHOWN])}{more}")
    days = sorted(day_of(key[0]) for key in found.values if key and key[0] is not None)
    there = f"there is {days[0]} to {days[-1]}" if days else "the query gives none"
    return NoRow(there)


def exact(value: Number) -> Decimal:
    """A number as it is written: of a float its shortest digits, not those of its binary form."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def said(value: Any) -> str:
    """A value for people."""
    if isinstance(value, NoRow):
        return f"no row ({value.instead})"
    return "null" if value is None else str(value)
