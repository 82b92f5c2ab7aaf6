"""Whether two values are the same number."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.compute.equal import compare_values

MIDNIGHT = datetime(2025, 1, 1)  # noqa: DTZ001  (a TIMESTAMP has none)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=False, places=4),
    st.text(max_size=3),
    st.dates(),
    st.datetimes(),
)


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        (1, 1, "equal"),
        (1, Decimal("1.00"), "equal"),
        (1.0, Decimal(1), "equal"),
        (0.0, -0.0, "equal"),
        (None, None, "equal"),
        (math.nan, math.nan, "equal"),
        (math.nan, Decimal("NaN"), "equal"),
        (math.inf, math.inf, "equal"),
        ("a", "a", "equal"),
        (date(2025, 1, 1), date(2025, 1, 1), "equal"),
        ([1, 2], [1, 2], "equal"),
        (0.1 + 0.2, 0.3, "close"),
        (0.1, Decimal("0.1"), "close"),
        (1e12, 1e12 + 1, "close"),
        (0.0, 1e-12, "different"),
        (Decimal("0.1"), Decimal("0.1000000000001"), "different"),
        (10**15, 10**15 + 1, "different"),
        (10**400, 1.0, "different"),
        (1, None, "different"),
        (None, 0, "different"),
        (True, 1, "different"),
        ("1", 1, "different"),
        (math.inf, 1.0, "different"),
        (math.inf, -math.inf, "different"),
        (math.nan, 1.0, "different"),
        (date(2025, 1, 1), MIDNIGHT, "different"),
        (MIDNIGHT, MIDNIGHT.replace(tzinfo=UTC), "different"),
        (date(2025, 1, 1), "2025-01-01", "different"),
    ],
)
def test_values_are_equal_close_or_different(old, new, alike):
    assert compare_values(old, new) == compare_values(new, old) == alike


@given(VALUES)
def test_a_value_is_equal_to_itself(value):
    assert compare_values(value, value) == "equal"


@given(VALUES, VALUES)
def test_which_one_was_there_first_does_not_matter(one, other):
    assert compare_values(one, other) == compare_values(other, one)


@given(st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=4), st.integers(1))
def test_exact_numbers_are_never_close(value, step):
    assert compare_values(value, value + step) == "different"


@given(st.floats(1, 1e300), st.floats(-9e-10, 9e-10))
def test_floats_that_differ_by_less_than_a_billionth_are_the_same(value, share):
    assert compare_values(value, value * (1 + share)) != "different"
