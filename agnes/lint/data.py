"""Running queries on real data, in the sandbox: do they work, and give what was expected?"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.errors import SandboxError
from agnes.lint.facts import CatalogFacts, MetricFacts, QueryFacts
from agnes.lint.rule import Finding
from agnes.lint.rules.engine import FailsOnData, NoData, NoRows, WrongResult
from agnes.model.scalar import number
from agnes.sandbox import Limits, ParquetTable, Result, Sandbox

if TYPE_CHECKING:
    from agnes.yaml.loader import Path as Node

LIMITS = Limits(seconds=60, memory_mb=4096, rows=100_000)
TOLERANCE = 1e-9
_NEAR_ZERO = 1e-9
"""Of zero nothing is a part, yet sums of floats seldom give it exactly."""

Row = Sequence[Any]


def run_on_data(
    catalog: CatalogFacts,
    folder: Path,
    text: Callable[[str, str], str],
    validation: Callable[[str], object],
    progress: Callable[[int], None],
    broken: Container[tuple[str, str]] = (),
) -> Iterator[Finding]:
    """Run every query on `<folder>/<table_id>.parquet`.

    Args:
        broken: queries that are known not to run, as `text` takes them.
        text: reads a query: path of the metric's file and key in it.
        validation: reads a metric's `validation`.
        progress: told how many more are done.
    """
    tables = dict(_tables(catalog, folder))
    with Sandbox(tables.values(), LIMITS) as sandbox:
        for metric in catalog.metrics.values():
            missing = [name for name in metric.reads if _key(name) not in tables]
            for name in missing:
                table = catalog.table(name)
                file = folder / f"{table.id if table else name}.parquet"
                message = f"{folder} has no {file.name}"
                if file.is_symlink():
                    message = f"{file} is a symbolic link that leads elsewhere, or nowhere"
                yield NoData.find(metric.path, ("sql",), message, "not run", at_key=True)
            for query in metric.queries:
                if not missing and (metric.path, query.node) not in broken:
                    expected = validation(metric.path) if query.node == "sql" else None
                    yield from _run(sandbox, metric, query, text(metric.path, query.node), expected)
                progress(1)


def _tables(catalog: CatalogFacts, folder: Path) -> Iterator[tuple[str, ParquetTable]]:
    """A table for each name that a query reads and that there is a file for."""
    names = {name for metric in catalog.metrics.values() for name in metric.reads}
    for name in sorted(names):
        table = catalog.table(name)
        file = folder / f"{table.id if table else name}.parquet"
        if file.is_file() and file.resolve().parent == folder.resolve():
            yield _key(name), ParquetTable(_key(name), [file.resolve()])


def _key(name: str) -> str:
    return name.casefold().removeprefix("main.")


def _run(
    sandbox: Sandbox, metric: MetricFacts, query: QueryFacts, sql: str, expected: object
) -> Iterator[Finding]:
    node = (query.node,)
    try:
        result = sandbox.query(sql)
    except SandboxError as error:
        if error.kind == "crashed":
            sandbox.query("SELECT 1")  # if that fails too, it is not the query's fault
        finding = FailsOnData.find(metric.path, node, error.message.split("\n")[0], error.hint)
        at = error.position
        yield finding if at is None else finding.within(at, error.length or 1)
        return
    if not result.rows:
        yield NoRows.find(metric.path, node, "the query gives no row on this data", at_key=True)
    if isinstance(expected, dict):
        given = expected.get("tolerance")
        tolerance = number(TOLERANCE if given is None else given)
        if tolerance is None or tolerance < 0:
            return  # as AG203 says
        for where, message in differences(result, expected.get("result"), float(tolerance)):
            yield WrongResult.find(metric.path, ("validation", "result", *where), message)


def differences(
    result: Result, expected: object, tolerance: float = TOLERANCE
) -> Iterator[tuple[Node, str]]:
    """How a result differs from what `validation: {result: ...}` says.

    Args:
        expected: a number: the only value of the only row; a mapping: the first column's value to
            the last one's; a list of mappings: rows that must be there, by the columns they name.
            Text that is no number is for people, and is not compared.
        tolerance: relative.

    Returns:
        Pairs of the key or number in `expected` that differs, nothing for all of it, and a message.
    """
    match expected:
        case list():
            yield from _missing_rows(result, expected, tolerance)
        case dict():
            firsts = [_text(row[0]) for row in result.rows]
            for key, wanted in expected.items():
                if firsts.count(key) != 1:
                    yield (key,), f"{firsts.count(key) or 'no'} rows begin with {key}"
                elif not same(value := result.rows[firsts.index(key)][-1], wanted, tolerance):
                    yield (key,), f"{key} gives {_text(value)}, not {_text(wanted)}"
        case _ if isinstance(expected, bool) or number(expected) is not None:
            if len(result.rows) != 1:
                shown = f"{len(result.rows)} rows, not one value; list rows instead"
                yield (), f"the query gives {shown}"
            elif not same(value := result.rows[0][-1], expected, tolerance):
                yield (), f"the query gives {_text(value)}, not {_text(expected)}"


def _missing_rows(
    result: Result, expected: Sequence[Any], tolerance: float
) -> Iterator[tuple[Node, str]]:
    names = [column.name for column in result.columns]
    rows = [dict(zip(names, row, strict=True)) for row in result.rows]
    for at, wanted in enumerate(expected):
        if not isinstance(wanted, dict):
            yield (at,), f"{_text(wanted)} is no row: write a mapping of columns to values"
        elif not any(_fits(row, wanted, tolerance) for row in rows):
            shown = ", ".join(f"{key}: {_text(value)}" for key, value in wanted.items())
            yield (at,), f"no row has {shown}"


def _fits(row: Mapping[str, Any], wanted: Mapping[str, Any], tolerance: float) -> bool:
    return all(key in row and same(row[key], value, tolerance) for key, value in wanted.items())


def same(value: Any, expected: Any, tolerance: float) -> bool:
    """Whether a value is what was expected: numbers within the tolerance, all else by its text."""
    if expected is None or value is None:
        return value is expected
    if _text(value) == _text(expected):
        return True
    one, other = number(value), number(expected)
    if one is None or other is None or isinstance(value, str):
        return False
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=_NEAR_ZERO)


def _text(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime(hour=0, minute=0, second=0, microsecond=0):
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)
