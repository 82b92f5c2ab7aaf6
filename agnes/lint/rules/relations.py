"""Rules about how metrics relate to each other, and to the index."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from graphlib import CycleError, TopologicalSorter
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
                    hint = partial(_meant, catalog, metric, node, metric_id)
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
            nodes = {
                metric.id: {to: node for node, to in _named(metric) if node[0] == key}
                for metric in catalog.metrics.values()
            }
            for circle in _circles({start: set(found) for start, found in nodes.items() if found}):
                for at, metric_id in enumerate(circle):
                    way = [*circle[at:], *circle[:at], metric_id]
                    message = f"a circle: {' -> '.join(_shortened(way))}"
                    path, node = catalog.metrics[metric_id].path, nodes[metric_id][way[1]]
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
    """metrics/metrics.yml lists a metric that has no file, or twice, or leaves one out.

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
        for name, place in index.twice:
            yield self.find(index.path, tuple(place), f"{name} is listed twice", "delete this one")
        for metric_id, (category, number) in sorted(index.listed.items()):
            if metric_id not in catalog.ids:
                message = f"{metric_id} is listed, but has no file"
                node: Path = ("categories", category, "metrics", number)
                yield self.find(index.path, node, message, "delete the entry, or add the file")
        for metric_id in sorted(catalog.ids.keys() - index.listed.keys()):
            at = index.categories.get(metric_id.partition("/")[0])
            node = ("categories",) if at is None else ("categories", at, "metrics")
            hint = "add it to its category's metrics"
            message = f"{metric_id} is not listed"
            yield self.find(index.path, node, message, hint, at_key=True)


_RETIRED = ("deprecated", "removed")
_MOST_CIRCLES, _MOST_NAMES = 50, 8


def _named(metric: MetricFacts) -> Iterator[tuple[Path, str]]:
    for number, metric_id in enumerate(metric.inputs):
        yield ("inputs", number), metric_id
    if metric.replaced_by:
        yield ("replaced_by",), metric.replaced_by


def _meant(catalog: CatalogFacts, metric: MetricFacts, node: Path, metric_id: str) -> str:
    others = [known for known in catalog.ids if known != metric.id]
    near = get_close_matches(metric_id, others, 1, 0.7)
    return f"did you mean {near[0]}?" if near else f"take it out of `{node[0]}`"


def _circles(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    """Ways from a metric back to itself, each once; no more than anybody would read."""
    for _ in range(_MOST_CIRCLES):
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            circle = error.args[1][:0:-1]
            yield circle
            edges[circle[0]].discard(circle[1 % len(circle)])
        else:
            return


def _shortened(way: list[str]) -> list[str]:
    return way if len(way) <= _MOST_NAMES else [*way[: _MOST_NAMES - 2], "...", way[-1]]


RULES = (UnknownMetric, Circle, DeprecatedInput, ReplacedButInUse, IndexDisagrees)
