"""Whether two values are the same number."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

Alike = Literal["equal", "close", "different"]
TOLERANCE = 1e-9
"""How far apart floats may be that are close, as a share of the larger one."""


def compare_values(old: Any, new: Any) -> Alike:
    """Compare two values of a metric.

    Numbers are equal whatever their types are, and a NaN is equal to another. Floats, which come
    out a little otherwise with another order of the rows, are close where they differ by a
    billionth at most. All else is equal to what is of its type and equal alone: a date is no
    timestamp, and 1 is no text.
    """
    if not (is_number(old) and is_number(new)):
        return "equal" if type(old) is type(new) and old == new else "different"
    if old == new or (_is_nan(old) and _is_nan(new)):
        return "equal"
    if (isinstance(old, float) or isinstance(new, float)) and is_finite(old) and is_finite(new):
        one, other = Fraction(old), Fraction(new)  # no float is too small for an int of any size
        if abs(one - other) <= Fraction(TOLERANCE) * max(abs(one), abs(other)):
            return "close"
    return "different"


def is_number(value: Any) -> bool:
    """Whether a value is a number; to Python true is one too."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether a value is a number that can be subtracted from another."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return is_number(value) and (isinstance(value, int) or math.isfinite(value))


def _is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else value != value  # noqa: PLR0124
