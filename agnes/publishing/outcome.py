"""What became of a push."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agnes.publishing.three_way import Value


@dataclass
class Outcome:
    """What became of one table.

    Args:
        table: its id.
        address: its id in Keboola, with its bucket.
        sent: by column, what Keboola took, or would be sent.
        equal: how many columns both say the same of.
        conflicts: what was changed on both sides; left as it is there.
        theirs: what is said otherwise there, and may be taken over; left as it is.
        errors: of columns that were not taken, or of the whole table.
        known: by column, what both sides now say: the next push's base.
        message: why nothing was done, where there was nothing to do.
    """

    table: str
    address: str
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    equal: int = 0
    conflicts: list[Value] = field(default_factory=list)
    theirs: list[Value] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    message: str | None = None

    @property
    def failed(self) -> bool:
        """Whether Keboola does not have all that we say."""
        return bool(self.errors or self.conflicts)

    @property
    def differing(self) -> set[str]:
        """The columns that the two sides speak differently of, what a person wrote there aside."""
        found = (*self.conflicts, *self.theirs)
        return {value.column for value in found if value.provider is None}

    def as_dict(self) -> dict[str, Any]:
        """Plain data, whose keys are always the same."""
        return {
            "table": self.table,
            "address": self.address,
            "pushed": len(self.sent),
            "sent": self.sent,
            "equal": self.equal,
            "conflicts": [value.as_dict() for value in self.conflicts],
            "theirs": [value.as_dict() for value in self.theirs],
            "errors": self.errors,
        }


@dataclass(frozen=True)
class Pushed:
    """What became of all tables.

    Args:
        commit: the one that records it; None where there was nothing new to record.
        branch: a branch of its own, where somebody has to merge that commit first.
        unrecorded: why it could not be recorded; the next push finds out by itself.
    """

    tables: list[Outcome]
    dry_run: bool = False
    commit: str | None = None
    branch: str | None = None
    unrecorded: str | None = None

    @property
    def failed(self) -> bool:
        """Whether Keboola does not have all that we say."""
        return any(outcome.failed for outcome in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "dry_run": self.dry_run,
            "pushed": sum(len(outcome.sent) for outcome in self.tables),
            "tables": [outcome.as_dict() for outcome in self.tables],
            "commit": self.commit,
            "branch": self.branch,
            "unrecorded": self.unrecorded,
        }

    def of_one(self) -> dict[str, Any]:
        """Plain data of the push of one table, as older instances tell it, and more."""
        (outcome,) = self.tables
        told = outcome.as_dict()
        if not outcome.errors:
            del told["errors"]
        if outcome.message:
            told["message"] = outcome.message
        more = ("dry_run", "commit", "branch", "unrecorded")
        return told | {key: getattr(self, key) for key in more}
