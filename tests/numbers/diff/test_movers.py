"""The parts that move most."""

from __future__ import annotations

from agnes.numbers.cells import compare_numbers
from agnes.numbers.movers import MOST_MOVERS, movers
from tests.numbers.diff.test_cells import JANUARY, MARCH, numbers


def test_movers_are_the_parts_of_the_newest_period_that_move_most():
    parts = [(JANUARY, "a", 1), *((MARCH, part, 10) for part in "abcdefgh")]
    moved = {"a": 12, "b": 10, "c": 5, "d": 10.5, "e": 11, "f": 13, "g": 11.5}
    new = [(JANUARY, "a", 2), *((MARCH, part, it) for part, it in moved.items())]
    found = movers("plan", compare_numbers(numbers(parts, "plan"), numbers(new, "plan")))
    assert found is not None
    assert (found.period, found.moved, found.parts, found.periods) == (MARCH, 7, 8, 2)
    assert [cell.key[-1] for cell in found.cells] == ["h", "c", "f", "a", "g"]
    assert len(found.cells) == MOST_MOVERS
    assert found.cells[0].alike == "removed"


def test_nothing_moves_where_all_is_the_same():
    same = numbers([(MARCH, "a", 1.0)], "plan")
    near = numbers([(MARCH, "a", 1.0 + 1e-12)], "plan")
    assert movers("plan", compare_numbers(same, near)) is None


def test_parts_without_periods_move_too():
    old, new = (numbers([("a", 1), (None, value)], "plan", period=None) for value in (2, 3))
    found = movers("plan", compare_numbers(old, new))
    assert found is not None
    assert (found.period, [cell.key for cell in found.cells]) == (None, [(None,)])
