"""Why a number is another one than before: its definition, its data, and which part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agnes.errors import AgnesError, NotFoundError, UsageError
from agnes.numbers.breakdown import Breakdown, break_down
from agnes.numbers.effects import Effects, combine, effects
from agnes.numbers.ondata import OnData
from agnes.numbers.ratio import Ratio, find_ratio
from agnes.numbers.values import NO_ROW, span
from agnes.values.period import parse_period


@dataclass(frozen=True)
class Explained:
    """One period.

    Args:
        period: None where the metric has no periods.
        breakdowns: of the data effect.
    """

    period: date | None
    effects: Effects
    breakdowns: tuple[Breakdown, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        period = None if self.period is None else self.period.isoformat()
        breakdowns = [it.as_dict() for it in self.breakdowns]
        return {"period": period} | self.effects.as_dict() | {"breakdowns": breakdowns}


@dataclass(frozen=True)
class Explanation:
    """Why a metric's values are other ones.

    Args:
        periods: those that changed, or the one that was asked for.
        problems: which of the four runs failed, and why: `new definition on old data`.
        whole: dimensions that it could not be broken down by, and why.
        against: the period that another one is compared with, where it is periods.
    """

    periods: tuple[Explained, ...]
    problems: Mapping[str, str] = field(default_factory=dict)
    whole: Mapping[str, str] = field(default_factory=dict)
    against: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {
            "against": None if self.against is None else self.against.isoformat(),
            "periods": [it.as_dict() for it in self.periods],
            "problems": dict(self.problems),
            "not_broken_down": dict(self.whole),
        }


@dataclass(frozen=True)
class Four:
    """The old and the new definition on the old and the new data."""

    old: OnData
    new_definition: OnData
    new_data: OnData
    new: OnData

    def named(self) -> dict[str, OnData]:
        """Each with what people call it."""
        return {
            "old definition on old data": self.old,
            "new definition on old data": self.new_definition,
            "old definition on new data": self.new_data,
            "new definition on new data": self.new,
        }


def explain(four: Four, period: str | None = None, by: Sequence[str] | None = None) -> Explanation:
    """Split what changed into what the definition did and what the data did.

    Args:
        period: as people write it; None for all that changed.
        by: dimensions; None for all of the metric's.

    Raises:
        NotFoundError: neither side has a value for the period.
        AgnesError: neither side can be computed.
    """
    values, problems = _values(four)
    known = list(dict.fromkeys(day for side in values for day in side))
    days: list[date | None] = sorted(known, key=lambda day: day or date.min)
    if period is not None:
        days = [_asked(four.new, period, days)]
    splits = {day: effects(*(side.get(day, NO_ROW) for side in values)) for day in days}
    if period is None:
        splits = {day: it for day, it in splits.items() if it.alike == "different"}
    breaking = None
    if any(it.data for it in splits.values()):
        breaking = _Breaking(four.old, four.new_data, by)
    found = [
        Explained(day, split, breaking.down(day, day) if breaking and split.data else ())
        for day, split in splits.items()
    ]
    return Explanation(tuple(found), problems, breaking.whole if breaking else {})


def explain_periods(
    side: OnData, period: str, against: str, by: Sequence[str] | None = None
) -> Explanation:
    """Tell which parts made the difference between two periods, by one definition on the same data.

    Raises:
        NotFoundError: there is no value for one of them.
        AgnesError: it cannot be computed.
    """
    days: list[date | None] = list(side.whole)
    new, old = (_asked(side, text, days) for text in (period, against))
    values = side.value(old), side.value(new)
    change = combine(values, (-1, 1))
    nothing = combine(values, (0, 0)) if change is not None else None
    split = Effects(*values, change, nothing, change, nothing)
    breaking = _Breaking(side, side, by) if change else None
    found = Explained(new, split, breaking.down(old, new) if breaking else ())
    return Explanation((found,), {}, breaking.whole if breaking else {}, old)


def _values(four: Four) -> tuple[list[dict[Any, Any]], dict[str, str]]:
    """The values of the four by period, and why some have none."""
    values: list[dict[Any, Any]] = []
    problems: dict[str, str] = {}
    for name, side in four.named().items():
        try:
            values.append({day: value for day, (value, _) in side.whole.items()})
        except AgnesError as error:
            values.append({})
            problems[name] = error.message
    if len(problems) == len(values):
        name, message = next(iter(problems.items()))
        raise AgnesError(f"nothing can be computed; the {name}: {message}")
    return values, problems


def _asked(side: OnData, period: str, days: Sequence[date | None]) -> date | None:
    if None in days:
        raise UsageError(f"{side.metric.id} has no periods", "leave out --period")
    day = parse_period(period, side.metric.grain)
    if day not in days:
        message = f"{side.metric.id} has no row for {day}"
        raise NotFoundError(message, span(dict.fromkeys(days)))
    return day


class _Breaking:
    """Breaks changes of a metric down by its dimensions.

    Args:
        by: dimensions; None for all that it has.
    """

    def __init__(self, old: OnData, new: OnData, by: Sequence[str] | None) -> None:
        self._old, self._new = old, new
        variants = [key.removeprefix("by_") for key in old.metric.sql_variants]
        self._ratios: dict[str, Ratio | None] = {}
        self.whole: dict[str, str] = {}
        """Dimensions that it cannot be broken down by, and why."""
        for dimension in by or dict.fromkeys([*variants, *old.metric.dimensions]):
            try:
                rows = [*old.rows(dimension), *new.rows(dimension)]
            except AgnesError as error:
                self.whole[dimension] = error.message
            else:
                self._ratios[dimension] = find_ratio(rows)

    def down(self, old: date | None, new: date | None) -> tuple[Breakdown, ...]:
        """The change between two periods by each dimension."""
        type_ = self._old.metric.type
        return tuple(
            break_down(
                dimension,
                type_,
                ratio,
                self._old.slice(dimension, old),
                self._new.slice(dimension, new),
            )
            for dimension, ratio in self._ratios.items()
        )
