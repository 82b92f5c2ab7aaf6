"""Which queries can be bound, and what the outcome means for the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agnes.lint.facts import CatalogFacts, MetricFacts, QueryFacts, TableFacts
from agnes.lint.rule import Finding
from agnes.lint.rules.engine import DoesNotBind, TooCostlyToBind, UnknownColumns


@dataclass(frozen=True)
class Task:
    """A query to bind, and the tables that it reads by the names that it reads them by."""

    metric: MetricFacts
    query: QueryFacts
    tables: dict[str, TableFacts]

    @cached_property
    def key(self) -> str:
        """Of its text and its tables' columns: all that the outcome depends on."""
        tables = " ".join(f"{name} {table.digest}" for name, table in sorted(self.tables.items()))
        return f"bind {self.query.digest} {tables}"

    def finding(self, outcome: dict[str, Any] | None) -> Finding | None:
        """What an outcome means for the file."""
        if not outcome:
            return None
        rule = DoesNotBind if outcome["rule"] == DoesNotBind.code else TooCostlyToBind
        node = (self.query.node,)
        finding = rule.find(self.metric.path, node, outcome["message"], outcome["hint"])
        if outcome["start"] is None:
            return finding
        return finding.within(outcome["start"], outcome["length"])


def tasks(catalog: CatalogFacts) -> Iterator[Task | Finding]:
    """The queries that can be bound; a finding for those whose tables list no columns.

    Queries that read tables that are not registered, or whose files cannot be read, are left out:
    that is said already.
    """
    for metric in catalog.metrics.values():
        unlisted: set[str] = set()
        for query in metric.queries:
            found = {name: catalog.table(name) for name, _, _ in query.reads}
            tables = {name: table for name, table in found.items() if table is not None}
            without = {table.id for table in tables.values() if not table.columns}
            broken = {table.id for table in tables.values() if not table.whole}
            for table_id in sorted(without - unlisted - broken):
                message = f"{table_id} lists no columns, so queries on it are not checked"
                hint = f"add `columns` to tables/{table_id}.yml"
                yield UnknownColumns.find(metric.path, (query.node,), message, hint, at_key=True)
            unlisted |= without
            if len(tables) == len(found) and not without:
                yield Task(metric, query, tables)
        yield from _expression_task(catalog, metric)


def _expression_task(catalog: CatalogFacts, metric: MetricFacts) -> Iterator[Task]:
    """The `expression`, to be bound on the one table; not where a query makes its columns up."""
    tables = {table.id if table else "": table for table in catalog.tables_of(metric)}
    known = catalog.known_names(metric)
    if metric.expression is None or len(tables) != 1 or known is None:
        return
    [(name, table)] = tables.items()
    names = metric.expression.names
    if table and table.columns and names and not (known - table.column_names).intersection(names):
        yield Task(metric, metric.expression, {name: table})
