"""The numbers of a change on a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from agnes.cli.output import style
from agnes.diff.visible import visible
from agnes.numbers.bars import bar
from agnes.numbers.cells import Cell
from agnes.numbers.figures import figure, percent
from agnes.numbers.metric_diff import MetricDiff, Outcome
from agnes.numbers.value_diff import ValueDiff
from agnes.numbers.words import day, extent, movement, summary

_PERIODS = 24
"""Periods that are shown: the newest in which a number moves."""
_BAR = 16
_COLORS: dict[Outcome, str] = {
    "different": "red",
    "failed": "red",
    "not-compared": "yellow",
    "one-side": "blue",
}


def value_lines(values: ValueDiff) -> Iterator[str]:
    """Each metric whose numbers may be others, with what moves."""
    yield ""
    if not values.metrics:
        yield "No metric has another query, so no number moves"
        return
    yield "Numbers before and after"
    for metric in values.metrics:
        yield from _metric(metric)


def _metric(metric: MetricDiff) -> Iterator[str]:
    unit = f" ({metric.unit})" if metric.unit else ""
    said = style(visible(summary(metric)), fg=_COLORS.get(metric.outcome, "green"))
    yield f"  {style(visible(metric.id), bold=True)}{visible(unit)}: {said}"
    for side, text in metric.errors.items():
        yield f"    the {side} query failed: {visible(text)}"
    for text in metric.notes:
        yield f"    {visible(text)}"
    if metric.values and (moved := metric.values.moved):
        yield from _table(moved[:_PERIODS], metric.values.period or "", _period)
        if len(moved) > _PERIODS:
            yield f"    and {len(moved) - _PERIODS:,} earlier: --json has them all"
    for it in metric.movers:
        yield visible(f"    by {it.dimension} {extent(it)}")
        yield from _table(it.cells, it.dimension, _part)


def _table(cells: Sequence[Cell], head: str, name: Callable[[Cell], str]) -> Iterator[str]:
    """Aligned columns, the numbers to the right, and a bar as long as the difference."""
    heads = [visible(head), "before", "after", "difference", "%"]
    lines = [
        [
            visible(name(it)),
            "" if it.alike == "added" else figure(it.old),
            "" if it.alike == "removed" else figure(it.new),
            movement(it),
            percent(it.percent),
        ]
        for it in cells
    ]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    most = max((it.size for it in cells if it.size != math.inf), default=0.0)
    yield style(_aligned(heads, widths), fg="bright_black")
    for it, line in zip(cells, lines, strict=True):
        drawn = style(bar(it.size, most, _BAR), fg="red" if _falls(it) else "green")
        yield f"{_aligned(line, widths).ljust(sum(widths) + 14)}  {drawn}".rstrip()


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        text.rjust(width) if at else text.ljust(width)
        for at, (text, width) in enumerate(zip(line, widths, strict=True))
    )
    return f"      {'  '.join([first, *rest])}".rstrip()


def _falls(cell: Cell) -> bool:
    return cell.alike == "removed" or (cell.difference is not None and cell.difference < 0)


def _period(cell: Cell) -> str:
    return day(cell.key[0]) if cell.key else "all"


def _part(cell: Cell) -> str:
    return figure(cell.key[-1])
