"""Whether two values are the same number."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from agnes.compute.equal import compare_values


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        (1, 1, "equal"),
        (1, Decimal("1.00"), "equal"),
        (1.0, Decimal(1), "equal"),
        (None, None, "equal"),
        (math.nan, math.nan, "equal"),
        ("a", "a", "equal"),
        (0.1 + 0.2, 0.3, "close"),
        (1e12, 1e12 + 1, "close"),
        (0.0, 1e-12, "different"),
        (Decimal("0.1"), Decimal("0.1000000000001"), "different"),
        (10**15, 10**15 + 1, "different"),
        (1, None, "different"),
        (None, 0, "different"),
        (True, 1, "different"),
        ("1", 1, "different"),
        (math.inf, 1.0, "different"),
    ],
)
def test_values_are_equal_close_or_different(old, new, alike):
    assert compare_values(old, new) == compare_values(new, old) == alike
