"""What came out of a metric's query."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agnes.compute.numbers import numbers, read_numbers
from agnes.errors import AgnesError, NotFoundError
from agnes.sandbox import Column, Result
from tests.compute.conftest import METRICS

MRR = METRICS["revenue/mrr"]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_starter_query_has_a_value_for_each_month(engine, metric):
    found = numbers(engine, metric)
    assert (found.period, found.value, found.dimensions) == ("month", metric.name, ())
    assert len(found.values) >= 23
    assert all(key[0].day == 1 for key in found.values)


@pytest.mark.parametrize(
    ("metric", "variant"),
    [
        (metric, key.removeprefix("by_"))
        for metric in METRICS.values()
        for key in metric.sql_variants
    ],
    ids=lambda it: getattr(it, "name", it),
)
def test_every_starter_variant_is_broken_down_by_its_dimension(engine, metric, variant):
    found = numbers(engine, metric, variant)
    assert (found.period, found.value, found.dimensions) == ("month", metric.name, (variant,))


def test_a_variant_that_is_not_there_is_named_with_those_that_are(engine):
    with pytest.raises(NotFoundError, match="revenue/mrr has no sql_by_colour") as caught:
        numbers(engine, MRR, "colour")
    assert caught.value.hint == "there is: plan, segment"


def result(columns, *rows, truncated=False) -> Result:
    return Result(tuple(Column(*it) for it in columns), tuple(rows), truncated)


MONTH, VALUE = ("month", "DATE"), ("mrr", "DECIMAL(18,2)")
JANUARY = date(2025, 1, 1)


def test_the_value_has_the_metrics_name_wherever_it_stands():
    found = read_numbers(result([VALUE, MONTH, ("n", "BIGINT")], (Decimal(5), JANUARY, 3)), MRR, [])
    assert found.values == {(JANUARY,): Decimal(5)}


def test_without_such_a_column_the_last_one_is_the_value():
    found = read_numbers(result([MONTH, ("total", "BIGINT")], (JANUARY, 3)), MRR, [])
    assert (found.value, found.values) == ("total", {(JANUARY,): 3})


def test_a_query_without_a_period_gives_one_value():
    found = read_numbers(result([VALUE], (Decimal(7),)), MRR, [])
    assert (found.period, found.values) == (None, {(): Decimal(7)})


def test_a_dimension_of_dates_is_not_the_period():
    columns = [("day", "DATE"), MONTH, VALUE]
    found = read_numbers(result(columns, (date(2025, 1, 9), JANUARY, 1)), MRR, ["day"])
    assert (found.period, found.dimensions) == ("month", ("day",))
    assert found.values == {(JANUARY, date(2025, 1, 9)): 1}


def test_two_rows_of_one_key_are_no_numbers():
    with pytest.raises(AgnesError, match="revenue/mrr has two rows for 2025-01-01"):
        read_numbers(result([MONTH, VALUE], (JANUARY, 1), (JANUARY, 2)), MRR, [])


def test_too_many_rows_are_said_and_not_cut():
    with pytest.raises(AgnesError, match="more than 1 rows"):
        read_numbers(result([MONTH, VALUE], (JANUARY, 1), truncated=True), MRR, [])
