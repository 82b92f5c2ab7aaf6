"""Which commit, or which snapshot of the data, moved a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from agnes.compute.engine import Engine
from agnes.compute.folder import Data
from agnes.compute.pinned import DataSnapshot
from agnes.diff.change import Change
from agnes.diff.history import change_in, commit_as_dict
from agnes.git.repository import Repository
from agnes.model.metric import Metric
from agnes.numbers.bisecting import Bisecting, Bisection, Tried
from agnes.numbers.definitions import Definition, definitions
from agnes.numbers.runs import DataRuns, Runs
from agnes.numbers.values import NO_ROW, Expected, as_json

T = TypeVar("T")
ASSUMPTION = "the value moved once; if it moved several times, this is one of the changes"


@dataclass(frozen=True)
class Moved:
    """Where a number moved, if it did.

    Args:
        over: what was searched.
        expected: the value that was asked for.
        found: commits and snapshots in it are told by dicts, see `as_dict`.
        change: what the commit made of the definition.
    """

    id: str
    over: Literal["commits", "data"]
    expected: str | None
    found: Bisection[dict[str, Any]]
    change: Change | None = None

    @property
    def reason(self) -> str | None:
        """Why nothing was found, in words; None where something was."""
        if self.found.before is not None:
            return None
        ends = f"at the newest and at the oldest that can be told, of {self.found.candidates}"
        if not self.found.newest.has_row:
            return f"there is no row for {self.found.period}: {self.found.periods}"
        if self.expected is None:
            return f"it is the same {ends}"
        if Expected(self.expected).fits(self.found.newest.value):
            return f"it is {self.expected} {ends}"
        values = " and ".join(str(it.value) for it in (self.found.newest, self.found.after))
        return f"it is not {self.expected} {ends}: {values}"

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        found = self.found
        return {
            "id": self.id,
            "period": None if found.period is None else found.period.isoformat(),
            "over": self.over,
            "expected": self.expected,
            "found": found.before is not None,
            "reason": self.reason,
            "before": None if found.before is None else _tried(found.before),
            "after": _tried(found.after),
            "change": None if self.change is None else self.change.as_dict(),
            "untold": [_tried(it) for it in found.untold],
            "newest": _tried(found.newest),
            "candidates": found.candidates,
            "runs": found.runs,
            "assumption": ASSUMPTION,
        }


def bisect_commits(
    repository: Repository,
    engine: Engine,
    metric_id: str,
    newest: str,
    *,
    oldest: str | None = None,
    period: str | None = None,
    expected: Expected | None = None,
) -> Moved:
    """Find the commit that moved a metric's value on given data.

    Only commits that wrote the metric's file are looked at, on the first-parent history and under
    all the ids that it had. Those in which it does not validate, or its query fails, are gone
    around.

    Args:
        newest, oldest: the ids of commits between which to look.
        period: as people write it: `2025-03`.
        expected: the value that it had, or has; None for the newest change.

    Raises:
        NotFoundError: there never was such a metric.
        RevisionError: `oldest` is not on the way.
        AgnesError: the newest has no value.
    """
    runs = Runs(engine)
    search = Bisecting(
        definitions(repository, newest, metric_id, oldest),
        lambda it: it.metric(repository),
        lambda _, metric: runs.values(metric),
    )
    found = search.search(period, expected, lambda: runs.count)

    def told(it: Definition) -> dict[str, Any]:
        return commit_as_dict(repository.commit(it.commit)) | {"id": it.id}

    change = None
    if found.before is not None and not found.untold:
        change = change_in(repository, found.after.what.commit, found.after.what.id)
    asked = None if expected is None else expected.text
    return Moved(metric_id, "commits", asked, _with(found, told), change)


def bisect_data(
    metric: Metric,
    data: Sequence[Data | DataSnapshot],
    *,
    period: str | None = None,
    expected: Expected | None = None,
) -> Moved:
    """Find the snapshot of the data in which a metric's value moved, with its definition fixed.

    Args:
        data: the oldest first.
        period, expected: see `bisect_commits`.

    Raises:
        AgnesError: the newest has no value.
    """
    runs = DataRuns(metric)
    search = Bisecting(data, lambda _: metric, lambda it, _: runs.values(it))
    found = search.search(period, expected, lambda: runs.count)
    asked = None if expected is None else expected.text
    return Moved(metric.id, "data", asked, _with(found, _told_data))


def _told_data(data: Data | DataSnapshot) -> dict[str, Any]:
    created = data.as_dict()["created"] if isinstance(data, DataSnapshot) else None
    return {"data": data.name or None, "created": created}


def _with(found: Bisection[T], told: Callable[[T], dict[str, Any]]) -> Bisection[dict[str, Any]]:
    def tried(it: Tried[T]) -> Tried[dict[str, Any]]:
        return Tried(told(it.what), it.value, it.problem)

    return Bisection(
        found.period,
        None if found.before is None else tried(found.before),
        tried(found.after),
        tuple(map(tried, found.untold)),
        tried(found.newest),
        found.periods,
        found.candidates,
        found.runs,
    )


def _tried(it: Tried[dict[str, Any]]) -> dict[str, Any]:
    value = NO_ROW if it.problem is not None else it.value
    return it.what | as_json(value) | {"problem": it.problem}
