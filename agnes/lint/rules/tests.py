"""Rules about the `tests` of a metric."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from agnes.errors import UsageError
from agnes.lint.facts import CatalogFacts
from agnes.lint.rule import CatalogRule, Finding, Level, MetricRule
from agnes.lint.rules.references import unregistered
from agnes.model.diagnostic import Severity
from agnes.model.names import nearest
from agnes.values.period import parse_period

if TYPE_CHECKING:
    from agnes.lint.metric import ReadMetric


class NoSuchPeriod(MetricRule):
    """The period of a test is none of the metric's grain.

    A day is written `2025-03-14`, a week `2025-W12` or by its Monday, a month `2025-03`, a quarter
    `2025-Q1`, a year `2025`; the first day of a period names it too. Periods are those of the
    calendar: of a fiscal year that begins in another month, write the first day as the query gives
    it, if that is one of a calendar period, else test it with `sql`.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - {period: 2025-Q1, equals: 1200.50}
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date

    Good:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - {period: 2025-03, equals: 1200.50}
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date
    """

    code = "AG801"
    level: ClassVar[Level] = "references"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Read the period of each test."""
        for number, test in enumerate(metric.metric.tests):
            if test.period is not None:
                try:
                    parse_period(test.period, metric.metric.grain)
                except UsageError as error:
                    node = ("tests", number, "period")
                    yield self.find(metric.path, node, error.message, error.hint)


class NoSuchPart(MetricRule):
    """The `where` of a test names what the metric cannot be broken down by.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        dimensions: [region]
        tests:
          - {period: 2025-03, where: {regoin: emea}, equals: 1200.50}
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date

    Good:

        name: revenue
        grain: monthly
        table: orders
        dimensions: [region]
        tests:
          - {period: 2025-03, where: {region: emea}, equals: 1200.50}
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date
    """

    code = "AG802"
    level: ClassVar[Level] = "references"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look each name up among the dimensions and the variants."""
        variants = [key.removeprefix("by_") for key in metric.metric.sql_variants]
        known = list(dict.fromkeys([*metric.metric.dimensions, *variants]))
        for number, test in enumerate(metric.metric.tests):
            for name in test.where or {}:
                if name not in known:
                    near = nearest(name, known, 1)
                    hint = f"did you mean {near[0]}?" if near else "add it to `dimensions`"
                    message = f"the metric has no dimension {name}"
                    node = ("tests", number, "where", name)
                    yield self.find(metric.path, node, message, hint, at_key=True)


class NotAQuery(MetricRule):
    """The `sql` of a test is not one SELECT of tables.

    It finds the rows that there must not be, and never changes anything.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - sql: DELETE FROM orders WHERE amount < 0
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - sql: SELECT order_id FROM orders WHERE amount < 0
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG803"
    level: ClassVar[Level] = "references"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Take what the gate said."""
        for number, problems in metric.refused_tests.items():
            for problem in problems:
                node = ("tests", number, "sql")
                finding = self.find(metric.path, node, problem.message, problem.hint)
                yield finding.within(problem.place.start, problem.place.length)


class ReadsUnknownTable(CatalogRule):
    """The `sql` of a test reads a table that tables/ does not register.

    Besides the tables it may read the metric's own result by the metric's name, and that of
    `sql_by_plan` by `<name>_by_plan`. Where a catalog registers no table at all, this is a warning.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - sql: SELECT 1 FROM ordres WHERE amount < 0
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        table: orders
        tests:
          - sql: SELECT 1 FROM orders WHERE amount < 0
          - sql: SELECT 1 FROM revenue WHERE revenue < 0
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG804"
    level: ClassVar[Level] = "references"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look every table up."""
        severity: Severity = "error" if catalog.tables else "warning"
        for metric in catalog.metrics.values():
            if metric.refused:
                continue  # what its own results are called is not known
            own = {metric.id.rpartition("/")[2] + query.node[3:] for query in metric.queries}
            for number, name, start, length in metric.test_reads:
                if catalog.table(name) is None and name.casefold() not in own:
                    message = f"the table {name} is not registered"
                    hint = partial(unregistered, catalog, name)
                    node = ("tests", number, "sql")
                    finding = self.find(metric.path, node, message, hint, severity=severity)
                    yield finding.within(start, length)


RULES = (NoSuchPeriod, NoSuchPart, NotAQuery, ReadsUnknownTable)
