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
    row = Row.of(metric.model_dump() | {"id": metric.id, "commit_id": "c", "stale": False})
    again = as_metric(row.said())
    assert again == metric
    assert written(row) == written(metric)
    assert meaning(again) == meaning(metric)


def test_it_has_every_field_but_the_certificate():
    assert {it.name for it in fields(Row)} - {"id"} == set(Metric.model_fields) - {"certified"}
