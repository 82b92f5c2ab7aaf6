"""Rules about the queries of one metric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from agnes.lint.rule import Finding, Level, MetricRule
from agnes.model.diagnostic import Severity

if TYPE_CHECKING:
    from agnes.lint.metric import ReadMetric


class SqlRule(MetricRule):
    """A rule about SQL."""

    level: ClassVar[Level] = "references"


class _Refused(SqlRule):
    """A reason for which the gate refuses a query. What it refuses nobody may wave through."""

    kind: ClassVar[str]

    @classmethod
    def fixed(cls) -> bool:
        """Always."""
        return True

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Take what the gate said."""
        for node, problems in metric.refused.items():
            for problem in problems:
                if problem.kind == self.kind:
                    finding = self.find(metric.path, (node,), problem.message, problem.hint)
                    yield finding.within(problem.place.start, problem.place.length)


class InvalidSql(_Refused):
    """A query is not valid SQL.

    The dialect is DuckDB's.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG401"
    kind = "syntax"


class NotOneSelect(_Refused):
    """A query is not exactly one SELECT.

    A definition reads. Statements that change something have no place in it, also not inside a
    CTE, nor do several statements, parameters or SELECT ... INTO.

    Bad:

        name: revenue
        grain: monthly
        sql: |
          WITH gone AS (DELETE FROM orders RETURNING amount)
          SELECT SUM(amount) AS revenue FROM gone

    Good:

        name: revenue
        grain: monthly
        sql: |
          WITH paid AS (SELECT amount FROM orders)
          SELECT SUM(amount) AS revenue FROM paid
    """

    code = "AG402"
    kind = "statement"


class ReachesOutside(_Refused):
    """A query reads a file, the network, the environment or the engine's own tables.

    Only tables that the catalog registers are read, so that access rules hold and every machine
    gives the same answer.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM read_csv('/tmp/orders.csv')

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG403"
    kind = "access"


class TooLarge(_Refused):
    """A query is larger than 65,536 characters or 1,000 columns, or nests too deeply to be read.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """  # noqa: E501

    code = "AG404"
    kind = "size"


class NotAnAggregate(SqlRule):
    """`expression` is neither an aggregate nor a calculation over aggregates.

    A metric that is made of others may say how, by their names: `revenue / orders`.

    Bad:

        name: revenue
        grain: monthly
        expression: amount
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        expression: SUM(amount)
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG405"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Parse it."""
        from agnes.sql.expression import check_expression, is_made_of

        expression = metric.metric.expression or "COUNT(*)"
        if is_made_of(expression, metric.metric.inputs):
            return
        for problem in check_expression(expression):
            message = f"`expression`: {problem.message}"
            finding = self.find(metric.path, ("expression",), message, problem.hint)
            yield finding.within(problem.place.start, problem.place.length)


class UndeclaredVariant(SqlRule):
    """A `sql_by_<x>` does not group by a declared dimension x.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
        sql_by_region: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region

    Good:

        name: revenue
        grain: monthly
        dimensions: [region]
        sql: SELECT SUM(amount) AS revenue FROM orders
        sql_by_region: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region
    """

    code = "AG406"
    severity: ClassVar[Severity] = "warning"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look at the declared dimensions, and at what the query groups by."""
        declared = {name.casefold().rpartition(".")[2] for name in metric.metric.dimensions}
        for key in metric.metric.sql_variants:
            name, node = key.removeprefix("by_").casefold(), f"sql_{key}"
            if name in _PERIODS:
                continue
            if name not in declared:
                message = f"{name} is not among the dimensions"
                hint = f"add it: dimensions: [{name}]"
                yield self.find(metric.path, (node,), message, hint, at_key=True)
            elif node in metric.queries and name not in metric.queries[node].grouped_by:
                message = f"the query does not group by {name}"
                hint = f"select {name} and GROUP BY it"
                yield self.find(metric.path, (node,), message, hint, at_key=True)


class SelectStar(SqlRule):
    """A query selects `*`, so its columns change with the tables.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT * FROM (SELECT SUM(amount) AS revenue FROM orders) AS total

    Good:

        name: revenue
        grain: monthly
        sql: SELECT revenue FROM (SELECT SUM(amount) AS revenue FROM orders) AS total
    """

    code = "AG407"
    severity: ClassVar[Severity] = "hint"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look at every SELECT."""
        for node, query in metric.queries.items():
            for star in query.stars:
                finding = self.find(
                    metric.path, (node,), "`*` selects whatever is there", _NAME_THEM
                )
                yield finding.within(star.start, star.length)


class UnusedTimeColumn(SqlRule):
    """The query never mentions the metric's `time_column`.

    A canonical query gives one row per period, which it cuts from that column.

    Bad:

        name: revenue
        grain: monthly
        time_column: order_date
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        time_column: order_date
        sql: |
          SELECT DATE_TRUNC('month', order_date) AS month, SUM(amount) AS revenue
          FROM orders
          GROUP BY 1
    """

    code = "AG408"
    severity: ClassVar[Severity] = "hint"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look for the name among the columns of the canonical query."""
        name, query = metric.metric.time_column, metric.queries.get("sql")
        if name and query and name.casefold().rpartition(".")[2] not in query.columns:
            message = f"the query does not use the time column {name}"
            yield self.find(metric.path, ("sql",), message, "give one row per period", at_key=True)


class OrderWithoutDirection(SqlRule):
    """The result is ordered without saying in which direction.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region ORDER BY region

    Good:

        name: revenue
        grain: monthly
        sql: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region ORDER BY region ASC
    """

    code = "AG409"
    severity: ClassVar[Severity] = "hint"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look at the outermost ORDER BY."""
        for node, query in metric.queries.items():
            for term in query.directionless:
                finding = self.find(metric.path, (node,), "ORDER BY without a direction", "add ASC")
                yield finding.within(term.start, term.length)


class Limited(SqlRule):
    """The result is cut off by a LIMIT, so that sums over it are wrong.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region LIMIT 10

    Good:

        name: revenue
        grain: monthly
        sql: SELECT region, SUM(amount) AS revenue FROM orders GROUP BY region
    """

    code = "AG410"
    severity: ClassVar[Severity] = "hint"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look at the outermost LIMIT."""
        for node, query in metric.queries.items():
            if query.limit is not None:
                hint = "leave the limit to whoever asks"
                finding = self.find(metric.path, (node,), "LIMIT cuts rows off", hint)
                yield finding.within(query.limit.start, query.limit.length)


class CrossJoin(SqlRule):
    """Tables are joined without a condition, which pairs every row with every row.

    Write CROSS JOIN where that is meant.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders, customers

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders JOIN customers USING (customer_id)
    """

    code = "AG411"
    severity: ClassVar[Severity] = "hint"

    def check(self, metric: ReadMetric) -> Iterator[Finding]:
        """Look at every join."""
        for node, query in metric.queries.items():
            for table in query.crossed:
                hint = "add ON or USING, or say CROSS JOIN"
                finding = self.find(metric.path, (node,), "a join without a condition", hint)
                yield finding.within(table.start, table.length)


_PERIODS = frozenset(
    "day week month quarter year date daily weekly monthly quarterly yearly hour".split()
)
_NAME_THEM = "name the columns"

RULES = (
    InvalidSql,
    NotOneSelect,
    ReachesOutside,
    TooLarge,
    NotAnAggregate,
    UndeclaredVariant,
    SelectStar,
    UnusedTimeColumn,
    OrderWithoutDirection,
    Limited,
    CrossJoin,
)
