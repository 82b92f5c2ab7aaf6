"""A metric before and after a change: what has to be run, and what that says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

from agnes.compute.numbers import Numbers, canonical_sql, read_numbers
from agnes.diff.change import Change
from agnes.diff.pairs import Version
from agnes.errors import AgnesError
from agnes.model.metric import Metric
from agnes.numbers.cells import compare_numbers, one_side
from agnes.numbers.metric_diff import MetricDiff, Outcome
from agnes.numbers.movers import Movers, movers
from agnes.sandbox import Result
from agnes.sql.canonical import canonical

Rows = Mapping[str, Result | AgnesError]
"""What each query gave, by its canonical form."""


@dataclass(frozen=True)
class Pair:
    """A metric before and after.

    Args:
        change: what became of it.
        old, new: its versions; None where it is not there.
    """

    change: Change
    old: Version | None
    new: Version | None

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The sides that can be run."""
        sides = {"old": self.old, "new": self.new}
        values = {name: it.document.value for name, it in sides.items() if it is not None}
        return {name: it for name, it in values.items() if isinstance(it, Metric)}

    @property
    def matters(self) -> bool:
        """Whether its numbers may be others."""
        if self.old is None and self.new is None:
            return False
        return (
            self.change.kind != "changed"
            or self.change.class_ == "result-changing"
            or len(self.metrics) < 2
            or any(_differ(one, other) for one, other in self._shared().values())
        )

    @cached_property
    def _is_comparable(self) -> bool:
        """Whether both sides are there, and what they give is of the same periods."""
        if len(self.metrics) < 2:
            return False
        old, new = self.metrics["old"], self.metrics["new"]
        return old.grain == new.grain or not _differ(old.sql, new.sql)

    def queries(self) -> Iterator[tuple[str, str]]:
        """What has to be run, by its canonical form."""
        if len(self.metrics) == 1 and None in (self.old, self.new):
            (metric,) = self.metrics.values()
            yield _form(metric.sql), metric.sql
        if not self._is_comparable:
            return
        renamed = len({metric.name for metric in self.metrics.values()}) > 1
        for by, (old, new) in self._shared().items():
            if _differ(old, new) or (renamed and by is None):  # of the columns another may count
                yield from ((_form(sql), sql) for sql in (old, new))

    def compare(self, rows: Rows) -> MetricDiff:
        """What the queries say."""
        known = self.metrics.get("new") or self.metrics.get("old")
        unit, grain = (known.unit or "", known.grain) if known else ("", "")
        before = self.change.from_ if self.change.kind == "renamed" else None
        made = partial(MetricDiff, self.change.id, before, unit, grain)
        if None in (self.old, self.new) and self.metrics:
            return self._alone(made, rows)
        if not self._is_comparable:
            return made("not-compared", notes=tuple(self._hindrances()))
        notes = list(self._about())
        whole = {name: self._numbers(name, None, rows) for name in self.metrics}
        errors = {name: _said(it) for name, it in whole.items() if isinstance(it, AgnesError)}
        numbers = [it for it in whole.values() if isinstance(it, Numbers)]
        values = None
        if len(numbers) == 2:
            try:
                values = compare_numbers(*numbers)
            except AgnesError as error:
                return made("not-compared", notes=(*notes, error.message))
            notes += values.notes
        moving = []
        told = [_failed(*it) for it in errors.items()]
        for by in filter(None, self._shared()):
            found = self._movers(by, rows)
            if isinstance(found, Movers):
                moving.append(found)
            elif found and found not in told:
                notes.append(f"by {by}: {found}")
        outcome: Outcome = values.outcome if values else "failed" if errors else "same-query"
        if outcome in ("same-query", "equal", "close") and moving:
            outcome = "different"
            notes.insert(0, "the whole is the same, its parts are not")
        return made(outcome, values, tuple(moving), errors, tuple(notes))

    def _alone(self, made: Callable[..., MetricDiff], rows: Rows) -> MetricDiff:
        ((name, metric),) = self.metrics.items()
        found = _read(metric, None, rows[_form(metric.sql)])
        if isinstance(found, AgnesError):
            return made("failed", errors={name: _said(found)})
        return made("one-side", one_side(found, is_new=name == "new"))

    def _movers(self, by: str, rows: Rows) -> Movers | str | None:
        """What moves by a dimension; in words why that cannot be told."""
        sqls = self._shared()
        if not _differ(*sqls[by]):
            return "the query does not change" if _differ(*sqls[None]) else None
        found = {}
        for name in self.metrics:
            numbers = self._numbers(name, by, rows)
            if isinstance(numbers, AgnesError):
                return _failed(name, _said(numbers))
            if numbers is None or not numbers.dimensions:
                return f"the {name} query has no such column"
            found[name] = numbers
        try:
            moving = movers(by, compare_numbers(found["old"], found["new"]))
        except AgnesError as error:
            return error.message
        return moving or "another query, and the same values"

    def _numbers(self, name: str, by: str | None, rows: Rows) -> Numbers | AgnesError | None:
        """What a query gave; None where it was not run, since it is the same on both sides."""
        metric = self.metrics[name]
        found = rows.get(_form(canonical_sql(metric, by)))
        return None if found is None else _read(metric, by, found)

    def _shared(self) -> dict[str | None, tuple[str, str]]:
        """The queries that both sides have, by the dimension that they break down by."""
        old, new = self.metrics["old"], self.metrics["new"]
        found: dict[str | None, tuple[str, str]] = {None: (old.sql, new.sql)}
        for key, sql in new.sql_variants.items():
            if key in old.sql_variants:
                found[key.removeprefix("by_")] = old.sql_variants[key], sql
        return found

    def _hindrances(self) -> Iterator[str]:
        """Why it is not compared."""
        for name, version in (("before", self.old), ("after", self.new)):
            if version is not None and not isinstance(version.document.value, Metric):
                mistakes = [it for it in version.document.diagnostics if it.severity == "error"]
                why = f": {mistakes[0].message}" if mistakes else ""
                yield f"its file cannot be read {name} the change{why}"
        if len(self.metrics) == 2:
            old, new = self.metrics["old"].grain, self.metrics["new"].grain
            yield f"the grain was {old} and is {new}: their periods are not the same"

    def _about(self) -> Iterator[str]:
        """What else there is to know of a metric that is compared."""
        old, new = self.metrics["old"], self.metrics["new"]
        if old.unit != new.unit:
            yield f"the unit was {old.unit or 'none'} and is {new.unit or 'none'}"
        for one, other, when in ((old, new, "before"), (new, old, "after")):
            for key in one.sql_variants:
                if key not in other.sql_variants:
                    yield f"there is a query {key.replace('_', ' ', 1)} only {when} the change"


def _read(metric: Metric, by: str | None, found: Result | AgnesError) -> Numbers | AgnesError:
    if isinstance(found, AgnesError):
        return found
    try:
        return read_numbers(found, metric, [by] if by else [])
    except AgnesError as error:
        return error


def _failed(side: str, why: str) -> str:
    return f"the {side} query failed: {why}"


def _said(error: AgnesError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


@lru_cache(4_096)
def _form(sql: str) -> str:
    return canonical(sql) or sql


def _differ(old: str, new: str) -> bool:
    return _form(old) != _form(new)
