"""Values, differences and shares, as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agnes.compute.equal import is_finite, is_number
from agnes.diff.visible import visible
from agnes.numbers.exact import exact, number

_LONGEST = 60
"""Characters of a text that are shown."""


def subtract(one: Any, other: Any) -> Any:
    """One number less another, in the type of the two; None where one is no number."""
    left, right = exact(one), exact(other)
    return None if left is None or right is None else number(left - right, (one, other))


def share(part: Any, whole: Any) -> float | None:
    """A part in percent of the size of the whole; None where that is zero, or no number."""
    of, size = exact(part), exact(whole)
    if of is None or not size:
        return None
    return float(number(100 * of / abs(size), (1.0,)))


def figure(value: Any) -> str:
    """A value: a comma for each thousand, floats with few digits, text in one short line."""
    if value is None:
        return "no value"
    if isinstance(value, float) and is_finite(value):
        if value == 0 or 0.1 <= abs(value) < 1e15:
            digits = 2 if abs(value) >= 1_000 else 4
            return f"{value:,.{digits}f}".rstrip("0").rstrip(".")
        return f"{value:.4g}"
    if is_number(value):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if isinstance(value, bool):
        return str(value).lower()
    from agnes.queries.values import plain

    text = visible(" ".join(str(plain(value)).split()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def signed(value: Any) -> str:
    """A difference, with its sign."""
    return f"+{figure(value)}" if is_number(value) and value > 0 else figure(value)


def percent(value: float | None) -> str:
    """A share in percent, with its sign; nothing where there is none."""
    if value is None:
        return ""
    if 99.9 < abs(value) < 100:  # that little is left is not nothing
        return f"{value:+.2f}%"
    digits = 1 if abs(value) >= 0.1 or value == 0 else 4
    return f"{value:+,.{digits}f}%" if abs(value) < 1e6 else f"{value:+.1e}%"
