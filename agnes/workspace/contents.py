"""A table of contents of the metrics, within a budget of tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agnes.model.names import NAME
from agnes.workspace.quoting import quoted, tokens

BUDGET = 2_000
"""The most tokens."""
METRIC_ID = re.compile(f"{NAME}/{NAME}")
_NAME_LENGTH, _DESCRIPTION_LENGTH = 80, 120
_SHORTEST = 8
"""The fewest tokens of a line."""


def contents(metrics: Sequence[Mapping[str, Any]], budget: int = BUDGET) -> str:
    """Metrics by category: with descriptions, if that fits; else with names; else the first ones.

    Of every category the same number is shown, and it is said how many more there are.
    """
    groups = _by_category(metrics)
    if not groups:
        return "No metric is defined yet, or none that you may see. Ask before you make one up.\n"
    everything = max(map(len, groups.values()))
    if sum(map(len, groups.values())) * _SHORTEST <= budget:
        page = _page(groups, len(groups), everything, described=True)
        if tokens(page) <= budget:
            return page
    listed = _largest(len(groups), lambda count: tokens(_page(groups, count, 0)), budget)
    shown = _largest(everything, lambda count: tokens(_page(groups, listed, count)), budget)
    return _page(groups, listed, shown)


def _largest(most: int, cost: Callable[[int], int], budget: int) -> int:
    """The largest number, up to `most`, that costs no more than the budget; 0 is always paid."""
    counts = range(1, min(most, budget // _SHORTEST) + 1)
    return bisect_right(counts, budget, key=cost)


def _by_category(metrics: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Those with an id that is one; a server's word is not taken for it."""
    known = {str(metric.get("id")): metric for metric in metrics}
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for metric_id in sorted(known):
        if METRIC_ID.fullmatch(metric_id):
            groups.setdefault(metric_id.partition("/")[0], []).append(known[metric_id])
    return groups


def _page(
    groups: Mapping[str, Sequence[Mapping[str, Any]]],
    listed: int,
    shown: int,
    *,
    described: bool = False,
) -> str:
    lines = ["```text"]
    for category, metrics in list(groups.items())[:listed]:
        lines.append(f"[{category}] {len(metrics)}")
        lines += [_line(metric, described=described) for metric in metrics[:shown]]
    lines.append("```")
    there = [min(len(metrics), shown) for metrics in groups.values()][:listed]
    if more := sum(map(len, groups.values())) - sum(there):
        others = f" ({len(groups) - listed} more categories)" if listed < len(groups) else ""
        lines += ["", f"{more} more are not listed here{others}; find them with", ""]
        lines += ["```sh", 'da metrics search "WORDS" --json', "da metrics list --category NAME"]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def _line(metric: Mapping[str, Any], *, described: bool) -> str:
    line = f"{metric['id']} {quoted(metric.get('display_name'), _NAME_LENGTH)}"
    if metric.get("status") in ("deprecated", "draft", "removed"):
        line += f" ({metric['status']})"
    if described and metric.get("description"):
        line += f" {quoted(metric['description'], _DESCRIPTION_LENGTH)}"
    return line
