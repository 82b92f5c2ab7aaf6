"""Rules about how metrics relate to each other, and to the index."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

from agnes.lint.facts import CatalogFacts, MetricFacts
from agnes.lint.rule import CatalogRule, Finding, Level
from agnes.model.diagnostic import Severity

if TYPE_CHECKING:
    from agnes.yaml.loader import Path


class RelationRule(CatalogRule):
    """A rule about metrics that name metrics."""

    level: ClassVar[Level] = "references"


class UnknownMetric(RelationRule):
    """`inputs` or `replaced_by` names a metric that does not exist.

    Bad:

        name: revenue
        grain: monthly
        inputs: [sales/orders]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        sql: SELECT COUNT(*) AS orders FROM orders

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        inputs: [sales/orders]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG308"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look every id up; one whose file is broken exists."""
        for metric in catalog.metrics.values():
            for node, metric_id in _named(metric):
                if metric_id not in catalog.ids:
                    others = [known for known in catalog.ids if known != metric.id]
                    near = get_close_matches(metric_id, others, 1, 0.7)
                    hint = f"did you mean {near[0]}?" if near else f"take it out of `{node[0]}`"
                    yield self.find(metric.path, node, f"there is no metric {metric_id}", hint)


class Circle(RelationRule):
    """Metrics are made of, or replaced by, each other in a circle.

    Bad:

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        inputs: [sales/orders]
        sql: SELECT SUM(amount) AS revenue FROM orders

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        inputs: [sales/revenue]
        sql: SELECT COUNT(*) AS orders FROM orders

    Good:

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        inputs: [sales/revenue]
        sql: SELECT COUNT(*) AS orders FROM orders
    """

    code = "AG309"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Follow `inputs`, then `replaced_by`, from each metric back to itself."""
        for key in ("inputs", "replaced_by"):
            edges = {
                metric.id: [(node, to) for node, to in _named(metric) if node[0] == key]
                for metric in catalog.metrics.values()
            }
            for metric_id in _in_circles(edges):
                for node, to in edges[metric_id]:
                    way = _way(edges, to, metric_id)
                    if way is not None:
                        message = f"a circle: {' -> '.join([metric_id, *way])}"
                        path = catalog.metrics[metric_id].path
                        yield self.find(path, node, message, f"take one out of `{key}`")


class DeprecatedInput(RelationRule):
    """A metric is made of one that is deprecated or removed.

    Bad:

        # metrics/sales/orders.yml
        name: orders
        status: deprecated
        grain: monthly
        sql: SELECT COUNT(*) AS orders FROM orders

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        inputs: [sales/orders]
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        sql: SELECT COUNT(*) AS orders FROM orders

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        inputs: [sales/orders]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG310"
    severity: ClassVar[Severity] = "warning"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look at the status of each input of a metric that is in use itself."""
        for metric in catalog.metrics.values():
            if metric.status in _RETIRED:
                continue
            for node, metric_id in _named(metric):
                used = catalog.metrics.get(metric_id)
                if node[0] == "inputs" and used is not None and used.status in _RETIRED:
                    message = f"{metric_id} is {used.status}"
                    hint = f"use {used.replaced_by}" if used.replaced_by else None
                    yield self.find(metric.path, node, message, hint)


class ReplacedButInUse(RelationRule):
    """A metric names its successor, but is not deprecated.

    Bad:

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        sql: SELECT COUNT(*) AS orders FROM orders

        # metrics/sales/revenue.yml
        name: revenue
        replaced_by: sales/orders
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/sales/orders.yml
        name: orders
        grain: monthly
        sql: SELECT COUNT(*) AS orders FROM orders

        # metrics/sales/revenue.yml
        name: revenue
        status: deprecated
        replaced_by: sales/orders
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG311"
    severity: ClassVar[Severity] = "warning"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare `replaced_by` with `status`."""
        for metric in catalog.metrics.values():
            if metric.replaced_by and metric.status not in _RETIRED:
                message = (
                    f"it is replaced by {metric.replaced_by}, but its status is {metric.status}"
                )
                hint = "add `status: deprecated`, or delete `replaced_by`"
                yield self.find(metric.path, ("replaced_by",), message, hint, at_key=True)


class IndexDisagrees(RelationRule):
    """metrics/metrics.yml lists a metric that has no file, or leaves one out.

    The index gives categories their order and names; it is never read to answer a question.

    Bad:

        # metrics/metrics.yml
        categories:
          - name: sales
            metrics: [revenue, orders]

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        # metrics/metrics.yml
        categories:
          - name: sales
            metrics: [revenue]

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG208"
    severity: ClassVar[Severity] = "warning"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare both ways, where there is an index."""
        index = catalog.index
        if index is None:
            return
        for metric_id, (category, number) in sorted(index.listed.items()):
            if metric_id not in catalog.ids:
                message = f"{metric_id} is listed, but has no file"
                node = ("categories", category, "metrics", number)
                yield self.find(index.path, node, message, "delete the entry, or add the file")
        for metric_id in sorted(catalog.ids.keys() - index.listed.keys()):
            at = index.categories.get(metric_id.partition("/")[0])
            place: Path = ("categories",) if at is None else ("categories", at, "metrics")
            hint = "add it to its category's metrics"
            message = f"{metric_id} is not listed"
            yield self.find(index.path, place, message, hint, at_key=True)


_RETIRED = ("deprecated", "removed")
Edges = dict[str, list[tuple["Path", str]]]


def _named(metric: MetricFacts) -> Iterator[tuple[Path, str]]:
    for number, metric_id in enumerate(metric.inputs):
        yield ("inputs", number), metric_id
    if metric.replaced_by:
        yield ("replaced_by",), metric.replaced_by


def _in_circles(edges: Edges) -> list[str]:
    """The metrics that are left when those without an edge to the rest are taken away."""
    left = {start: {to for _, to in found if to in edges} for start, found in edges.items()}
    left = {start: found for start, found in left.items() if found}
    while True:
        done = [start for start, found in left.items() if not found & left.keys()]
        if not done:
            return sorted(left)
        for start in done:
            del left[start]


def _way(edges: Edges, start: str, goal: str) -> list[str] | None:
    """A shortest way from one metric to another; None when there is none."""
    ways: dict[str, list[str]] = {start: [start]}
    queue = [start]
    for at in queue:
        if at == goal:
            return ways[at]
        for _, to in edges.get(at, ()):
            if to not in ways:
                ways[to] = [*ways[at], to]
                queue.append(to)
    return None


RULES = (UnknownMetric, Circle, DeprecatedInput, ReplacedButInUse, IndexDisagrees)
