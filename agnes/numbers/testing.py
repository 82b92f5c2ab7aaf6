"""Running the tests of metrics on data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Literal, get_args

from agnes.compute.engine import Engine
from agnes.compute.numbers import Numbers, read_numbers
from agnes.compute.run import run
from agnes.errors import AgnesError
from agnes.model.metric import Metric
from agnes.model.metric_test import title
from agnes.numbers.cases import Case, Cases
from agnes.numbers.verdict import Verdict, judge, said
from agnes.queries.tables import names_of
from agnes.sql.ask import Ask
from agnes.sql.gate import read_query
from agnes.sql.names import lower
from agnes.sql.problem import RefusedSqlError
from agnes.sql.results import reading

Status = Literal["passed", "failed", "error", "skipped"]
SHOWN_ROWS = 20
"""Rows that are asked for of those that there must not be."""


@dataclass(frozen=True)
class Outcome:
    """What came of one test.

    Args:
        metric: its id.
        name: what the test is called, else what it asserts.
        path, line: where it is written.
        status: `error` where it could not be run, `skipped` where there is no data.
        reason: why it did not pass.
        expected, got: of a comparison that failed, for people.
        seconds: how long it took; a query that several tests need counts for the first of them.
    """

    metric: str
    name: str
    path: str
    line: int
    status: Status
    reason: str | None = None
    expected: str | None = None
    got: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """What came of all tests, in the order of files and lines."""

    outcomes: list[Outcome]

    def count(self, status: Status) -> int:
        """How many tests came out so."""
        return Counter(it.status for it in self.outcomes)[status]

    def is_good(self, *, strict: bool) -> bool:
        """Whether nothing failed.

        Args:
            strict: a test that was not run counts as failed.
        """
        return not (
            self.count("failed") or self.count("error") or (strict and self.count("skipped"))
        )

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        tally = {status: self.count(status) for status in get_args(Status)}
        return {"tests": len(self.outcomes)} | tally | {"results": [*map(asdict, self.outcomes)]}


def run_tests(
    engine: Engine,
    cases: Cases,
    data: Iterable[str],
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Run tests; one that cannot be run does not hold up the others.

    Args:
        data: ids of the tables that the engine has data of.
        advance: told how many tests are done, and of how many.
    """
    outcomes = []
    runner = _Runner(engine, cases.tables, names_of({table: [] for table in data}))
    total = len(cases.found)
    for done, case in enumerate(cases.found):
        advance(done, total)
        outcomes.append(runner.outcome(case))
    advance(total, total)
    for metric_id, found in cases.broken:
        reason = f"{found.message}, so its tests are not known"
        outcomes.append(Outcome(metric_id, "the file", found.path, found.line, "error", reason))
    return Report(sorted(outcomes, key=lambda it: (it.path, it.line)))


class _NoDataError(Exception):
    """There is no data of a table."""


class _Runner:
    """Runs each query of a metric once, however many tests look at its numbers."""

    def __init__(self, engine: Engine, registered: Iterable[str], data: Container[str]) -> None:
        self._engine = engine
        self._registered = names_of({table: [] for table in registered})
        self._data = data
        self._numbers: dict[tuple[str, tuple[str, ...]], Numbers | Exception] = {}

    def outcome(self, case: Case) -> Outcome:
        name = title(case.test.model_dump(exclude_none=True))
        begun = perf_counter()
        status: Status
        expected = got = reason = None
        try:
            verdict = self._verdict(case)
        except _NoDataError as missing:
            status, reason = "skipped", str(missing)
        except AgnesError as error:
            first = error.message.splitlines()[0]
            status, reason = "error", f"{first}; {error.hint}" if error.hint else first
        else:
            status = "passed" if verdict.passed else "failed"
            if not verdict.passed:
                expected, got = verdict.expected, verdict.got
                reason = f"expected {expected}, got {got}"
        return Outcome(
            case.metric.id,
            name,
            case.path,
            case.line,
            status,
            reason,
            expected,
            got,
            round(perf_counter() - begun, 4),
        )

    def _verdict(self, case: Case) -> Verdict:
        if case.test.sql is not None:
            return self._finds_nothing(case.metric, case.test.sql)
        by = tuple(case.test.where or ())
        return judge(case.test, self._values(case.metric, by), case.metric.grain)

    def _values(self, metric: Metric, by: tuple[str, ...]) -> Numbers:
        key = metric.id, by
        if key not in self._numbers:
            try:
                self._numbers[key] = self._compute(metric, by)
            except (AgnesError, _NoDataError) as error:
                self._numbers[key] = error
        found = self._numbers[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _compute(self, metric: Metric, by: tuple[str, ...]) -> Numbers:
        variant = metric.sql_variants.get(f"by_{by[0]}") if len(by) == 1 else None
        self._need_data(variant or metric.sql)
        answer = run(self._engine, metric, Ask(by))
        found = read_numbers(answer.result, metric, by)
        if len(found.dimensions) != len(by):
            raise AgnesError(f"the query gives no column {' or '.join(by)}")
        return found

    def _finds_nothing(self, metric: Metric, sql: str) -> Verdict:
        results = {
            name: query
            for name, query in _results(metric).items()
            if name not in self._registered and name not in self._data
        }
        read = {lower(name) for name in _reads(sql)}
        used = {name: query for name, query in results.items() if name in read}
        self._need_data(sql, but=used)
        for query in used.values():
            self._need_data(query)
        found = self._engine.query(reading(sql, used), limit=SHOWN_ROWS)
        if not found.rows:
            return Verdict(True, "no rows", "no rows")
        many = f"{'more than ' if found.truncated else ''}{len(found.rows)} row(s)"
        names = [column.name for column in found.columns]
        first = ", ".join(
            f"{name} {said(value)}" for name, value in zip(names, found.rows[0], strict=True)
        )
        return Verdict(False, "no rows", f"{many}, the first: {first}")

    def _need_data(self, sql: str, but: Container[str] = ()) -> None:
        """See that each table that a query reads, and that is registered, has data."""
        for name in _reads(sql):
            key = lower(name.removeprefix("main."))
            known = key in self._registered or not self._registered
            if known and key not in self._data and key not in but:
                raise _NoDataError(f"there is no data of {name}")


def _results(metric: Metric) -> dict[str, str]:
    """The queries of a metric by what a test may call their rows."""
    variants = {f"{metric.name}_{key}": sql for key, sql in metric.sql_variants.items()}
    return {lower(name): sql for name, sql in ({metric.name: metric.sql} | variants).items()}


def _reads(sql: str) -> Iterator[str]:
    try:
        yield from (read.name for read in read_query(sql, file_names=True).reads)
    except RefusedSqlError as refused:
        problem = refused.problems[0]
        raise AgnesError(problem.message, problem.hint) from None
