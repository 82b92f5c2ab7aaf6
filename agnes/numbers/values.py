"""The value of one period, and a value as people write it."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from typing import Any, Final

from agnes.compute.numbers import Numbers
from agnes.errors import UsageError
from agnes.queries.values import plain


class _NoRow:
    """What a period has that the query gives no row for; NULL is a value."""

    def __repr__(self) -> str:
        return "no row"


NO_ROW: Final = _NoRow()
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EXACT = Context(prec=100)


def by_day(found: Numbers) -> dict[date | None, Any]:
    """The values by the first day of their period; by None where the metric has no periods."""
    return {day_of(key[0]) if key else None: value for key, value in found.values.items()}


def day_of(period: Any) -> Any:
    """The day that a period begins on; a TIMESTAMP's time is dropped."""
    return period.date() if isinstance(period, datetime) else period


def span(days: dict[date | None, Any]) -> str:
    """Which periods there are, for people."""
    known = sorted(day for day in days if day is not None)
    return f"there is {known[0]} to {known[-1]}" if known else "there is none"


def as_json(value: Any) -> dict[str, Any]:
    """A value as JSON: whether there is a row, and what is in it."""
    has_row = value is not NO_ROW
    return {"value": plain(value) if has_row else None, "has_row": has_row}


class Expected:
    """A number as somebody wrote it down, rounded maybe.

    Args:
        text: `118213.40`, `118,213.4`, `2.5`; so many decimals as it has count.

    Raises:
        UsageError: it is no number.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        digits = text.replace(",", "") if _GROUPED.fullmatch(text) else text
        try:
            self._number = Decimal(digits)
        except DecimalException:
            raise UsageError(f"{text!r} is no number", "write it as in 118213.40") from None
        if not self._number.is_finite():
            raise UsageError(f"{text!r} is no number", "write it as in 118213.40")

    def fits(self, value: Any) -> bool:
        """Whether a value is that number, once it is rounded to as many decimals."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return False
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            return False
        step = Decimal(1).scaleb(min(0, int(self._number.as_tuple().exponent)))
        try:
            return number.quantize(step, ROUND_HALF_UP, _EXACT) == self._number
        except DecimalException:
            return False
