"""A proposal for reading: a table of its columns, and what differs side by side."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agnes.cli.output import echo, is_terminal, table
from agnes.model.layout import printable

if TYPE_CHECKING:
    from rich.table import Table

    from agnes.proposals.review import Item

HEADER = ("column", "basetype", "description", "confidence", "evidence", "decision")
CONFIDENCE = {"high": "green", "medium": "yellow", "low": "red", "manual": "cyan"}
VERDICT = {"accepted": "green", "edited": "cyan", "rejected": "red"}


def print_items(items: Sequence[Item]) -> None:
    """Print the columns of a proposal: with Rich on a terminal, as plain lines otherwise."""
    if is_terminal(sys.stdout):
        _print_rich(items)
    else:
        for line in table([HEADER, *(_cells(item) for item in items)], indent=""):
            echo(line)
    for item in items:
        if item.open_conflict and item.verdict != "rejected":
            echo()
            echo(f"{item.shown} differs from what {_who(item)}:")
            _print_beside(item)


def side_by_side(item: Item) -> Iterator[str]:
    """What the catalog says now and what is proposed, beside each other."""
    current: Any = item.current
    rows = [["", f"current ({current.source})", f"proposed ({item.proposed.confidence})"]]
    for field in ("basetype", "description"):
        sides = [printable(getattr(it, field) or "") for it in (current, item.proposed)]
        rows.append([f"{field} *" if field in item.differences else field, *sides])
    yield from table(rows, indent="    ")


def _print_beside(item: Item) -> None:
    if not is_terminal(sys.stdout):
        for line in side_by_side(item):
            echo(line)
        return
    from rich.console import Console

    Console(highlight=False, emoji=False).print(beside(item))


def _who(item: Item) -> str:
    return "a person wrote" if item.conflict else "the reviewer saw"


def _cells(item: Item) -> tuple[str, ...]:
    said = item.proposed
    return (
        item.shown,
        said.basetype or "",
        printable(said.description or "") + (" (personal data)" if said.pii else ""),
        said.confidence,
        printable("; ".join(said.evidence)),
        _decision(item),
    )


def _decision(item: Item) -> str:
    if item.open_conflict and item.verdict != "rejected":
        return "conflict"
    return item.verdict or ""


def _print_rich(items: Sequence[Item]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in HEADER:
        shown.add_column(name, overflow="fold")
    for item in items:
        cells = [Text(cell) for cell in _cells(item)]
        cells[0].stylize("bold")
        cells[3].stylize(CONFIDENCE[item.proposed.confidence])
        cells[5].stylize(VERDICT.get(cells[5].plain, "bold yellow"))
        shown.add_row(*cells)
    Console(highlight=False, emoji=False).print(shown)


def beside(item: Item) -> Table:
    """What is proposed, beside what the catalog says now if it says anything."""
    from rich.table import Table
    from rich.text import Text

    now, said = item.current, item.proposed
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    for _ in range(1 if now is None else 2):
        shown.add_column(overflow="fold")

    def row(label: str, current: str | None, proposed: Text) -> None:
        sides = [proposed] if now is None else [printable(current or ""), proposed]
        shown.add_row(f"  {label}", *sides)

    if now is not None:
        row("", f"current, {now.source}", Text("proposed"))
    for field in ("basetype", "description"):
        text = Text(printable(getattr(said, field) or ""))
        text.stylize("yellow" if field in item.differences else "bold")
        row(field, getattr(now, field, None), text)
    confidence = Text(said.confidence, style=CONFIDENCE[said.confidence])
    row("confidence", now.confidence if now else None, confidence)
    for number, evidence in enumerate(said.evidence):
        row("" if number else "evidence", None, Text(printable(evidence)))
    if said.pii:
        row("personal data", "yes" if now and now.pii else None, Text("yes", style="magenta"))
    return shown
