"""Answers with a receipt: the same for the command line, the server and agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agnes.compute.data import Files, check_unmoved, files_of, hashes_of, versions_of
from agnes.compute.engine import Engine
from agnes.compute.numbers import read_columns
from agnes.compute.receipt import Receipt, receipt_of
from agnes.compute.run import Answer, columns_of, compile_metric, execute, run
from agnes.compute.subject import Row, Subject
from agnes.errors import AgnesError
from agnes.queries.values import answer as rows_of
from agnes.sql.ask import Ask


def answer(
    engine: Engine,
    row: Mapping[str, Any],
    ask: Ask,
    files: Files | None = None,
    limit: int | None = None,
) -> tuple[Answer, Receipt]:
    """Compute a metric, and account for the number.

    Args:
        row: of `metric_definitions`.
        files: what the engine reads; None where the data is elsewhere.
        limit: the most rows.

    Raises:
        NotDerivableError: what is asked cannot be soundly made of the metric's definition.
        SandboxError: the query was refused, failed, or took too much.
        AgnesError: the data changed meanwhile.
    """
    subject = Row.of(row)
    derived = compile_metric(subject, ask, columns_of(engine))
    before = versions_of(files.tables) if files else {}
    found = execute(engine, subject, ask, derived, limit)
    data = None
    if files is not None:
        read = files_of(found.result.reads, files.tables)
        data = hashes_of(read, files.notes)
        check_unmoved(before, read)
    commit = row.get("commit_id") or None
    if not found.result.rows and (ask.start or ask.end):
        found = replace(found, notes=tuple(_periods_there(engine, subject, ask)))
    sent = engine.compile(derived.sql, derived.parameters)
    return found, receipt_of(
        found, subject, commit=commit, engine=engine.name, sent=sent, data=data
    )


def _periods_there(engine: Engine, metric: Subject, ask: Ask) -> Iterator[str]:
    """What to tell whoever asked for periods that are not there."""
    try:
        there = run(engine, metric, replace(ask, by=(), start=None, end=None)).result
    except AgnesError:
        return
    period, _, _ = read_columns(there.columns, metric, ())
    days = [] if period is None else [row[period] for row in there.rows if row[period] is not None]
    if days and not there.truncated:
        yield f"its periods begin between {min(days):%Y-%m-%d} and {max(days):%Y-%m-%d}"


def document(found: Answer, receipt: Receipt) -> dict[str, Any]:
    """An answer as JSON has it.

    `{metric, display_name, unit, grain, period, dimensions, value, columns, types, rows, row_count,
    truncated, notes, receipt}`: `period`, `dimensions` and `value` name columns; rows are lists of
    values, written as `agnes.queries.values` does.
    """
    metric = found.metric
    period, parts, value = read_columns(found.result.columns, metric, found.asked.by)
    names = [column.name for column in found.result.columns]
    return {
        "metric": metric.id,
        "display_name": metric.display_name,
        "unit": metric.unit,
        "grain": found.asked.grain or metric.grain,
        "period": None if period is None else names[period],
        "dimensions": [names[at] for at in parts],
        "value": names[value],
        **rows_of(found.result),
        "notes": [*warnings(metric), *found.derived.notes, *found.notes],
        "receipt": receipt.as_dict(rows=False),
    }


def warnings(metric: Subject) -> list[str]:
    """What to tell whoever computes a metric that is not in force."""
    if metric.status == "active":
        return []
    instead = f": use {metric.replaced_by}" if metric.replaced_by else ""
    return [f"{metric.id} is {metric.status}{instead}"]
