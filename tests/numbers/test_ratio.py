"""A changed ratio, split by its parts."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from agnes.numbers.ratio import Part, Ratio, find_ratio, split_ends, split_parts

RATIO = Ratio("n", "d", Fraction(100))
COUNTS = st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)) | st.just((0, 0))


def part(counts) -> Part:
    return Part(*map(Fraction, counts))


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=6))
def test_rates_and_mixes_add_up_to_the_change_exactly(counts):
    parts = [(part(old), part(new)) for old, new in counts]
    old, new = (
        Part(sum(it[side].numerator for it in parts), sum(it[side].denominator for it in parts))
        for side in (0, 1)
    )
    if not (old.denominator and new.denominator):
        return
    change = new.of(RATIO.scale) - old.of(RATIO.scale)
    assert sum(map(sum, split_parts(RATIO, (old, new), parts))) == change
    assert sum(split_ends(RATIO, old, new)) == change


def test_a_part_whose_ratio_stays_is_all_mix_and_one_whose_share_stays_is_all_rate():
    old = [part((10, 100)), part((30, 100))]
    grown = [part((10, 100)), part((90, 300))]
    whole = part((40, 200)), part((100, 400))
    found = split_parts(RATIO, whole, list(zip(old, grown, strict=True)))
    assert [rate for rate, _ in found] == [0, 0]
    assert all(
        mix > 0 for _, mix in found
    )  # less of what is below the whole, more of what is above
    better = [part((20, 100)), part((30, 100))]
    found = split_parts(
        RATIO, (part((40, 200)), part((50, 200))), list(zip(old, better, strict=True))
    )
    assert found == [(5, 0), (0, 0)]


def test_a_part_that_comes_is_all_mix():
    parts = [(part((10, 100)), part((10, 100))), (part((0, 0)), part((50, 100)))]
    (_, _), (rate, mix) = split_parts(RATIO, (part((10, 100)), part((60, 200))), parts)
    assert rate == 0
    assert mix == Fraction(1, 2) * (50 - 20)


def test_numerator_and_denominator_are_the_columns_that_give_the_value_in_every_row():
    rows = [(50.0, {"d": 4, "n": 2, "x": 1}), (None, {"d": 0, "n": 0, "x": 1})]
    rows += [(100 / 3, {"d": 3, "n": 1, "x": 7})]
    assert find_ratio(rows) == RATIO
    assert find_ratio([*rows, (50.0, {"d": 4, "n": 1, "x": 1})]) is None
    assert find_ratio([*rows, (50.0, {"d": 0, "n": 1, "x": 1})]) is None
    assert find_ratio([(50.0, {"d": 4, "n": 2})]) is None
    assert find_ratio([]) is None
