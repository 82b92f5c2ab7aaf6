"""The numbers of a change, in the comment on a pull request."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from agnes.diff.change import Diff
from agnes.diff.markdown import MAX_CHARACTERS, comment
from agnes.lineage.impact import Impact
from agnes.numbers.cells import Cell, Compared
from agnes.numbers.markdown import sections
from agnes.numbers.metric_diff import MetricDiff
from agnes.numbers.movers import Movers
from agnes.numbers.value_diff import ValueDiff

EVIL = "<img src=x> @team [a](http://b.c) | `x` #1"


def days(count: int) -> Compared:
    """That many days that differ, the newest first."""
    first = date(2020, 1, 1)
    cells = [Cell((first + timedelta(at),), at, at + 1, "different") for at in range(count)]
    return Compared("day", tuple(reversed(cells)))


def metric(name: str, values: Compared | None = None, **more) -> MetricDiff:
    outcome = more.pop("outcome", "different")
    return MetricDiff(name, None, "USD", "daily", outcome, values, **more)


def written(*metrics: MetricDiff) -> str:
    return "\n\n".join(sections(ValueDiff(metrics, 1)))


def test_without_metrics_nothing_is_written():
    assert written() == ""


def test_the_overview_has_each_metric_the_most_moved_first(values):
    overview = next(iter(sections(values)))
    rows = re.findall(r"^\| (\S+) \| `(\S+)` \|", overview, re.MULTILINE)
    assert len(rows) == len(values.metrics)
    assert [icon for icon, _ in rows] == sorted(
        (icon for icon, _ in rows), key=["🔴", "❌", "⚠️", "🔵", "🟢", "⚪"].index
    )
    assert "| ❌ | `a/elsewhere` | could not be run; the old query failed: `Table with" in overview


def test_periods_have_bars_as_long_as_their_difference(values):
    text = "\n".join(sections(values))
    start = text.index("<code>a/moved</code>: daily") if "a/moved</code>: daily" in text else 0
    assert "| 2025-02-01 | 112 | 100 | -12 | -10.7% | ██████████ |" in text[start:]
    assert "| 2025-01-01 | 56 | 50 | -6 | -10.7% | █████ |" in text[start:]
    assert "By `plan` in 2025-02-01, 2 of 3 parts move; so do parts of 1 earlier period:" in text
    assert "| `pro` | 10 |  | removed |  | ████" in text


def test_the_newest_periods_are_shown_and_the_others_behind_a_click():
    text = written(metric("a/b", days(200)))
    assert text.count("| 2020-") == 72
    newest, rest = text.split("<details><summary>188 earlier</summary>")
    assert newest.count("| 2020-") == 12
    assert "| 2020-07-18 | 199 | 200 | +1 | +0.5% |" in newest
    assert "and 128 more: `da metrics diff --data`" in rest
    assert text.count("<details") == text.count("</details>") == 2


def test_many_metrics_leave_room_for_what_else_there_is_to_say():
    metrics = [metric(f"a/m{at:03}", days(100)) for at in range(200)]
    found = list(sections(ValueDiff(tuple(metrics), 1)))
    assert sum(map(len, found)) < MAX_CHARACTERS / 2 + 5_000
    assert "and 150 more: `da metrics diff --data`" in found[0]
    assert f"The periods of {200 - len(found) + 1} more do not fit here" in found[0]
    assert len(comment(Diff("1", "2", ()), Impact(()), [], found)) <= MAX_CHARACTERS


def test_what_somebody_wrote_is_no_markup():
    cell = Cell((EVIL,), EVIL, None, "removed")
    moving = Movers(EVIL, EVIL, (cell,), 1, 1, 1)
    values = Compared(EVIL, (cell,))
    text = written(
        metric(f"a/{EVIL}", values, movers=(moving,), errors={"new": EVIL}, notes=(EVIL,))
    )
    assert "<img" not in text
    for line in text.splitlines():
        if line.startswith("| "):  # within code nothing is markup
            outside = re.sub(r"<code>.*?</code>|`.*?`", "", line)
            assert "@team" not in outside
            assert "](http" not in outside


@pytest.mark.parametrize("outcome", ["same-query", "equal", "close", "not-compared", "failed"])
def test_a_metric_in_which_nothing_moves_has_no_more_than_its_line(outcome):
    same = Compared("day", (Cell((date(2025, 1, 1),), 1, 1, "equal"),))
    found = metric("a/b", same if outcome in ("equal", "close") else None, outcome=outcome)
    assert "<details" not in written(found)
