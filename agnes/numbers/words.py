"""What the numbers of a change come to, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from agnes.numbers.cells import Cell
from agnes.numbers.figures import figure, percent, signed
from agnes.numbers.metric_diff import MetricDiff, Outcome
from agnes.numbers.movers import Movers

_WITHOUT_VALUES: Mapping[Outcome, str] = {
    "same-query": "the same query, so the same numbers",
    "not-compared": "not compared",
    "failed": "could not be run",
}


def summary(metric: MetricDiff) -> str:
    """One line on a metric: how many periods move, and how far the newest of them does."""
    values = metric.values
    if values is None:
        return _WITHOUT_VALUES.get(metric.outcome, "the same query for the whole")
    counts, total = values.counts, _count(len(values.cells), values.period)
    if metric.outcome == "one-side":
        side = "before" if counts["removed"] else "after"
        newest = f", {_newest(values.cells[0])}" if values.cells else ""
        return f"only there {side} the change: {total}{newest}"
    moved = len(values.moved)
    if not moved:
        rounding = f", {counts['close']:,} of them but for rounding" if counts["close"] else ""
        return f"the same in {total}{rounding}"
    sides = {"before": counts["removed"], "after": counts["added"]}
    only = ", ".join(f"{count:,} only {side}" for side, count in sides.items() if count)
    what = f"{moved:,} of {total}" if values.period else "it"
    verb = "differ" if values.period and moved > 1 else "differs"
    return f"{what} {verb}{f' ({only})' if only else ''}; {_newest(values.moved[0])}"


def extent(movers: Movers) -> str:
    """Of which period parts are shown, and how many there are."""
    verb = f"part{'s' * (movers.parts > 1)} move{'s' * (movers.moved == 1)}"
    where = "" if movers.period is None else f"in {day(movers.period)}, "
    shown = len(movers.cells)
    largest = f", here the largest {shown}" if movers.moved > shown else ""
    earlier = movers.periods - 1
    more = f"; so do parts of {earlier:,} earlier period{'s' * (earlier > 1)}" if earlier else ""
    return f"{where}{movers.moved:,} of {movers.parts:,} {verb}{largest}{more}"


def movement(cell: Cell) -> str:
    """A difference, or that there is only one side."""
    if cell.alike in ("added", "removed"):
        return cell.alike
    return "" if cell.difference is None else signed(cell.difference)


def day(period: Any) -> str:
    """A period for people: midnight is left out."""
    if isinstance(period, datetime) and period.time() == time(0):
        return str(period.date())
    return figure(period)


def _newest(cell: Cell) -> str:
    when = f"{day(cell.key[0])}: " if cell.key else ""
    if cell.alike == "added":
        return f"{when}{figure(cell.new)}"
    if cell.alike == "removed":
        return f"{when}{figure(cell.old)}"
    share = f" ({percent(cell.percent)})" if cell.percent is not None else ""
    return f"{when}{figure(cell.old)} → {figure(cell.new)}{share}"


def _count(number: int, period: str | None) -> str:
    if period is None:
        return "one value" if number == 1 else f"{number:,} values"
    return f"{number:,} period{'s' * (number != 1)}"
