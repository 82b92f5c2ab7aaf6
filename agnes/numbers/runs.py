"""Runs of metrics' queries that do not run the same twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agnes.compute.data import hashes_of, tables_read
from agnes.compute.engine import DuckDB, Engine
from agnes.compute.folder import Data
from agnes.compute.numbers import canonical_sql, read_numbers
from agnes.compute.pinned import DataSnapshot
from agnes.errors import AgnesError, SandboxError
from agnes.model.metric import Metric
from agnes.numbers.values import by_day
from agnes.sandbox import Result
from agnes.sql.canonical import canonical


@dataclass
class Runs:
    """Queries of metrics on one set of data; those that mean the same are run once.

    Args:
        count: how many were run.
    """

    engine: Engine
    count: int = 0
    _known: dict[str, Result | SandboxError] = field(default_factory=dict)

    def rows(self, sql: str) -> Result:
        """The rows of a query.

        Raises:
            SandboxError: it was refused, failed, or took too much.
        """
        form = canonical(sql) or sql
        if form not in self._known:
            self.count += 1
            try:
                self._known[form] = self.engine.query(sql)
            except SandboxError as error:
                self._known[form] = error
        found = self._known[form]
        if isinstance(found, SandboxError):
            raise found
        return found

    def values(self, metric: Metric) -> dict[date | None, Any]:
        """The values of a metric by the first day of their period.

        Raises:
            AgnesError: its query fails, or gives something else.
        """
        return by_day(read_numbers(self.rows(canonical_sql(metric)), metric, []))


@dataclass
class DataRuns:
    """Runs of one metric's query on several sets of data; on equal tables it is run once.

    Args:
        count: how many were run.
    """

    metric: Metric
    count: int = 0
    _known: dict[tuple[tuple[str, str], ...], dict[date | None, Any] | AgnesError] = field(
        default_factory=dict
    )

    def values(self, data: Data | DataSnapshot) -> dict[date | None, Any]:
        """The values of the metric by the first day of their period.

        Raises:
            AgnesError: the data is damaged, the query fails, or it gives something else.
        """
        tables = (data.data() if isinstance(data, DataSnapshot) else data).tables
        read = tables_read(canonical_sql(self.metric), tables)
        hashes = data.hashes if isinstance(data, DataSnapshot) else hashes_of(read, {})
        key = tuple((table_id, hashes[table_id]) for table_id in read)
        if key not in self._known:
            self.count += 1
            try:
                with DuckDB(tables) as engine:
                    self._known[key] = Runs(engine).values(self.metric)
            except AgnesError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, AgnesError):
            raise found
        return found
