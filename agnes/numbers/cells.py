"""What a query gave before a change beside what it gives after it, value by value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from agnes.compute.equal import Alike, compare_values, is_finite, is_number
from agnes.compute.numbers import Key, Numbers
from agnes.errors import AgnesError
from agnes.numbers.figures import share, subtract
from agnes.queries.values import plain

Kind = Literal[Alike, "added", "removed"]
KINDS: tuple[Kind, ...] = ("equal", "close", "different", "added", "removed")


@dataclass(frozen=True)
class Cell:
    """One value before and after.

    Args:
        key: its period, and the part of it, as far as there are such.
        old, new: None too where there is no row.
        alike: `added` where there was no row before, `removed` where there is none any more.
    """

    key: Key
    old: Any
    new: Any
    alike: Kind

    @cached_property
    def difference(self) -> Any:
        """New less old, exact where both are; None where one is no number or not there."""
        return subtract(self.new, self.old)

    @property
    def percent(self) -> float | None:
        """The difference in percent of the size of the old value; None where that is zero."""
        return share(self.difference, self.old)

    @property
    def moves(self) -> bool:
        """Whether there is another number, rounding aside."""
        return self.alike not in ("equal", "close")

    @property
    def size(self) -> float:
        """How much moves: the difference, or all of it where one side has no value."""
        if not self.moves:
            return 0.0
        known = [it for it in (self.old, self.new) if it is not None]
        moved = known[0] if len(known) == 1 else self.difference
        try:
            return abs(float(moved)) if is_finite(moved) else math.inf
        except OverflowError:
            return math.inf

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON, without its key."""
        return {
            "old": plain(self.old),
            "new": plain(self.new),
            "difference": plain(self.difference),
            "percent": self.percent,
            "alike": self.alike,
        }


@dataclass(frozen=True)
class Compared:
    """All values of a metric before and after.

    Args:
        period: what the column of periods is called; None where there are no periods.
        cells: the newest period first.
        notes: what whoever reads them has to know, a sentence each.
    """

    period: str | None
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()

    @property
    def moved(self) -> list[Cell]:
        """Those where the number is another one."""
        return [cell for cell in self.cells if cell.moves]

    @cached_property
    def counts(self) -> Mapping[Kind, int]:
        """How many are of each kind."""
        found = Counter(cell.alike for cell in self.cells)
        return {kind: found[kind] for kind in KINDS}

    @property
    def outcome(self) -> Alike:
        """What the whole comes to."""
        if self.moved:
            return "different"
        return "close" if self.counts["close"] else "equal"


def compare_numbers(old: Numbers, new: Numbers) -> Compared:
    """Compare what two queries gave, period by period and part by part.

    Raises:
        AgnesError: their rows are not of the same kind, or times of day fall into one day.
    """
    if len(old.dimensions) != len(new.dimensions):
        raise AgnesError("one query has a column for the dimension and the other has none")
    if (old.period is None) != (new.period is None):
        has, none = ("old", "new") if old.period is not None else ("new", "old")
        raise AgnesError(f"the {has} query gives a value for each period, the {none} one does not")
    types = [_type(side, side.period) for side in (old, new)]
    before, after = (_by_day(it) if types[0] != types[1] else it.values for it in (old, new))
    cells = [_cell(key, before, after) for key in dict.fromkeys([*before, *after])]
    if new.period is not None:
        cells = _newest_first(cells)
    return Compared(new.period, tuple(cells), tuple(_notes(old, new, types, cells)))


def one_side(found: Numbers, *, is_new: bool) -> Compared:
    """The values of a metric that is only there before or after."""
    nothing: dict[Key, Any] = {}
    before, after = (nothing, found.values) if is_new else (found.values, nothing)
    cells = [_cell(key, before, after) for key in found.values]
    return Compared(found.period, tuple(_newest_first(cells) if found.period else cells))


def _cell(key: Key, before: Mapping[Key, Any], after: Mapping[Key, Any]) -> Cell:
    old, new = before.get(key), after.get(key)
    if key not in before:
        return Cell(key, None, new, "added")
    if key not in after:
        return Cell(key, old, None, "removed")
    return Cell(key, old, new, compare_values(old, new))


def _newest_first(cells: Sequence[Cell]) -> list[Cell]:
    # After 9999 a day is text.
    return sorted(cells, key=lambda cell: str(cell.key[0] or ""), reverse=True)


def _type(side: Numbers, name: str | None) -> str:
    """The type of a column; the last one where a name repeats."""
    types = {column.name: column.type for column in side.result.columns}
    return "" if name is None else types[name]


def _by_day(side: Numbers) -> dict[Key, Any]:
    """The values by days, which dates and timestamps have in common."""
    found = {_day(key): value for key, value in side.values.items()}
    if len(found) < len(side.values):
        raise AgnesError("one query gives days and the other one times within a day")
    return found


def _day(key: Key) -> Key:
    period, *parts = key
    return (period.date() if isinstance(period, datetime) else period, *parts)


def _notes(
    old: Numbers, new: Numbers, periods: Sequence[str], cells: Sequence[Cell]
) -> Iterator[str]:
    if not cells:
        yield "neither query gives a row on these data"
        return
    for side, name in ((old, "old"), (new, "new")):
        if not side.values:
            yield f"the {name} query gives no row on these data"
    if periods[0] != periods[1]:
        zone = " in UTC" if any("TIME ZONE" in it for it in periods) else ""
        yield f"periods are {periods[0]} before and {periods[1]} after: compared by their day{zone}"
    if any(_is_mixed(cell) for cell in cells):
        kinds = _type(old, old.value), _type(new, new.value)
        yield f"values are {kinds[0]} before and {kinds[1]} after, which are not of one kind"


def _is_mixed(cell: Cell) -> bool:
    if cell.old is None or cell.new is None or (is_number(cell.old) and is_number(cell.new)):
        return False
    return type(cell.old) is not type(cell.new)
