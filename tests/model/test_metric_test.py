"""A test of a metric, as its file says it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agnes.load.document import read_document
from agnes.model.layout import Slot
from agnes.model.metric import Metric
from agnes.model.metric_test import MetricTest, title

SLOT = Slot("metrics/revenue/mrr.yml", "metric", "revenue/mrr")


def read(tests: str):
    text = f"name: mrr\ngrain: monthly\nsql: SELECT 1\ntests:\n{tests}"
    return read_document(SLOT, text.encode())


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"period": "2025-03", "equals": 5}, "2025-03: equals 5"),
        (
            {"period": "2025-03", "equals": 5.5, "tolerance": 0.001},
            "2025-03: equals 5.5, within 0.001 of it",
        ),
        (
            {"period": "2025-Q1", "where": {"plan": "pro", "region": None}, "between": [1, 2.5]},
            "2025-Q1, plan pro, region null: is between 1 and 2.5",
        ),
        ({"period": "2025", "change_within": "10%"}, "2025: changes by 10% at most"),
        ({"equals": 0}, "equals 0"),
        ({"sql": "SELECT 1\n  WHERE false"}, "no rows: SELECT 1 WHERE false"),
        ({"name": "never negative", "sql": "SELECT 1"}, "never negative"),
    ],
)
def test_a_test_is_valid_and_said_in_words(test, words):
    assert title(MetricTest.model_validate(test).model_dump(exclude_none=True)) == words


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ({"period": "2025"}, "must have one of equals, between, change_within, sql; it has none"),
        ({"equals": 1, "between": [1, 2]}, "it has equals and between"),
        ({"sql": "SELECT 1", "period": "2025"}, "has `sql`, which says itself"),
        ({"sql": "SELECT 1", "where": {"plan": "pro"}}, "has `sql`, which says itself"),
        ({"between": [1, 2], "tolerance": 0.1}, "has a `tolerance`, which goes with `equals`"),
        ({"change_within": "10%"}, "needs a `period`"),
        ({"between": [2, 1]}, "must have the smaller number first"),
        ({"equals": True}, "must be a number"),
        ({"equals": float("nan")}, "must be a number"),
        ({"equals": 1, "tolerance": -1}, "must not be negative"),
    ],
)
def test_a_test_that_says_nothing_or_too_much_is_refused(test, reason):
    with pytest.raises(ValidationError, match=reason):
        MetricTest.model_validate(test)


def test_a_file_keeps_the_order_of_keys_and_what_was_written():
    metric = read("- {equals: 118213.40, period: 2025-03, where: {plan: null}, name: }\n").value
    assert isinstance(metric, Metric)
    assert list(metric.to_yaml())[-2:] == ["tests", "sql"]
    assert metric.to_yaml()["tests"] == [
        {"period": "2025-03", "where": {"plan": None}, "equals": 118213.4}
    ]


@pytest.mark.parametrize(
    ("test", "code", "message", "hint"),
    [
        ("{equlas: 5}", "AG202", "unknown key `tests[0].equlas`", "did you mean `equals`?"),
        ("5", "AG203", "`tests[0]` must be a mapping, not '5'", None),
        (
            "{between: [1]}",
            "AG203",
            "`tests[0].between` must be two numbers: [1000, 2000]",
            None,
        ),
        (
            "{period: 2025-03, change_within: 10}",
            "AG203",
            "`tests[0].change_within` must be a percentage such as 10%, not '10'",
            None,
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(test, code, message, hint):
    found = read(f"- {test}\n").diagnostics[0]
    assert (found.code, found.message, found.hint, found.line) == (code, message, hint, 5)
