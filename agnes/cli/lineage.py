"""`da metrics lineage`: what a number is made of, and what is made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import (
    CatalogOption,
    JsonOption,
    NoSyncOption,
    RevisionOption,
    WorktreeOption,
    complete_metric,
    source,
)
from agnes.cli.output import echo, note, print_json, style
from agnes.errors import UsageError
from agnes.model.layout import printable

if TYPE_CHECKING:
    from agnes.lineage.graph import Step


def lineage(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A metric (revenue/mrr), table (tables/orders) or column (tables/orders.amount).",
            autocompletion=complete_metric,
        ),
    ],
    json: JsonOption = False,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print a Mermaid flowchart, for Markdown.")
    ] = False,
    catalog: CatalogOption = None,
    rev: RevisionOption = None,
    worktree: WorktreeOption = False,
    no_sync: NoSyncOption = False,
) -> None:
    """Show what a metric is made of, and what a metric, table or column is used by.

    \b
    Examples:
      da metrics lineage revenue/mrr
      da metrics lineage tables/orders.amount --json
      da metrics lineage revenue/mrr --mermaid
    """
    if json and mermaid:
        raise UsageError("--json and --mermaid exclude each other")
    with source(catalog, revision=rev, worktree=worktree, no_sync=no_sync) as asked:
        found = asked.lineage(what)
    if json:
        print_json(found.as_dict())
    elif mermaid:
        from agnes.lineage.mermaid import mermaid as draw

        typer.echo(draw(found))
    else:
        echo(style(found.id, bold=True))
        if found.kind == "metric":
            for line in _section("Reads", found.id, found.upstream):
                echo(line)
        for line in _section("Used by", found.id, found.downstream):
            echo(line)
    if found.unsure:
        note(f"the SQL of {', '.join(found.unsure)} cannot be read; it may read any column")


def _section(heading: str, root: str, steps: Sequence[Step]) -> Iterator[str]:
    yield ""
    yield style(heading, bold=True)
    yield from _Tree(steps).lines(root) if steps else ["  nothing"]


class _Tree:
    """Steps as a tree; what is reached twice is drawn in full where it comes first."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._below: dict[str, list[Step]] = defaultdict(list)
        self._columns: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._drawn: set[str] = set()
        for step in steps:
            for nearer in step.via:
                if step.kind == "column":
                    self._columns[nearer, step.table_id].append(step.column or "")
                else:
                    self._below[nearer].append(step)

    def lines(self, root: str) -> Iterator[str]:
        """The lines below the root."""
        pending = [(root, step, "  ", last) for step, last in self._backwards(root)]
        while pending:
            nearer, step, indent, last = pending.pop()
            yield f"{indent}{'└── ' if last else '├── '}{self._line(step, nearer)}"
            if step.kind != "metric" or step.id in self._drawn:
                continue
            self._drawn.add(step.id)
            indent += "    " if last else "│   "
            pending += [(step.id, below, indent, last) for below, last in self._backwards(step.id)]

    def _backwards(self, node: str) -> Iterator[tuple[Step, bool]]:
        """What is below a node, the last first, each with whether it is the last."""
        below = sorted(self._below[node], key=lambda step: step.kind)  # metrics, tables, uses
        return ((step, at == 0) for at, step in enumerate(reversed(below)))

    def _line(self, step: Step, nearer: str) -> str:
        text = printable(step.id)
        if step.kind == "use":
            return style(text, fg="green")
        if columns := self._columns[nearer, step.id]:
            named = ", ".join("every column" if name == "*" else name for name in sorted(columns))
            text += style(f": {printable(named)}", dim=True)
        if not step.known:
            what = "not registered" if step.kind == "table" else "not in the catalog"
            text += style(f" ({what})", fg="yellow")
        elif step.id in self._drawn and self._below[step.id]:
            text += style(" (see above)", dim=True)
        return text
