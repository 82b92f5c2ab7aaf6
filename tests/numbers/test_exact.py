"""Exact arithmetic on values of any numeric type."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.numbers.exact import adds_up, exact, number

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.decimals(
    allow_nan=False, allow_infinity=False
).filter(lambda it: abs(it.adjusted()) < 40)


@given(st.integers() | DECIMALS | st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_comes_back_as_it_was(value):
    back = number(exact(value), [value])
    assert (type(back), back) == (type(value), value)


@given(DECIMALS, DECIMALS)
def test_a_sum_of_decimals_is_exact(one, other):
    total = number(exact(one) + exact(other), [one, other])
    assert Fraction(total) == Fraction(one) + Fraction(other)


@pytest.mark.parametrize("value", [None, True, "1", math.nan, math.inf, Decimal("NaN")])
def test_what_is_no_number_is_none(value):
    assert exact(value) is None


@pytest.mark.parametrize(
    ("value", "like", "found"),
    [
        (Fraction(5), [1, 2], 5),
        (Fraction(5), [Decimal("1.00")], Decimal("5.00")),
        (Fraction(1, 8), [Decimal("1.0")], Decimal("0.125")),
        (Fraction(1, 3), [Decimal("1.0")], 1 / 3),
        (Fraction(1, 3), [1], 1 / 3),
        (Fraction(1, 2), [1], Decimal("0.5")),
        (Fraction(5), [1, 1.0], 5.0),
        (Fraction(10) ** 400, [1.0], math.inf),
    ],
)
def test_a_result_has_the_type_of_what_it_was_made_of(value, like, found):
    given = number(value, like)
    assert (type(given), str(given)) == (type(found), str(found))


@pytest.mark.parametrize(
    ("parts", "total", "adds"),
    [
        ([1, 2, None], 3, True),
        ([0.1, 0.2], 0.3, True),
        ([Decimal("0.1"), Decimal("0.2")], Decimal("0.3000000001"), False),
        ([1, 2], None, False),
        ([None], None, False),
        ([1, "x"], 1, False),
        ([1e9, -1e9], 0.1, True),
        ([1.0, -1.0], 0.1, False),
    ],
)
def test_parts_add_up_exactly_or_to_a_billionth(parts, total, adds):
    assert adds_up(parts, total) is adds
