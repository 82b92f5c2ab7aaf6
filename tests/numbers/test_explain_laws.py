"""What holds of every explanation, over random definitions and data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.model.metric import Metric
from agnes.numbers.exact import exact
from agnes.numbers.explain import Four, explain, explain_periods
from agnes.numbers.ondata import OnData
from agnes.numbers.runs import Runs
from tests.conftest import FUZZ
from tests.numbers.inprocess import InProcess

MONTHS = [date(2025, 1, 1), date(2025, 2, 1)]
ORDERS = st.lists(
    st.tuples(
        st.sampled_from([date(2025, 1, 7), date(2025, 1, 30), date(2025, 2, 2)]),
        st.sampled_from(["eu", "us", None]),
        st.none() | st.integers(-50, 2**31 - 1),
        st.none() | st.decimals(-9999, 9999, places=2),
        st.none() | st.floats(-1e6, 1e6),
    ),
    max_size=12,
)
VALUES = {
    "SUM(amount)": "sum",
    "SUM(price)": "sum",
    "SUM(weight)": "sum",
    "COUNT(*)": "count",
    "COUNT(DISTINCT amount)": "count_distinct",
    "AVG(price)": "avg",
    "MIN(amount)": "min",
    "MAX(price)": "max",
    "SUM(amount) AS above, COUNT(*) AS below, SUM(amount) / COUNT(*)": "ratio",
    "COUNT(weight) AS above, COUNT(*) AS below, 100.0 * COUNT(weight) / COUNT(*)": "ratio",
}
FILTERS = ["TRUE", "region = 'eu'", "amount > 3", "weight IS NOT NULL", "region IS NULL"]


@st.composite
def definitions(draw) -> Metric:
    value = draw(st.sampled_from(sorted(VALUES)))
    where = draw(st.sampled_from(FILTERS))
    month = "CAST(DATE_TRUNC('month', day) AS DATE) AS month"
    select = f"{value} AS total FROM orders WHERE {where} GROUP BY ALL"
    return Metric(
        name="total",
        category="revenue",
        type=VALUES[value],
        sql=f"SELECT {month}, {select}",
        sql_variants={"by_region": f"SELECT {month}, region, {select}"},
    )


def fits(parts, whole, beside=()) -> bool:
    """Whether numbers give another: exactly, or where there are floats to a billionth of the
    largest of them and those beside them, which they were made of.
    """
    numbers = [exact(it) for it in (*parts, whole, *beside)]
    rest = abs(sum(map(exact, parts), Fraction(0)) - exact(whole))
    if any(isinstance(it, float) for it in (*parts, whole)):
        return rest <= Fraction(1e-9) * sum(abs(it) for it in (1, *numbers) if it is not None)
    return rest == 0


def check(explained) -> None:
    """The parts that are said to add up do."""
    split = explained.effects
    for it in explained.breakdowns:
        if it.method == "apart":
            assert all(part.contribution is None for part in it.parts)
            continue
        made = [part.contribution for part in it.parts]
        values = [value for part in it.parts for value in (part.old, part.new)]
        assert fits(made, split.data, beside=[split.old, split.new, *values])
        if it.method == "ratio":
            assert all(fits([part.rate, part.mix], part.contribution) for part in it.parts)
            assert fits(it.ends, split.data)
        sizes = [abs(value) for value in made]
        assert sizes == sorted(sizes, reverse=True)


@given(definitions(), definitions(), ORDERS, ORDERS)
@settings(max_examples=FUZZ // 80, deadline=None)
def test_the_effects_add_up_to_the_change_and_the_parts_to_the_data_effect(old, new, before, after):
    with InProcess(before) as first, InProcess(after) as second:
        runs = Runs(first), Runs(second)
        four = Four(*(OnData(definition, data) for data in runs for definition in (old, new)))
        found = explain(four)
    assert not found.problems
    for it in found.periods:
        split = it.effects
        effects = [split.definition, split.data, split.interaction]
        if split.change is not None:
            assert fits([split.new, -split.old], split.change)
        if None not in effects:
            assert fits(effects, split.change)
            check(it)


@given(definitions(), ORDERS)
@settings(max_examples=FUZZ // 100, deadline=None)
def test_between_two_periods_the_parts_add_up_to_the_change(metric, rows):
    rows = [*rows, (MONTHS[0], "eu", 4, Decimal(1), 1.0), (MONTHS[1], "us", 5, Decimal(2), 2.5)]
    rows = [*rows, (MONTHS[0], None, 4, Decimal(1), 1.0), (MONTHS[1], "eu", 5, Decimal(2), 2.5)]
    with InProcess(rows) as engine:
        side = OnData(metric, Runs(engine))
        if not all(month in side.whole for month in MONTHS):
            return
        (found,) = explain_periods(side, "2025-02", "2025-01").periods
    assert found.effects.change == found.effects.data
    if found.effects.change is not None:
        check(found)
