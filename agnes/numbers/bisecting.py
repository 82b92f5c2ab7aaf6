"""A search along a row of commits, or of snapshots of the data, for where a number moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from agnes.compute.equal import compare_values
from agnes.errors import AgnesError, UsageError
from agnes.model.metric import Metric
from agnes.numbers.search import Found, last_change
from agnes.numbers.values import NO_ROW, Expected, span
from agnes.values.period import parse_period

T = TypeVar("T")


@dataclass(frozen=True)
class Tried(Generic[T]):
    """A commit or a snapshot, and what came out there.

    Args:
        value: of the period, `NO_ROW` where there is none.
        problem: why there is no value.
    """

    what: T
    value: Any = None
    problem: str | None = None

    @property
    def has_row(self) -> bool:
        """Whether the query gives a row for the period."""
        return self.value is not NO_ROW


@dataclass(frozen=True)
class Bisection(Generic[T]):
    """What came of looking for a change.

    Args:
        before: the last with the old value; None if no change was found.
        after: the first with the new value; without a change the oldest that could be told.
        untold: those between them without a value; the change may be in one of these.
        newest: what the others were compared with.
        periods: which ones there are at the newest, for people.
        candidates: how many there were to look at.
        runs: how many queries were run.
    """

    period: date | None
    before: Tried[T] | None
    after: Tried[T]
    untold: tuple[Tried[T], ...]
    newest: Tried[T]
    periods: str
    candidates: int
    runs: int


class Bisecting(Generic[T]):
    """A search along a row of commits or snapshots.

    Args:
        row: the oldest first.
        metric: says what the metric is at one of them; raises where it is not.
        values: computes it there.
    """

    def __init__(
        self,
        row: Sequence[T],
        metric: Callable[[T], Metric],
        values: Callable[[T, Metric], dict[date | None, Any]],
    ) -> None:
        self._row = list(row)
        self._metric = metric
        self._values = values
        self._tried: dict[int, Tried[T]] = {}
        self._period: date | None = None

    def search(
        self, period: str | None, expected: Expected | None, runs: Callable[[], int]
    ) -> Bisection[T]:
        """Look for the change.

        Args:
            period: as people write it; None for a metric without periods.
            expected: a value that was, or is; None for the newest change.
            runs: says how many queries were run.

        Raises:
            AgnesError: the newest has no value.
        """
        newest, periods = self._newest(period)

        def is_as_newest(at: int) -> bool | None:
            tried = self._try(at)
            if tried.problem is not None:
                return None
            if expected is None:
                return compare_values(tried.value, newest.value) != "different"
            return expected.fits(tried.value) == expected.fits(newest.value)

        found: Found = last_change(len(self._row), is_as_newest)
        before = None if found.before is None else self._try(found.before)
        untold = tuple(map(self._try, found.untold))
        after = self._try(found.after)
        return Bisection(
            self._period, before, after, untold, newest, periods, len(self._row), runs()
        )

    def _newest(self, period: str | None) -> tuple[Tried[T], str]:
        """The newest with a definition, which the row ends with from now on, and its periods."""
        metric = None
        while metric is None:
            try:
                metric = self._metric(self._row[-1])
            except AgnesError:
                if len(self._row) == 1:
                    raise
                self._row.pop()
        values = self._values(self._row[-1], metric)
        if None in values and period is not None:
            raise UsageError(f"{metric.id} has no periods", "leave out --period")
        if None not in values and period is None:
            hint = f"name one with --period: {span(values)}"
            raise UsageError(f"{metric.id} has a value for each period", hint)
        self._period = None if period is None else parse_period(period, metric.grain)
        newest = Tried(self._row[-1], values.get(self._period, NO_ROW))
        self._tried[len(self._row) - 1] = newest
        return newest, span(values)

    def _try(self, at: int) -> Tried[T]:
        if at not in self._tried:
            what = self._row[at]
            try:
                value = self._values(what, self._metric(what)).get(self._period, NO_ROW)
                self._tried[at] = Tried(what, value)
            except AgnesError as error:
                self._tried[at] = Tried(what, problem=error.message)
        return self._tried[at]
