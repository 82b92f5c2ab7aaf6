"""Rules that the engine decides: queries are bound to empty tables, or run on real data."""

from __future__ import annotations

from typing import ClassVar

from agnes.lint.rule import Level, Rule
from agnes.model.diagnostic import Severity


class BindingRule(Rule):
    """A rule that is checked by preparing a query in DuckDB; see agnes/lint/binding.py."""

    level: ClassVar[Level] = "binding"


class DoesNotBind(BindingRule):
    """DuckDB cannot prepare the query on the registered columns.

    A column or a function is misspelt, a type does not fit, a column is not grouped by. The query
    is prepared on empty tables made of `tables/*.yml`, and never run.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        sql: SELECT SUM(amuont) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        table: orders
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG501"


class TooCostlyToBind(BindingRule):
    """Preparing the query takes more time or memory than any query should.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        sql: SELECT SUM(amount) AS revenue FROM orders LIMIT length(repeat('x', 4000000000))

    Good:

        name: revenue
        grain: monthly
        table: orders
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG502"


class UnknownColumns(BindingRule):
    """A table that a query reads lists no columns, so the query cannot be checked against them.

    Bad:

        # tables/refunds.yml
        id: refunds

        # metrics/sales/refunded.yml
        name: refunded
        grain: monthly
        table: refunds
        sql: SELECT SUM(amount) AS refunded FROM refunds

    Good:

        # tables/refunds.yml
        id: refunds
        columns:
          amount: {basetype: NUMERIC}

        # metrics/sales/refunded.yml
        name: refunded
        grain: monthly
        table: refunds
        sql: SELECT SUM(amount) AS refunded FROM refunds
    """

    code = "AG503"
    severity: ClassVar[Severity] = "hint"


class DataRule(Rule):
    """A rule that is checked by running a query; with `--data` alone. See agnes/lint/data.py."""

    level: ClassVar[Level] = "data"


class FailsOnData(DataRule):
    """The query fails on real data, or takes too long.

    It binds, but a value does not fit: text that is no number in a CAST, a sum that overflows.
    """

    code = "AG601"


class WrongResult(DataRule):
    """The query does not give the result that `validation` says.

    `validation: {result: ...}` holds a number for a query that gives one value, a mapping of the
    first column's value to the last one's, or a list of rows. `tolerance` is relative, 1e-9 by
    default. Text that is no number is for people, and is not compared.
    """

    code = "AG602"


class NoData(DataRule):
    """The data folder has no parquet file for a table that the query reads."""

    code = "AG603"
    severity: ClassVar[Severity] = "warning"


class NoRows(DataRule):
    """The query gives no row on real data."""

    code = "AG604"
    severity: ClassVar[Severity] = "warning"


RULES = (
    DoesNotBind,
    TooCostlyToBind,
    UnknownColumns,
    FailsOnData,
    WrongResult,
    NoData,
    NoRows,
)
