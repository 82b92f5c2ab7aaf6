"""The numbers of a change: what differs is run before and after on the same data, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from agnes.compute.data import check_unmoved, versions_of
from agnes.compute.engine import DuckDB
from agnes.diff.change import Change, Diff
from agnes.diff.compare import Advance
from agnes.diff.sides import Sides
from agnes.diff.versions import key_called, metric_at
from agnes.errors import AgnesError
from agnes.numbers.metric_diff import MetricDiff
from agnes.numbers.pair import Pair, Rows
from agnes.queries import Tables
from agnes.sandbox import Result

WORKERS = 2
"""Queries that run at a time, each in a sandbox of its own."""


@dataclass(frozen=True)
class ValueDiff:
    """The numbers of a change.

    Args:
        metrics: those whose numbers may be others, in the order of their ids.
        runs: how many queries were run.
    """

    metrics: tuple[MetricDiff, ...]
    runs: int

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {"runs": self.runs, "metrics": [it.as_dict() for it in self.metrics]}


def value_diff(
    sides: Sides, diff: Diff, tables: Tables, advance: Advance = lambda _done, _total: None
) -> ValueDiff:
    """Run what a change makes of metrics, and what they were, on the same data.

    Only metrics that come, go, get another id or another query are run, and no query twice.

    Args:
        tables: the parquet files of each table.
        advance: told how many queries have run, and of how many.

    Raises:
        AgnesError: the data changed meanwhile.
        GitError: an object is missing.
    """
    pairs = [pair for change in diff.changes if (pair := _pair(sides, change)) and pair.matters]
    wanted = {form: sql for pair in pairs for form, sql in pair.queries()}
    before = versions_of(tables)
    rows = _run(wanted, tables, advance)
    check_unmoved(before, {name: files[0] for name, files in tables.items()})
    return ValueDiff(tuple(pair.compare(rows) for pair in pairs), len(rows))


def _pair(sides: Sides, change: Change) -> Pair | None:
    """What a change is about, if that is a metric."""
    if key_called(change.id)[0] != "metric":
        return None
    before = change.from_ if change.kind == "renamed" and change.from_ else change.id
    old = metric_at(sides.repository, sides.base_tree, before) if change.kind != "added" else None
    new = metric_at(sides.repository, sides.head_tree, change.id)
    return Pair(change, old, new if change.kind != "removed" else None)


def _run(queries: Mapping[str, str], tables: Tables, advance: Advance) -> Rows:
    """Run some queries, two at a time."""
    found: dict[str, Result | AgnesError] = {}
    if not queries:
        return found
    advance(0, len(queries))
    with DuckDB(tables, workers=WORKERS) as engine, ThreadPoolExecutor(WORKERS) as threads:
        running = {threads.submit(engine.query, sql): form for form, sql in queries.items()}
        try:
            for future in as_completed(running):
                try:
                    found[running[future]] = future.result()
                except AgnesError as error:
                    found[running[future]] = error
                advance(len(found), len(queries))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            engine.cancel()
            raise
    return found
