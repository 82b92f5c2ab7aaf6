"""Numbers as a profile has them: strict JSON, and no more digits than say something."""

from __future__ import annotations

import math
from decimal import Decimal


def rounded(value: float | Decimal | None, digits: int = 2) -> float | int | None:
    """A number for people; a small one keeps digits that say something, NaN and infinity are null.

    Args:
        value: what an aggregate gave.
        digits: that are kept behind the point.
    """
    if value is None or isinstance(value, int):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    return round(number, digits) if abs(number) >= 1 or not number else float(f"{number:.3g}")


def percent(part: int, whole: int) -> float:
    """How many of a hundred, 0 of nothing. 100 are all: one missing of a million makes it 99.99."""
    if not whole:
        return 0.0
    found = round(100 * part / whole, 2)
    return 99.99 if found == 100 and part < whole else found


def compact(value: float) -> str:
    """A number as a label: `1.5K`, `2.0M`."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.1f}{unit}"
    return str(int(value)) if value == int(value) else f"{value:.3g}"
