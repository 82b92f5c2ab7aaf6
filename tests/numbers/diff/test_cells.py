"""Values before and after, compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.compute.equal import compare_values
from agnes.compute.numbers import Numbers
from agnes.errors import AgnesError
from agnes.numbers.cells import Cell, compare_numbers, one_side
from agnes.sandbox import Column, Result

JANUARY, FEBRUARY, MARCH = (date(2025, month, 1) for month in (1, 2, 3))


def numbers(
    rows: Sequence[tuple[Any, ...]],
    by: str | None = None,
    period: str | None = "DATE",
    value: str = "DOUBLE",
) -> Numbers:
    """What a query gave: a period, if there is a type of it, a part, if there is one, a value."""
    columns = [Column("month", period)] if period else []
    columns += [Column(by, "VARCHAR")] if by else []
    columns.append(Column("total", value))
    found = {row[:-1]: row[-1] for row in rows}
    parts = (by,) if by else ()
    result = Result(tuple(columns), tuple(rows), truncated=False)
    return Numbers("month" if period else None, parts, "total", found, result)


def told(old: Numbers, new: Numbers) -> list[tuple[Any, ...]]:
    return [(*it.key, it.old, it.new, it.alike) for it in compare_numbers(old, new).cells]


def test_equal_close_different_and_missing_values_are_told_apart_the_newest_first():
    old = numbers([(JANUARY, 1), (FEBRUARY, 0.3), (MARCH, 5)])
    new = numbers([(FEBRUARY, 0.1 + 0.2), (MARCH, 6), (date(2025, 4, 1), 7), (JANUARY, 1)])
    assert told(old, new) == [
        (date(2025, 4, 1), None, 7, "added"),
        (MARCH, 5, 6, "different"),
        (FEBRUARY, 0.3, 0.1 + 0.2, "close"),
        (JANUARY, 1, 1, "equal"),
    ]
    found = compare_numbers(old, new)
    assert found.counts == {"equal": 1, "close": 1, "different": 1, "added": 1, "removed": 0}
    assert [cell.key[0].month for cell in found.moved] == [4, 3]
    assert found.outcome == "different"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("value", "outcome"), [(1.0, "equal"), (1.0 + 1e-12, "close"), (1.1, "different")]
)
def test_the_whole_is_what_its_gravest_value_is(value, outcome):
    assert compare_numbers(numbers([(MARCH, 1.0)]), numbers([(MARCH, value)])).outcome == outcome


def test_a_null_is_a_value_and_a_row_that_is_not_there_is_none():
    old, new = numbers([(JANUARY, None), (MARCH, None)]), numbers([(JANUARY, None)])
    assert [it[-1] for it in told(old, new)] == ["removed", "equal"]


@pytest.mark.parametrize(
    ("old", "new", "difference", "percent"),
    [
        (200, 150, -50, -25.0),
        (Decimal("0.10"), Decimal("0.30"), Decimal("0.20"), 200.0),
        (-4, -2, 2, 50.0),
        (0, 5, 5, None),
        (1, 2.5, 1.5, 150.0),
        (Decimal("1.5"), 2.0, 0.5, 100 / 3),
        (10**40, 10**40 + 1, 1, 0.0),
        (None, 5, None, None),
        (5, None, None, None),
        ("a", "b", None, None),
        (1.0, math.nan, None, None),
        (math.inf, 1.0, None, None),
        (JANUARY, MARCH, None, None),
    ],
)
def test_differences_are_exact_where_the_values_are(old, new, difference, percent):
    cell = Cell((), old, new, compare_values(old, new))
    assert cell.difference == difference
    assert type(cell.difference) is type(difference)
    assert cell.percent == (None if percent is None else pytest.approx(percent))


@given(
    st.decimals(-(10**30), 10**30, places=6, allow_nan=False),
    st.decimals(-(10**30), 10**30, places=6, allow_nan=False),
)
def test_old_and_difference_add_up_to_new(old, new):
    difference = Cell((), old, new, compare_values(old, new)).difference
    assert Context(prec=100).add(old, difference) == new


def test_values_of_another_kind_are_different_and_said_so():
    found = compare_numbers(
        numbers([(MARCH, 1)], value="INTEGER"), numbers([(MARCH, "1")], value="VARCHAR")
    )
    assert found.outcome == "different"
    assert found.notes == (
        "values are INTEGER before and VARCHAR after, which are not of one kind",
    )


def test_numbers_of_several_types_are_of_one_kind():
    found = compare_numbers(
        numbers([(MARCH, 1)], value="BIGINT"), numbers([(MARCH, Decimal(1))], value="DECIMAL(18,2)")
    )
    assert (found.outcome, found.notes) == ("equal", ())


def test_days_and_times_are_compared_by_their_day_and_said_so():
    old = numbers([(MARCH, 1)])
    new = numbers([(datetime(2025, 3, 1, tzinfo=UTC), 1)], period="TIMESTAMP WITH TIME ZONE")
    found = compare_numbers(old, new)
    assert [cell.key for cell in found.cells] == [(MARCH,)]
    assert found.notes == (
        "periods are DATE before and TIMESTAMP WITH TIME ZONE after: compared by their day in UTC",
    )


def test_times_within_a_day_are_not_compared_with_days():
    hours = [(datetime(2025, 3, 1, hour, tzinfo=UTC), 1) for hour in (0, 1)]
    with pytest.raises(AgnesError, match="times within a day"):
        compare_numbers(numbers([(MARCH, 1)]), numbers(hours, period="TIMESTAMP"))
    assert len(told(numbers(hours, period="TIMESTAMP"), numbers(hours, period="TIMESTAMP"))) == 2


def test_one_value_for_all_is_not_compared_with_one_for_each_period():
    with pytest.raises(AgnesError, match="the old query gives a value for each period"):
        compare_numbers(numbers([(MARCH, 1)]), numbers([(1,)], period=None))


def test_metrics_without_periods_have_one_value():
    assert told(numbers([(1,)], period=None), numbers([(2,)], period=None)) == [(1, 2, "different")]


def test_no_row_is_said():
    some, none = numbers([(MARCH, 1)]), numbers([])
    assert compare_numbers(none, none).notes == ("neither query gives a row on these data",)
    assert compare_numbers(some, none).notes == ("the new query gives no row on these data",)
    assert compare_numbers(none, some).notes == ("the old query gives no row on these data",)


def test_queries_with_and_without_the_dimension_are_not_compared():
    with pytest.raises(AgnesError, match="the other has none"):
        compare_numbers(numbers([(MARCH, "a", 1)], "plan"), numbers([(MARCH, 1)]))


def test_what_is_only_there_on_one_side_is_all_new_or_all_gone():
    some = numbers([(JANUARY, 1), (MARCH, 2)])
    assert [(it.new, it.alike) for it in one_side(some, is_new=True).cells] == [
        (2, "added"),
        (1, "added"),
    ]
    assert one_side(some, is_new=False).counts["removed"] == 2


values = st.one_of(st.none(), st.integers(-3, 3), st.floats(), st.decimals(-9, 9, places=2))
series = st.dictionaries(st.dates(JANUARY, MARCH), values, max_size=8)


@given(series, series)
def test_every_period_of_both_sides_is_told_once_and_the_other_way_round_alike(old, new):
    one, other = (numbers([*side.items()]) for side in (old, new))
    found, turned = compare_numbers(one, other), compare_numbers(other, one)
    assert {cell.key[0] for cell in found.cells} == old.keys() | new.keys()
    assert sum(found.counts.values()) == len(old.keys() | new.keys())
    assert found.outcome == turned.outcome
    assert found.counts["added"] == turned.counts["removed"]
    assert [cell.size for cell in found.cells] == [cell.size for cell in turned.cells]
