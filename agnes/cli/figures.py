"""Numbers and bars for people."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from agnes.cli.bars import bar
from agnes.cli.output import style
from agnes.diff.visible import visible
from agnes.numbers.exact import exact

_BAR = 16


def figure(value: Any) -> str:
    """A value: numbers with a comma for each thousand, floats with at most 4 decimals."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, float):
        return f"{value:,.4g}" if 0 < abs(value) < 0.1 else f"{value:,.4f}".rstrip("0").rstrip(".")
    return visible(str(value))


def signed(value: Any) -> str:
    """A difference, with its sign."""
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return figure(value)
    return f"+{figure(value)}" if value > 0 else figure(value)


def percent(change: Any, of: Any) -> str:
    """A change as a share of what it was; nothing where that is zero or no number."""
    try:
        share = float(Fraction(change) / abs(Fraction(of)))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return ""
    return f"{share:+.1%}"


def colored_bar(value: Any, most: float) -> str:
    """A bar, red for what is below zero, with blanks behind it."""
    number = exact(value)
    if number is None or not most:
        return " " * _BAR
    drawn = bar(float(number), most, _BAR)
    return style(drawn, fg="red" if number < 0 else "green") + " " * (_BAR - len(drawn))
