"""The numbers of a change: what is run, and what is said of it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.numbers.value_diff import value_diff
from agnes.numbers.words import summary

ZONED = "TIMESTAMP WITH TIME ZONE"


def test_what_is_only_written_or_said_otherwise_is_not_run(found):
    assert not {"a/written", "a/said"} & found.keys()


@pytest.mark.parametrize(
    ("metric", "outcome", "words"),
    [
        ("moved", "different", "2 of 2 periods differ; 2025-02-01: 112 → 100 (-10.7%)"),
        ("twin", "different", "2 of 2 periods differ; 2025-02-01: 112 → 100 (-10.7%)"),
        ("text", "same-query", "the same query, so the same numbers"),
        ("come", "one-side", "only there after the change: 2 periods, 2025-02-01: 112"),
        ("gone", "one-side", "only there before the change: 2 periods, 2025-02-01: 112"),
        ("failing", "failed", "could not be run"),
        ("broken", "not-compared", "not compared"),
        ("elsewhere", "failed", "could not be run"),
        ("weekly", "not-compared", "not compared"),
        ("parts", "different", "the same query for the whole"),
        ("twice", "failed", "could not be run"),
        ("zone", "equal", "the same in 2 periods"),
        ("near", "close", "the same in 2 periods, 2 of them but for rounding"),
        ("typed", "different", "2 of 2 periods differ; 2025-02-01: 112 → 112.0"),
        ("empty", "different", "2 of 2 periods differ (2 only before); 2025-02-01: 112"),
    ],
)
def test_each_metric_is_told_what_its_numbers_do(found, metric, outcome, words):
    assert (found[f"a/{metric}"].outcome, summary(found[f"a/{metric}"])) == (outcome, words)


def test_a_value_has_its_difference_and_percent(found):
    values = found["a/moved"].values
    assert [(*it.key, it.old, it.new, it.difference, it.percent) for it in values.cells] == [
        (date(2025, 2, 1), 112.0, 100.0, -12.0, pytest.approx(-100 * 12 / 112)),
        (date(2025, 1, 1), 56.0, 50.0, -6.0, pytest.approx(-100 * 6 / 56)),
    ]


def test_the_parts_that_move_most_come_first(found):
    [plan] = found["a/moved"].movers
    assert (plan.dimension, plan.period, plan.moved, plan.parts) == (
        "plan",
        date(2025, 2, 1),
        2,
        3,
    )
    assert [(it.key[-1], it.old, it.new) for it in plan.cells] == [
        ("pro", 10.0, None),
        ("basic", 22.0, 20.0),
    ]


def test_parts_that_move_within_a_whole_that_does_not_are_found(found):
    parts = found["a/parts"]
    assert parts.values is None
    assert [it.dimension for it in parts.movers] == ["plan"]
    assert "the whole is the same, its parts are not" in parts.notes


@pytest.mark.parametrize(
    ("metric", "note"),
    [
        ("forgotten", "by plan: the query does not change"),
        ("dimension", "there is a query by plan only before the change"),
        ("dimension", "there is a query by tier only after the change"),
        ("weekly", "the grain was monthly and is weekly: their periods are not the same"),
        ("euro", "the unit was USD and is EUR"),
        ("empty", "the new query gives no row on these data"),
        (
            "typed",
            "values are DOUBLE before and VARCHAR after, which are not of one kind",
        ),
        ("zone", f"periods are DATE before and {ZONED} after: compared by their day in UTC"),
    ],
)
def test_what_has_to_be_known_is_said(found, metric, note):
    assert note in found[f"a/{metric}"].notes


def test_a_file_that_cannot_be_read_is_said(found):
    [note] = found["a/broken"].notes
    assert note.startswith("its file cannot be read after the change: ")


def test_a_query_that_fails_on_one_side_is_named_and_the_rest_goes_on(found):
    failing = found["a/failing"]
    assert failing.errors.keys() == {"new"}
    assert "amuont" in failing.errors["new"]
    assert [it.dimension for it in failing.movers] == ["plan"]


def test_a_table_without_data_fails_both_sides_and_says_which(found):
    errors = found["a/elsewhere"].errors
    assert errors.keys() == {"old", "new"}
    assert all("absent" in it for it in errors.values())


def test_two_rows_for_one_period_are_no_number(found):
    assert "two rows for 2025-0" in found["a/twice"].errors["new"]


def test_a_metric_under_another_id_has_the_same_numbers_if_its_query_is_the_same(found):
    assert (found["b/here"].from_, found["b/here"].outcome) == ("a/here", "same-query")


def test_of_a_metric_under_another_name_another_column_may_count(found):
    others = found["a/others"]
    assert others.from_ == "a/columns"
    assert "two rows" in others.errors["old"]


def test_no_query_is_run_twice(values, changed, orders):
    told: list[tuple[int, int]] = []
    sides = choose_sides(locate(changed.path))
    again = value_diff(sides, compare(sides), orders, lambda *it: told.append(it))
    assert again == values
    assert told == [(done, again.runs) for done in range(again.runs + 1)]
    wanted = sum(2 * (1 + len(it.movers)) for it in values.metrics)
    assert again.runs < wanted


def test_nothing_is_run_where_nothing_changes(changed, orders):
    sides = choose_sides(locate(changed.path), "HEAD", "HEAD")
    found = value_diff(sides, compare(sides), orders)
    assert (found.metrics, found.runs) == ((), 0)


def test_data_that_change_meanwhile_are_an_error(changed, orders, tmp_path):
    copy = tmp_path / "orders.parquet"
    copy.write_bytes(orders["orders"][0].read_bytes())
    sides = choose_sides(locate(changed.path))
    diff = compare(sides)

    def touch(done: int, total: int) -> None:
        if done == total:
            copy.touch()

    with pytest.raises(AgnesError, match="the data of orders changed"):
        value_diff(sides, diff, {"orders": [copy]}, touch)


def test_the_json_holds_all_of_it(values):
    said = json.loads(json.dumps(values.as_dict()))
    metrics = {it["id"]: it for it in said["metrics"]}
    assert said["runs"] == values.runs
    moved = metrics["a/moved"]
    assert moved["counts"] == {"equal": 0, "close": 0, "different": 2, "added": 0, "removed": 0}
    assert moved["periods"][0] == {
        "period": "2025-02-01",
        "old": 112.0,
        "new": 100.0,
        "difference": -12.0,
        "percent": pytest.approx(-10.714285714),
        "alike": "different",
    }
    assert moved["movers"][0]["parts"][0]["part"] == "pro"
    assert metrics["a/failing"]["errors"].keys() == {"new"}
