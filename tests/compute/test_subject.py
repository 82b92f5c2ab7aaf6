"""A metric, as far as computing it needs to know."""

from __future__ import annotations

from dataclasses import fields

import pytest

from agnes.compute.subject import Row
from agnes.load.certificate import meaning, written
from agnes.load.export import as_metric
from agnes.model.metric import Metric
from tests.compute.conftest import METRICS


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_row_says_what_the_metric_says(metric):
    metric = metric.model_copy(update={"tests": []})  # which are in git alone
    row = Row.of(metric.model_dump() | {"id": metric.id, "commit_id": "c", "stale": False})
    again = as_metric(row.said())
    assert again == metric
    assert written(row) == written(metric)
    assert meaning(again) == meaning(metric)


def test_it_has_every_field_but_those_of_git_alone():
    own = set(Metric.model_fields) - {"certified", "tests"}
    assert {it.name for it in fields(Row)} - {"id"} == own
