"""What a sync found and did; the usual case, nothing, is told without importing what builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agnes.cache.query import Snapshot
from agnes.cache.store import Current, Store
from agnes.errors import CacheError
from agnes.git.refs import Location, Tip, read_tip
from agnes.sync import journal


@dataclass(frozen=True)
class Outcome:
    """What a sync found and did.

    Args:
        commit: the commit that is in force now.
        previous: the commit that was in force before, None at first.
        wanted: the branch's tip; differs from `commit` when the change was too large to be cheap.
        branch: the branch that is followed, None when HEAD is detached.
        added, changed, removed: ids of metrics, and of tables as `tables/<id>`.
        reason: why the snapshot was built from nothing, although there was an older one.
        findings: rows of `catalog_diagnostics` of the snapshot in force.
    """

    path: Path
    commit: str
    previous: str | None
    wanted: str
    branch: str | None
    reason: str | None = None
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def moved(self) -> bool:
        """Whether another commit is in force than before."""
        return self.commit != self.previous

    def as_dict(self) -> dict[str, Any]:
        """What programs get of it, as JSON."""
        return {
            "commit": self.commit,
            "previous": self.previous,
            "branch": self.branch,
            "path": str(self.path),
            "reason": self.reason,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            **self.counts,
            "diagnostics": self.findings,
        }


def is_current(location: Location, current: Current, tip: Tip) -> bool:
    """Whether the snapshot in force is what should be: neither its ref nor HEAD has moved.

    HEAD counts because the agnes.yml there says which ref is followed.
    """
    return tip.commit == current.commit and read_tip(location).commit == current.head


def outcome_if_current(location: Location) -> Outcome | None:
    """The outcome of a sync that has nothing to do; None when there may be something to do."""
    current = Store(location).current()
    if current is None:
        return None
    tip = read_tip(location, current.ref)
    if not is_current(location, current, tip):
        return None
    counts = journal.counts_of(Store(location), current.path)
    if counts is None:
        return None  # the file is not as it was when it was checked
    findings: list[dict[str, Any]] = []
    if counts["errors"] or counts["warnings"]:
        try:
            with Snapshot(current.path) as snapshot:
                findings = snapshot.diagnostics()
        except CacheError:
            return None
    return Outcome(
        path=current.path,
        commit=current.commit,
        previous=current.commit,
        wanted=current.commit,
        branch=tip.branch,
        findings=findings,
        counts=counts,
    )
