"""The numbers of a change in Markdown: part of the review comment."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence

from agnes.diff.markdown import code, escape
from agnes.diff.visible import visible
from agnes.numbers.bars import bar
from agnes.numbers.cells import Cell
from agnes.numbers.figures import figure, percent
from agnes.numbers.metric_diff import MetricDiff, Outcome
from agnes.numbers.value_diff import ValueDiff
from agnes.numbers.words import day, extent, movement, summary

_PERIODS, _MORE_PERIODS = 12, 60
"""Periods that are shown, and more of them behind a click: the newest in which a number moves."""
_METRICS = 50
"""Metrics that the table has."""
_OPEN = 2
"""So many metrics are shown without a click."""
_CHARACTERS = 24_000
"""Of all tables of periods, so that there is room for what else a reviewer has to see."""
_BAR = 10
ICONS: dict[Outcome, str] = {
    "different": "🔴",
    "failed": "❌",
    "not-compared": "⚠️",
    "one-side": "🔵",
    "close": "🟢",
    "equal": "🟢",
    "same-query": "⚪",
}


def sections(values: ValueDiff) -> Iterator[str]:
    """An overview of all metrics, then each one with its periods, the most moved first."""
    order = list(ICONS)
    metrics = sorted(values.metrics, key=lambda it: (order.index(it.outcome), it.id))
    if not metrics:
        return
    moving = [it for it in metrics if _has_details(it)]
    room, kept = _CHARACTERS, []
    for at, it in enumerate(moving):
        text = "\n".join(_details(it, is_open=at < _OPEN))
        room -= len(text)
        if room < 0:
            break
        kept.append(text)
    yield "\n".join(_overview(metrics, len(moving) - len(kept)))
    yield from kept


def _overview(metrics: Sequence[MetricDiff], left: int) -> Iterator[str]:
    yield "### Numbers before and after"
    yield ""
    yield "| | metric | what its numbers do |"
    yield "|---|---|---|"
    for it in metrics[:_METRICS]:
        said = "; ".join([escape(summary(it)), *_errors(it), *map(_note, it.notes)])
        yield f"| {ICONS[it.outcome]} | {code(it.id)} | {said} |"
    if len(metrics) > _METRICS:
        yield ""
        yield f"and {len(metrics) - _METRICS} more: `da metrics diff --data`"
    if left:
        yield ""
        yield f"The periods of {left} more do not fit here: `da metrics diff --data`"


def _note(text: str) -> str:
    return f"_{escape(text)}_"


def _errors(metric: MetricDiff) -> Iterator[str]:
    for side, text in metric.errors.items():
        yield f"the {side} query failed: {code(text)}"


def _has_details(metric: MetricDiff) -> bool:
    return bool(metric.movers or (metric.values and metric.values.moved))


def _details(metric: MetricDiff, *, is_open: bool) -> Iterator[str]:
    yield f"<details{' open' if is_open else ''}>"
    unit = f", {metric.unit}" if metric.unit else ""
    name = html.escape(visible(metric.id))
    about = escape(f"{metric.grain}{unit}")
    yield f"<summary>{ICONS[metric.outcome]} numbers of <code>{name}</code>: {about}</summary>"
    yield ""
    moved = metric.values.moved if metric.values else []
    if moved:
        head = escape(metric.values.period if metric.values and metric.values.period else "")
        most = _most(moved)
        yield from _table(moved[:_PERIODS], head, _period, most)
        yield from _folded(moved[_PERIODS:], head, most)
    for it in metric.movers:
        yield f"By {code(it.dimension)} {escape(extent(it))}:"
        yield ""
        yield from _table(it.cells, escape(it.dimension), _part, _most(it.cells))
    yield "</details>"


def _folded(cells: Sequence[Cell], head: str, most: float) -> Iterator[str]:
    if not cells:
        return
    yield f"<details><summary>{len(cells)} earlier</summary>"
    yield ""
    yield from _table(cells[:_MORE_PERIODS], head, _period, most)
    if len(cells) > _MORE_PERIODS:
        yield f"and {len(cells) - _MORE_PERIODS} more: `da metrics diff --data`"
        yield ""
    yield "</details>"
    yield ""


def _most(cells: Sequence[Cell]) -> float:
    """The largest difference, which has a bar of full length."""
    return max((it.size for it in cells if it.size != math.inf), default=0.0)


def _table(
    cells: Sequence[Cell], head: str, name: Callable[[Cell], str], most: float
) -> Iterator[str]:
    yield f"| {head or ' '} | before | after | difference | % | |"
    yield "|---|--:|--:|--:|--:|---|"
    for it in cells:
        old = "" if it.alike == "added" else escape(figure(it.old))
        new = "" if it.alike == "removed" else escape(figure(it.new))
        parts = [name(it), old, new, movement(it), percent(it.percent), bar(it.size, most, _BAR)]
        yield f"| {' | '.join(parts)} |"
    yield ""


def _period(cell: Cell) -> str:
    return escape(day(cell.key[0])) if cell.key else "all"


def _part(cell: Cell) -> str:
    return code(figure(cell.key[-1]))
