"""A change under review with its numbers."""

from __future__ import annotations

from agnes.numbers.review import review_with_values
from agnes.review import review
from tests.conftest import metric_yaml

MRR = "metrics/revenue/mrr.yml"


def test_the_numbers_come_after_what_changes_and_before_whom_it_hits(catalog, orders):
    text = metric_yaml("mrr", "Monthly recurring revenue").replace("SUM(", "2 * SUM(")
    catalog.write(MRR, text)
    catalog.write("metrics/revenue/half.yml", metric_yaml("half") + "inputs: [revenue/mrr]\n")
    found = review_with_values(catalog.path, orders)
    assert found.review == review(catalog.path)
    written = found.comment()
    parts = ["## Metrics: major", "### Numbers before and after", "### Whom it hits"]
    assert sorted(parts, key=written.index) == parts
    assert "| 🔴 | `revenue/mrr` | 2 of 2 periods differ; 2025-02-01: 112 → 224" in written
    assert found.as_dict()["values"]["metrics"][1]["id"] == "revenue/mrr"
    assert found.as_dict().items() >= found.review.as_dict().items()


def test_it_tells_how_far_it_is(catalog, orders):
    catalog.write(MRR, metric_yaml("mrr").replace("SUM(", "2 * SUM("))
    told: list[tuple[int, int]] = []
    review_with_values(catalog.path, orders, findings=False, advance=lambda *it: told.append(it))
    assert told == [(1, 1), (0, 2), (1, 2), (2, 2)]


def test_two_revisions_have_their_numbers(catalog, orders):
    catalog.write(MRR, metric_yaml("mrr").replace("SUM(", "2 * SUM("))
    catalog.commit("Twice")
    found = review_with_values(catalog.path, orders, "HEAD~1", "HEAD", findings=False)
    assert [it.outcome for it in found.values.metrics] == ["different"]
