"""`da metrics explain`: why a number is another one than before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.bisect import PeriodOption
from agnes.cli.data import data_called
from agnes.cli.figures import colored_bar
from agnes.cli.options import CatalogOption, DataOption, IdArgument, JsonOption, find_commit
from agnes.cli.output import echo, note, print_json, style
from agnes.diff.visible import visible
from agnes.errors import UsageError
from agnes.numbers.figures import figure, percent, share, signed

if TYPE_CHECKING:
    from agnes.compute.folder import Data
    from agnes.git.repository import Repository
    from agnes.model.metric import Metric
    from agnes.numbers.breakdown import Breakdown, Contribution
    from agnes.numbers.explain import Explained, Explanation
    from agnes.numbers.runs import Runs

_PARTS = 8
"""So many parts of a dimension are shown."""
_HELP = {
    "additive": "adds up",
    "apart": "parts do not add up; their own values",
}


def explain(
    metric_id: IdArgument,
    old: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="REV[:DATA]",
            help="Before: a revision, and a data snapshot or folder.",
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Option("--to", metavar="REV[:DATA]", help="After. Default: what is served, now."),
    ] = None,
    period: PeriodOption = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="P", help="Compare with this period, not with --from."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Break it down by this dimension alone; may be repeated."),
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
    catalog: CatalogOption = None,
) -> None:
    """Split what moved a metric: what its definition did, what the data did, and which part of it.

    The old and the new definition run on the old and the new data. REV is a revision, or
    `worktree`; DATA is a data snapshot or a folder, and the data at hand where it is left out.
    Either may be left out: `--from :monday` is today's definition on Monday's data.

    \b
    Examples:
      da metrics explain revenue/mrr --from v1.2 --to v1.3
      da metrics explain revenue/mrr --from HEAD:monday --to HEAD --period 2025-03
      da metrics explain revenue/mrr --from v1.2:monday --to worktree --json
      da metrics explain revenue/mrr --period 2025-04 --against 2025-03 --by segment
    """
    if against is None and old is None:
        hint = "--from REV[:DATA], or --against PERIOD for another period of today's"
        raise UsageError("what it is to be compared with is not named", hint)
    if against is not None and (old is not None or period is None):
        hint = "--period 2025-04 --against 2025-03"
        raise UsageError("--against goes with --period, and not with --from", hint)
    with ExitStack() as stack:
        sides = _Sides(stack, metric_id, data, catalog)
        after = sides.read(new)
        before = after if old is None else sides.read(old)
        found = _explain(before, after, period, against, by)
    said = {
        "id": metric_id,
        "display_name": after.metric.display_name,
        "unit": after.metric.unit,
        "grain": after.metric.grain,
        "from": before.told,
        "to": after.told,
        "definition_changes": _changes(before.metric, after.metric),
    }
    if json:
        print_json(said | found.as_dict())
        return
    for line in _lines(said, found):
        echo(line)
    for what, why in found.problems.items():
        note(f"the {what} gives nothing: {visible(why)}")
    for dimension, why in found.whole.items():
        note(f"not broken down by {dimension}: {visible(why)}")


class _Side:
    """A definition, and data."""

    def __init__(self, metric: Metric, runs: Runs, told: dict[str, Any]) -> None:
        self.metric = metric
        self.runs = runs
        self.told = told


class _Sides:
    """Reads sides; those on the same data share their runs."""

    def __init__(
        self, stack: ExitStack, metric_id: str, data: Path | None, catalog: Path | None
    ) -> None:
        self._stack = stack
        self._id = metric_id
        self._data = data
        self._catalog = catalog
        self._runs: dict[str, Runs] = {}
        self._repository: Repository
        self._repository, self._served = find_commit(catalog, None)

    def read(self, text: str | None) -> _Side:
        """The side that `REV[:DATA]` names."""
        from agnes.numbers.definitions import definition_at

        revision, _, name = (text or "").partition(":")
        definition = definition_at(
            self._repository, revision or self._served, self._id, self._served
        )
        metric = definition.metric(self._repository)
        told = {"commit": definition.commit, "id": definition.id, "data": name or None}
        return _Side(metric, self._on(name), told)

    def _on(self, name: str) -> Runs:
        from agnes.compute.engine import DuckDB
        from agnes.numbers.runs import Runs

        if name not in self._runs:
            found: Data = data_called(name or None, self._data, self._catalog)
            self._runs[name] = Runs(self._stack.enter_context(DuckDB(found.tables)))
        return self._runs[name]


def _explain(
    before: _Side, after: _Side, period: str | None, against: str | None, by: list[str] | None
) -> Explanation:
    from agnes.numbers.explain import Four, explain, explain_periods
    from agnes.numbers.ondata import OnData

    if against is not None and period is not None:
        return explain_periods(OnData(after.metric, after.runs), period, against, by)
    four = Four(
        OnData(before.metric, before.runs),
        OnData(after.metric, before.runs),
        OnData(before.metric, after.runs),
        OnData(after.metric, after.runs),
    )
    return explain(four, period, by)


def _changes(old: Metric, new: Metric) -> str | None:
    """What differs between two definitions, in words; None if nothing does that counts."""
    from agnes.diff.change import Change
    from agnes.diff.fields import compare_models
    from agnes.diff.words import in_words

    fields = compare_models(old, new, lambda _table, _column: True)
    counting = tuple(it for it in fields if it.class_ not in ("cosmetic", "documentation"))
    return in_words(Change(new.id, "changed", None, "", counting), values=True) or None


def _lines(said: dict[str, Any], found: Explanation) -> Iterator[str]:
    name, unit = style(said["id"], bold=True), _unit(said["unit"])
    if found.against is None:
        yield f"{name}: {_told(said['from'])} → {_told(said['to'])}"
        if said["definition_changes"]:
            yield style(f"  {visible(said['definition_changes'])}", dim=True)
    if not found.periods:
        yield "Nothing changed"
    elif len(found.periods) == 1:
        yield from _one(name, unit, found.periods[0], found)
    else:
        yield from _many(found)


def _unit(unit: str | None) -> str:
    """What is written behind a value."""
    return {None: "", "count": "", "percentage": "%"}.get(unit, f" {unit}")


def _told(side: dict[str, Any]) -> str:
    data = f" on {side['data']}" if side["data"] else ""
    return f"{side['commit'][:10]}{data}"


def _many(found: Explanation) -> Iterator[str]:
    heads = ("period", "old", "new", "change", "", "definition", "data", "interaction")
    rows: list[tuple[str, ...]] = [heads]
    for it in found.periods:
        split = it.effects
        numbers = (split.change, split.definition, split.data, split.interaction)
        change, *effects = (signed(number) if number is not None else "-" for number in numbers)
        part = percent(share(split.change, split.old))
        cells = figure(split.old), figure(split.new), change, part
        rows.append((str(it.period or ""), *cells, *effects))
    for at, line in enumerate(_right(rows)):
        yield style(line, bold=True) if at == 0 else line
    note("which parts did it: --period P")


def _one(name: str, unit: str, it: Explained, found: Explanation) -> Iterator[str]:
    split = it.effects
    old, new = (f"{figure(value)}{unit}" for value in (split.old, split.new))
    part = percent(share(split.change, split.old))
    change = "" if split.change is None else f", {signed(split.change)}"
    change += f" ({part})" if part else ""
    if found.against:
        yield f"{name}: {old} in {found.against} → {new} in {it.period}{change}"
    else:
        yield f"{name}{f', {it.period}' if it.period else ''}: {old} → {new}{change}"
    effects = {
        "definition": split.definition,
        "data": split.data,
        "interaction": split.interaction,
    }
    if not found.against:
        yield from _bars([(label, signed(value), value, "") for label, value in effects.items()])
    for breakdown in it.breakdowns:
        yield ""
        yield from _breakdown(breakdown)


def _breakdown(it: Breakdown) -> Iterator[str]:
    how = _HELP.get(it.method)
    if it.ratio is not None and it.ends is not None:
        above, below = (signed(end) for end in it.ends)
        how = f"{it.ratio.numerator} {above}, {it.ratio.denominator} {below}; Kitagawa 1955"
    yield f"  {style(f'by {it.dimension}', bold=True)} ({visible(how or '')})"
    moved = [part for part in it.parts if part.contribution is None or part.contribution]
    yield from _bars([_part(part) for part in moved[:_PARTS]])
    if len(moved) > _PARTS:
        yield style(f"    and {len(moved) - _PARTS} more: --json", dim=True)
    if still := len(it.parts) - len(moved):
        yield style(f"    {still} more did nothing", dim=True)


def _part(it: Contribution) -> tuple[str, str, Any, str]:
    from agnes.numbers.effects import combine

    moved = combine((it.old, it.new), (-1, 1)) if it.contribution is None else it.contribution
    values = f"{figure(it.old)} → {figure(it.new)}"
    if it.rate is not None:
        values += f"; rate {signed(it.rate)}, mix {signed(it.mix)}"
    name = "(none)" if it.part is None else visible(str(it.part))
    return name, "-" if moved is None else signed(moved), moved, values


def _bars(rows: list[tuple[str, str, Any, str]]) -> Iterator[str]:
    """Lines of label, number, bar and words."""
    most = max((abs(float(value)) for _, _, value, _ in rows if value is not None), default=0.0)
    label = max((len(row[0]) for row in rows), default=0)
    room = max((len(row[1]) for row in rows), default=0)
    for name, text, value, words in rows:
        drawn = colored_bar(value, most)
        yield f"    {name.ljust(label)}  {text.rjust(room)}  {drawn}  {words}".rstrip()


def _right(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Aligned columns, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()
