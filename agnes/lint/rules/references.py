"""Rules about what one file says of others: tables, columns, metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from agnes.lint.facts import CatalogFacts, MetricFacts
from agnes.lint.rule import CatalogRule, Finding, Level
from agnes.lint.rules.sql import ReachesOutside
from agnes.model.diagnostic import Severity
from agnes.sql.names import IS_A_FILE, READ_TABLES, is_file_name

if TYPE_CHECKING:
    from agnes.yaml.loader import Path


class ReferenceRule(CatalogRule):
    """A rule about references."""

    level: ClassVar[Level] = "references"


class UnregisteredTable(ReferenceRule):
    """A query reads a table that tables/ does not register.

    Without it nobody knows the table's columns or who may see it. Where a catalog registers no
    table at all, this is a warning.

    Bad:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM ordres

    Good:

        name: revenue
        grain: monthly
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG301"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Look every table up that a query reads, and every one that a metric names."""
        severity: Severity = "error" if catalog.tables else "warning"
        for metric in catalog.metrics.values():
            seen: set[str] = set()
            for query in metric.queries:
                for name, start, length in query.reads:
                    if catalog.table(name) is None and name not in seen:
                        seen.add(name)
                        if not is_file_name(name):
                            finding = self._find(catalog, metric, (query.node,), name, severity)
                            yield finding.within(start, length)
            yield from files_read(catalog, metric)
            for node, name in _named_tables(metric):
                if catalog.table(name) is None and name not in seen:
                    yield self._find(catalog, metric, node, name, severity)

    def _find(
        self, catalog: CatalogFacts, metric: MetricFacts, node: Path, name: str, severity: Severity
    ) -> Finding:
        message, hint = f"the table {name} is not registered", partial(unregistered, catalog, name)
        return self.find(metric.path, node, message, hint, severity=severity)


class TablesDisagree(ReferenceRule):
    """`table` and `tables` are not the tables that the queries read.

    People find a metric by its tables, and may see it if they may see all of them. A metric that
    reads one table names it in `table`; one that joins lists them all in `tables`.

    Bad:

        name: revenue
        grain: monthly
        table: customers
        sql: SELECT SUM(amount) AS revenue FROM orders

    Good:

        name: revenue
        grain: monthly
        table: orders
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG302"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare both ways, where all queries could be read and all names are registered."""
        for metric in catalog.metrics.values():
            if not metric.whole or None in catalog.tables_of(metric):
                continue
            read = {_canonical(catalog, name): name for name in metric.reads}
            named = {_canonical(catalog, name): node for node, name in _named_tables(metric)}
            wrong = {name: node for name, node in named.items() if name not in read}
            for name, node in wrong.items():
                message = f"`{node[0]}` names {name}, which no query reads"
                reads = ", ".join(read.values()) or "no table"
                yield self.find(metric.path, node, message, f"the queries read {reads}")
            missing = [read[name] for name in read if name not in named]
            if wrong:
                continue
            if missing and named:
                node = ("tables",) if metric.tables else ("table",)
                message = f"the queries read {', '.join(missing)} too"
                hint = f"list them: tables: [{', '.join(read)}]"
                yield self.find(metric.path, node, message, hint, at_key=True)
            elif missing:
                message = f"no `table` is named; the queries read {', '.join(missing)}"
                listed = (
                    f"table: {missing[0]}" if len(missing) == 1 else f"tables: [{', '.join(read)}]"
                )
                hint = f"add `{listed}`"
                yield self.find(metric.path, (), message, hint, severity="warning")


class UnknownTimeColumn(ReferenceRule):
    """`time_column` is no column of the metric's tables.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        time_column: ordered_at
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date

    Good:

        name: revenue
        grain: monthly
        table: orders
        time_column: order_date
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date
    """

    code = "AG303"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare with the columns, where they are known."""
        for metric in catalog.metrics.values():
            name, known = metric.time_column, catalog.known_names(metric)
            if name and known is not None and not _is_column(name, known):
                message = f"no table of this metric has a column {name}"
                hint = partial(_near, name, catalog.columns_of(metric) or set())
                yield self.find(metric.path, ("time_column",), message, hint)


class UnknownDimension(ReferenceRule):
    """A dimension is neither a column of the metric's tables nor one that a query gives.

    Bad:

        name: revenue
        grain: monthly
        table: orders
        dimensions: [regoin]
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date

    Good:

        name: revenue
        grain: monthly
        table: orders
        dimensions: [region]
        sql: SELECT order_date, SUM(amount) AS revenue FROM orders GROUP BY order_date
    """

    code = "AG304"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare with the columns, where they are known."""
        for metric in catalog.metrics.values():
            known = catalog.known_names(metric) if metric.dimensions else None
            if known is None:
                continue
            for number, name in enumerate(metric.dimensions):
                if not _is_column(name, known):
                    message = f"no table of this metric has a column {name}"
                    hint = partial(_near, name, known)
                    yield self.find(metric.path, ("dimensions", number), message, hint)


class UnknownKeyColumn(ReferenceRule):
    """A table's `primary_key` names a column that the table does not have.

    Bad:

        # tables/refunds.yml
        id: refunds
        primary_key: refund
        columns:
          refund_id: {basetype: STRING}

    Good:

        # tables/refunds.yml
        id: refunds
        primary_key: refund_id
        columns:
          refund_id: {basetype: STRING}
    """

    code = "AG305"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare with the table's own columns, where it lists any."""
        for table in catalog.tables.values():
            for number, name in enumerate(table.primary_key if table.columns else ()):
                if name.casefold() not in table.column_names:
                    message = f"{table.id} has no column {name}"
                    hint = partial(_near, name, table.column_names)
                    yield self.find(table.path, ("primary_key", number), message, hint)


class SameColumn(ReferenceRule):
    """Two columns of a table differ in case only, which SQL does not see.

    Bad:

        # tables/refunds.yml
        id: refunds
        columns:
          amount: {basetype: NUMERIC}
          Amount: {basetype: STRING}

    Good:

        # tables/refunds.yml
        id: refunds
        columns:
          amount: {basetype: NUMERIC}
    """

    code = "AG306"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare the columns of each table."""
        for table in catalog.tables.values():
            if len(table.column_names) == len(table.columns):
                continue
            seen: dict[str, str] = {}
            for name in table.columns:
                first = seen.setdefault(name.casefold(), name)
                if first != name:
                    message = f"the column {name} is {first} again; case does not count in SQL"
                    node = ("columns", name)
                    yield self.find(table.path, node, message, "keep one of them", at_key=True)


class SharedName(ReferenceRule):
    """Two metrics share a display name or a synonym.

    Whoever asks for it by that word gets either of them.

    Bad:

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        synonyms: [turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders

        # metrics/sales/orders_value.yml
        name: orders_value
        grain: monthly
        synonyms: [Turnover]
        sql: SELECT SUM(amount) AS orders_value FROM orders

    Good:

        # metrics/sales/revenue.yml
        name: revenue
        grain: monthly
        synonyms: [turnover]
        sql: SELECT SUM(amount) AS revenue FROM orders
    """

    code = "AG307"
    severity: ClassVar[Severity] = "warning"

    def check(self, catalog: CatalogFacts) -> Iterator[Finding]:
        """Compare the words of all metrics that are in use."""
        owners: dict[str, list[tuple[MetricFacts, str, int]]] = defaultdict(list)
        for metric in catalog.metrics.values():
            if metric.status in ("deprecated", "removed"):
                continue
            for number, word in enumerate((metric.display_name, *metric.synonyms), -1):
                key = word.casefold()
                owners[" ".join(key.split()) if "  " in key else key.strip()].append(
                    (metric, word, number)
                )
        for claims in owners.values():
            ids = list({metric.id: None for metric, _, _ in claims})
            for metric, word, number in claims if len(ids) > 1 else ():
                others = [other for other in ids[:5] if other != metric.id]
                node = ("display_name",) if number < 0 else ("synonyms", number)
                shown = ", ".join(others[:3]) + (" and more" if len(others) > 3 else "")
                message = f"{word!r} also means {shown}"
                yield self.find(metric.path, node, message, "let one metric have the word")


def files_read(catalog: CatalogFacts, metric: MetricFacts) -> Iterator[Finding]:
    """What its queries read that no table is called, and DuckDB takes for a file."""
    for query in metric.queries:
        for name, start, length in query.reads:
            if is_file_name(name) and catalog.table(name) is None:
                message = f"{name!r} {IS_A_FILE}"
                finding = ReachesOutside.find(metric.path, (query.node,), message, READ_TABLES)
                yield finding.within(start, length)


def _named_tables(metric: MetricFacts) -> Iterator[tuple[Path, str]]:
    if metric.table is not None:
        yield ("table",), metric.table
    for number, name in enumerate(metric.tables):
        yield ("tables", number), name


def _canonical(catalog: CatalogFacts, name: str) -> str:
    table = catalog.table(name)
    return table.id if table else name.casefold()


def unregistered(catalog: CatalogFacts, name: str) -> str:
    """What to do about a table that is not registered."""
    near = get_close_matches(name.casefold(), list(catalog.names), 1, 0.7)
    hint = f"did you mean {catalog.names[near[0]].id}?" if near else f"add tables/{name}.yml"
    alike = [f'"{id_}"' for id_ in catalog.tables if id_.casefold().endswith(f".{name.casefold()}")]
    if len(alike) > 1:
        hint = f"say which one: {' or '.join(sorted(alike)[:3])}"
    return hint


def _is_column(name: str, columns: set[str]) -> bool:
    return name.casefold().rpartition(".")[2] in columns or name.casefold() in columns


def _near(name: str, columns: set[str] | frozenset[str]) -> str | None:
    near = get_close_matches(name.casefold(), sorted(columns), 1, 0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"the columns are {', '.join(sorted(columns))}" if len(columns) <= 12 else None


RULES = (
    UnregisteredTable,
    TablesDisagree,
    UnknownTimeColumn,
    UnknownDimension,
    UnknownKeyColumn,
    SameColumn,
    SharedName,
)
