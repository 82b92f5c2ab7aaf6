from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest

from agnes.numbers.figures import figure, percent, signed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no value"),
        (1234567, "1,234,567"),
        (Decimal("1234.50"), "1,234.50"),
        (0.0, "0"),
        (12.345678, "12.3457"),
        (4321.98765, "4,321.99"),
        (1e-7, "1e-07"),
        (1e20, "1e+20"),
        (math.nan, "nan"),
        (True, "true"),
        ("a\n b", "a b"),
        ("x" * 61, "x" * 59 + "…"),
        (date(2025, 1, 1), "2025-01-01"),
    ],
)
def test_a_value_is_written_for_people(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(("value", "text"), [(5, "+5"), (-5, "-5"), (0, "0"), (None, "no value")])
def test_a_difference_has_its_sign(value, text):
    assert signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "+0.0%"),
        (7.69, "+7.7%"),
        (-100.0, "-100.0%"),
        (-99.97, "-99.97%"),
        (0.01, "+0.0100%"),
        (12345.6, "+12,345.6%"),
        (1e9, "+1.0e+09%"),
    ],
)
def test_a_share_has_its_sign(value, text):
    assert percent(value) == text
