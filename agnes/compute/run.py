"""Running a metric: as its file has it, or as something that is soundly made of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from agnes.compute.engine import Engine
from agnes.compute.subject import Subject
from agnes.errors import NotDerivableError
from agnes.sandbox import Result
from agnes.sql.ask import Ask, Definition, Derived, canonical

Columns = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Answer:
    """What a metric's query gave.

    Args:
        asked: what was asked for.
        derived: the query that was run.
        result: its rows.
        seconds: from the question to the last row, by the wall clock.
        notes: what to know of the rows, besides what is to know of the query.
    """

    metric: Subject
    asked: Ask
    derived: Derived
    result: Result
    seconds: float
    notes: tuple[str, ...] = ()


def compile_metric(metric: Subject, ask: Ask, columns: Columns) -> Derived:
    """The query that answers what is asked of a metric.

    Args:
        columns: asked for the names of a table's columns.

    Raises:
        NotDerivableError: it cannot be soundly made of the metric's definition.
    """
    variants = {key.removeprefix("by_"): sql for key, sql in metric.sql_variants.items()}
    dimensions = list(dict.fromkeys([*metric.dimensions, *variants]))
    definition = Definition(metric.sql, variants, dimensions, metric.grain)
    if (found := canonical(definition, ask)) is not None:
        return found
    from agnes.sql.derive import derive  # its parser takes longer to import than most queries take

    try:
        return derive(definition, ask, columns)
    except NotDerivableError as error:
        raise NotDerivableError(f"{metric.id}: {error.message}", error.hint) from None


def run(engine: Engine, metric: Subject, ask: Ask, limit: int | None = None) -> Answer:
    """Compute a metric.

    Args:
        limit: the most rows to return.

    Raises:
        NotDerivableError: what is asked cannot be soundly made of the metric's definition.
        SandboxError: the query was refused, failed, or took too much.
    """
    derived = compile_metric(metric, ask, columns_of(engine))
    return execute(engine, metric, ask, derived, limit)


def execute(
    engine: Engine, metric: Subject, ask: Ask, derived: Derived, limit: int | None = None
) -> Answer:
    """Run the query that was made of a metric; see `run`."""
    begun = perf_counter()
    result = engine.query(derived.sql, derived.parameters, limit)
    return Answer(metric, ask, derived, result, perf_counter() - begun)


def columns_of(engine: Engine) -> Columns:
    """The names of tables' columns, as an engine has them."""

    def columns(table: str) -> list[str]:
        return [column.name for column in engine.columns(table)]

    return columns
