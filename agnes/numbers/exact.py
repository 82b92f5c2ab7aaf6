"""Exact arithmetic on values of any numeric type."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

Number = int | Decimal | float
TOLERANCE = 1e-9


def exact(value: Any) -> Fraction | None:
    """A value as the number that it exactly is; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Fraction(value) if math.isfinite(value) else None


def number(value: Fraction, like: Iterable[Any]) -> Number:
    """A result in the type of the values that it was made of.

    A float where one of them is, else a decimal where one is, else a whole number; what no decimal
    can say, such as a third, is a float too.
    """
    made_of = list(like)
    decimals = [it for it in made_of if isinstance(it, Decimal)]
    if any(isinstance(it, float) for it in made_of):
        return _float(value)
    if not decimals and value.denominator == 1:
        return int(value)
    scale = max((-int(it.as_tuple().exponent) for it in decimals), default=0)
    scale = max(scale, _scale(value.denominator), 0)
    scaled = value * 10**scale
    if scaled.denominator != 1:
        return _float(value)
    digits = tuple(map(int, str(abs(scaled.numerator))))
    return Decimal((scaled.numerator < 0, digits, -scale))


def _scale(denominator: int) -> int:
    """Decimal places of a number with this denominator; 0 if they do not end."""
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else 0


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def adds_up(parts: Iterable[Any], total: Any) -> bool:
    """Whether values give a total: exactly, or to a billionth where there are floats.

    What is NULL adds nothing, as in SQL.
    """
    known = [it for it in parts if it is not None]
    numbers = [exact(it) for it in known]
    whole = exact(total)
    if whole is None or any(it is None for it in numbers):
        return False
    found = [it for it in numbers if it is not None]
    rest = abs(sum(found, Fraction(0)) - whole)
    if not any(isinstance(it, float) for it in (*known, total)):
        return rest == 0
    return rest <= Fraction(TOLERANCE) * max(abs(whole), sum(map(abs, found), Fraction(0)))
