"""Deciding on a proposal, column by column. No I/O: what is decided is data until it is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from agnes.errors import InvalidError
from agnes.model.fields import Basetype
from agnes.model.layout import printable
from agnes.model.names import nearest
from agnes.model.proposal import Decision, Proposal, ProposedColumn, Replaced
from agnes.model.table import Column
from agnes.proposals.store import Key

SAID = ("basetype", "description")
"""What a person may have written of a column."""
Known = Mapping[str, Mapping[str, Column]]
"""By table and column, what the catalog says now."""


@dataclass(frozen=True)
class Item:
    """One column under review.

    Args:
        current: what the catalog says of it now, if anything.
    """

    table_id: str
    name: str
    proposed: ProposedColumn
    current: Column | None = None

    @property
    def key(self) -> Key:
        """Its table and name."""
        return self.table_id, self.name

    @property
    def shown(self) -> str:
        """What to call it: `orders.id`."""
        return printable(f"{self.table_id}.{self.name}")

    @property
    def verdict(self) -> str | None:
        """What was decided; None if nothing was."""
        decision = self.proposed.decision
        return None if decision is None else decision.verdict

    @property
    def is_taken(self) -> bool:
        """Whether a reviewer wants it."""
        return self.verdict in ("accepted", "edited")

    @property
    def differences(self) -> tuple[str, ...]:
        """What the catalog says now, and the proposal says otherwise."""
        now = self.current
        return tuple(
            field
            for field in SAID
            if now and getattr(now, field) and getattr(self.proposed, field)
            if getattr(now, field) != getattr(self.proposed, field)
        )

    @property
    def conflict(self) -> tuple[str, ...]:
        """Of the differences what a person wrote."""
        is_manual = self.current is not None and self.current.source == "manual"
        return self.differences if is_manual else ()

    @property
    def open_conflict(self) -> tuple[str, ...]:
        """What must not be overwritten: by a person, or other than the reviewer saw it."""
        decision = self.proposed.decision
        if decision is None or decision.verdict == "rejected":
            return self.conflict
        seen = decision.replaces or Replaced()
        return tuple(
            field
            for field in self.differences
            if getattr(seen, field) != getattr(self.current, field)
        )

    def as_dict(self) -> dict[str, Any]:
        """It as plain data."""
        said = self.proposed.model_dump(exclude={"decision"})
        decision = self.proposed.decision
        return {
            "table_id": self.table_id,
            "column_name": self.name,
            **said,
            "decision": decision and decision.model_dump(exclude_none=True),
            "current": self.current and self.current.model_dump(),
            "conflict": list(self.conflict),
        }


def items_of(proposal: Proposal, known: Known) -> list[Item]:
    """The columns of a proposal, in its order, each beside what the catalog says now."""
    return [
        Item(table_id, name, column, known.get(table_id, {}).get(name))
        for table_id, table in proposal.tables.items()
        for name, column in table.columns.items()
    ]


class Review:
    """A review under way.

    Args:
        by: the reviewer, `Ada Lovelace <ada@example.com>`.
        at: when; now by default.
    """

    def __init__(
        self, proposal: Proposal, known: Known, by: str, at: datetime | None = None
    ) -> None:
        self._by = by
        self._at = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._first = {item.key: item for item in items_of(proposal, known)}
        self._now = dict(self._first)

    @property
    def items(self) -> list[Item]:
        """The columns, with what was decided."""
        return list(self._now.values())

    @property
    def changes(self) -> dict[Key, ProposedColumn]:
        """The columns on which something new was decided."""
        return {
            key: item.proposed
            for key, item in self._now.items()
            if item.proposed != self._first[key].proposed
        }

    def item(self, key: Key) -> Item:
        """One column."""
        return self._now[key]

    def accept(self, key: Key) -> None:
        """Take what is proposed, over what a person wrote too."""
        item = self._now[key]
        if not item.is_taken or item.open_conflict:
            self._decide(key, item.proposed, "edited" if item.verdict == "edited" else "accepted")

    def reject(self, key: Key) -> None:
        """Leave the column as it is."""
        if self._now[key].verdict != "rejected":
            self._decide(key, self._now[key].proposed, "rejected")

    def edit(self, key: Key, **said: Any) -> None:
        """Take it in the reviewer's words.

        Args:
            said: `basetype`, `description`, `pii`; None or no text says nothing of it.

        Raises:
            InvalidError: there is no such base type.
        """
        column = self._now[key].proposed
        if said.get("basetype"):
            said["basetype"] = _basetype(said["basetype"])
        words = {name: value or None for name, value in said.items() if name != "pii"}
        update = words | ({"pii": said["pii"]} if "pii" in said else {})
        edited = column.model_copy(update=update)
        if edited == column:
            self.accept(key)
        else:
            self._decide(key, edited, "edited")

    def accept_all(self, keys: Iterable[Key]) -> list[Item]:
        """Take those on which nothing was decided and where no person wrote anything else.

        Returns:
            Those that were left alone because a person did.
        """
        undecided = [item for key in keys if (item := self._now[key]).verdict is None]
        for item in undecided:
            if not item.conflict:
                self.accept(item.key)
        return [item for item in undecided if item.conflict]

    def counts(self) -> dict[str, int]:
        """How many columns there are, by what was decided, and how many conflicts are open."""
        verdicts = [item.verdict or "undecided" for item in self._now.values()]
        names = ("accepted", "edited", "rejected", "undecided")
        found = {"columns": len(verdicts)} | {name: verdicts.count(name) for name in names}
        wanted = (it for it in self._now.values() if it.verdict != "rejected")
        return found | {"conflicts": sum(bool(item.open_conflict) for item in wanted)}

    def _decide(self, key: Key, column: ProposedColumn, verdict: str) -> None:
        item = Item(*key, column, self._now[key].current)
        given_up = {field: getattr(item.current, field) for field in item.differences}
        decision = Decision.model_validate(
            {"verdict": verdict, "by": self._by, "at": self._at}
            | ({"replaces": given_up} if given_up and verdict != "rejected" else {})
        )
        decided = column.model_copy(update={"decision": decision})
        self._now[key] = Item(*key, decided, item.current)


def _basetype(text: str) -> str:
    known = get_args(Basetype)
    if text.upper() in known:
        return text.upper()
    near = nearest(text, [name.lower() for name in known], 1)
    hint = f"did you mean {near[0].upper()}?" if near else f"it is one of {', '.join(known)}"
    raise InvalidError(f"{printable(text)!r} is no base type", [], hint)
