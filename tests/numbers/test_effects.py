"""A changed value, split into definition, data and interaction."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from agnes.numbers.effects import effects
from agnes.numbers.values import NO_ROW

NUMBERS = st.integers() | st.decimals(-(10**12), 10**12, places=6)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_effects_of_whole_numbers_and_decimals_add_up_exactly(a, b, c, d):
    found = effects(a, b, c, d)
    parts = (found.definition, found.data, found.interaction)
    assert sum(map(Fraction, parts)) == Fraction(found.change) == Fraction(d) - Fraction(a)


def test_each_is_told_by_what_changed_alone():
    found = effects(100, 80, 130, 104)
    assert (found.definition, found.data, found.interaction) == (-20, 30, -6)
    assert found.change == 4


def test_what_takes_a_value_that_is_not_there_is_not_told():
    found = effects(100, NO_ROW, 130, 104)
    assert (found.change, found.definition, found.data, found.interaction) == (4, None, 30, None)
    assert effects(None, 1, 1, 1).change is None
    assert effects("a", "b", "a", "b").change is None


def test_json_tells_null_from_no_row_and_keeps_long_decimals():
    long = Decimal("12345678901234567890.12")
    found = effects(None, NO_ROW, long, long).as_dict()
    assert found["old"] == {"value": None, "has_row": True}
    assert found["new"] == {"value": "12345678901234567890.12", "has_row": True}
    assert (found["alike"], found["change"]) == ("different", None)
