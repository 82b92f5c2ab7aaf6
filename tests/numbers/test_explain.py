"""Why a number is another one than before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agnes.errors import AgnesError, NotFoundError, UsageError
from agnes.model.metric import Metric
from agnes.numbers.explain import Four, explain, explain_periods
from agnes.numbers.ondata import OnData
from agnes.numbers.runs import Runs
from tests.numbers.inprocess import InProcess

JAN, FEB = date(2025, 1, 1), date(2025, 2, 1)
MONTH = "CAST(DATE_TRUNC('month', day) AS DATE) AS month"
BEFORE = [
    (date(2025, 1, 5), "eu", 10, Decimal("1.10"), 1.0),
    (date(2025, 1, 9), "us", 20, Decimal("2.20"), 2.0),
    (date(2025, 2, 9), None, 30, Decimal("3.30"), 3.0),
]
AFTER = [
    (date(2025, 1, 5), "eu", 16, Decimal("1.15"), 1.0),
    (date(2025, 1, 9), "us", 18, Decimal("2.20"), 2.0),
    (date(2025, 2, 9), None, 30, Decimal("3.30"), 3.0),
]


def metric(value="SUM(amount)", where="TRUE", type_="sum", **more) -> Metric:
    select = f"{value} AS total FROM orders WHERE {where} GROUP BY ALL"
    return Metric(
        name="total",
        category="revenue",
        type=type_,
        sql=f"SELECT {MONTH}, {select}",
        sql_variants={"by_region": f"SELECT {MONTH}, region, {select}"},
        **more,
    )


@pytest.fixture
def run():
    """Explain a change; the engines are closed afterwards."""
    engines: list[InProcess] = []

    def explained(old, new=None, before=BEFORE, after=AFTER, **how):
        first, second = Runs(InProcess(before)), Runs(InProcess(after))
        engines.extend([first.engine, second.engine])
        new = new or old
        four = Four(*(OnData(it, data) for data in (first, second) for it in (old, new)))
        return explain(four, **how)

    yield explained
    for engine in engines:
        engine.close()


def split(found) -> tuple[object, ...]:
    it = found.effects
    return it.old, it.new, it.definition, it.data, it.interaction


def test_only_periods_that_changed_are_told(run):
    found = run(metric())
    assert [it.period for it in found.periods] == [JAN]
    assert split(found.periods[0]) == (30, 34, 0, 4, 0)


def test_definition_and_data_are_told_apart_with_what_both_did(run):
    (found,) = run(metric(), metric("2 * SUM(amount)"), period="2025-01").periods
    assert split(found) == (30, 68, 30, 4, 4)


def test_parts_of_an_additive_metric_come_with_the_largest_first(run):
    (found,) = run(metric()).periods
    (by_region,) = found.breakdowns
    assert (by_region.dimension, by_region.method) == ("region", "additive")
    assert [(it.part, it.contribution) for it in by_region.parts] == [("eu", 6), ("us", -2)]


def test_a_part_that_comes_or_goes_contributes_all_of_itself(run):
    more = [*AFTER, (date(2025, 1, 7), "asia", 100, None, None)]
    (found,) = run(metric(), before=BEFORE, after=more[1:]).periods
    parts = {it.part: (it.contribution, it.as_dict()["old"]) for it in found.breakdowns[0].parts}
    assert parts["asia"] == (100, {"value": None, "has_row": False})
    assert parts["eu"] == (-10, {"value": 10, "has_row": True})


def test_a_ratio_is_split_by_numerator_and_denominator(run):
    value = "SUM(amount) AS spent, COUNT(*) AS orders, SUM(amount) / COUNT(*)"
    more = [*AFTER, (date(2025, 1, 7), "us", 26, None, None)]
    (found,) = run(metric(value, type_="ratio"), after=more).periods
    (by_region,) = found.breakdowns
    assert by_region.method == "ratio"
    assert (by_region.ratio.numerator, by_region.ratio.denominator) == ("spent", "orders")
    assert sum(by_region.ends) == pytest.approx(found.effects.data)
    assert sum(it.contribution for it in by_region.parts) == pytest.approx(found.effects.data)
    assert by_region.as_dict()["ratio"]["source"].startswith("E. M. Kitagawa")


@pytest.mark.parametrize(
    ("value", "type_"), [("MEDIAN(amount)", "median"), ("COUNT(DISTINCT amount)", "count_distinct")]
)
def test_parts_that_do_not_add_up_are_shown_as_they_are(run, value, type_):
    rows = [*AFTER, (date(2025, 1, 7), "eu", 99, None, None), (JAN, "us", 16, None, None)]
    (found,) = run(metric(value, type_=type_), after=rows).periods
    (by_region,) = found.breakdowns
    assert by_region.method == "apart"
    assert all(it.contribution is None and it.old is not None for it in by_region.parts)


def test_a_sum_whose_parts_overlap_is_not_said_to_add_up(run):
    twice = f"SELECT {MONTH}, region, 2 * SUM(amount) AS total FROM orders GROUP BY ALL"
    overlapping = metric().model_copy(update={"sql_variants": {"by_region": twice}})
    (found,) = run(overlapping).periods
    assert found.breakdowns[0].method == "apart"


def test_a_period_that_is_on_one_side_alone_is_said_and_not_taken_for_zero(run):
    found = run(metric(), after=AFTER[:2])
    february = found.periods[-1]
    assert (february.period, february.effects.change, february.breakdowns) == (FEB, None, ())
    assert february.as_dict()["new"] == {"value": None, "has_row": False}


def test_null_is_no_number(run):
    nothing = [(date(2025, 1, 5), "eu", None, None, None)]
    (found,) = run(metric(), after=nothing, period="2025-01").periods
    assert (found.effects.new, found.effects.change) == (None, None)


def test_a_query_that_fails_on_one_side_is_said_and_the_rest_goes_on(run):
    found = run(metric(), metric("SUM(no_such)"), period="2025-01")
    assert set(found.problems) == {"new definition on old data", "new definition on new data"}
    (it,) = found.periods
    assert (it.effects.data, it.effects.definition, it.effects.change) == (4, None, None)
    assert it.breakdowns[0].parts[0].contribution == 6


def test_where_nothing_can_be_computed_it_is_an_error(run):
    with pytest.raises(AgnesError, match="nothing can be computed"):
        run(metric("SUM(no_such)"))


def test_a_dimension_that_cannot_be_is_named_with_the_reason(run):
    found = run(metric(), by=["region", "color"])
    assert found.whole == {"color": "revenue/total: color is none of its dimensions"}
    assert [it.dimension for it in found.periods[0].breakdowns] == ["region"]


def test_a_metric_without_periods_has_one_value(run):
    total = Metric(name="total", category="revenue", sql="SELECT SUM(amount) AS total FROM orders")
    (found,) = run(total).periods
    assert (found.period, split(found)) == (None, (60, 64, 0, 4, 0))
    with pytest.raises(UsageError, match="has no periods"):
        run(total, period="2025-01")


def test_a_period_that_neither_side_has_is_not_found(run):
    with pytest.raises(NotFoundError, match="has no row for 2035-01-01") as caught:
        run(metric(), period="2035-01")
    assert caught.value.hint == "there is 2025-01-01 to 2025-02-01"


def test_equal_queries_and_equal_data_are_run_once():
    runs = Runs(InProcess(BEFORE))
    sides = [OnData(it, runs) for it in (metric(), metric(where="(true)"))]
    found = explain(Four(sides[0], sides[1], sides[0], sides[1]))
    assert (found.periods, runs.count) == ((), 1)


def test_two_periods_are_compared_by_their_parts():
    with InProcess(BEFORE) as engine:
        found = explain_periods(OnData(metric(), Runs(engine)), "2025-02", "2025-01")
        with pytest.raises(NotFoundError):
            explain_periods(OnData(metric(), Runs(engine)), "2025-02", "2024-12")
    (it,) = found.periods
    assert (found.against, it.period, it.effects.old, it.effects.new) == (JAN, FEB, 30, 30)
    assert it.breakdowns == ()
