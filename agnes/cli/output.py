"""What commands print: data to stdout, everything else to stderr, color on a terminal only."""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, TextIO

import typer

from agnes.config import advice_wanted, colors_wanted
from agnes.errors import AgnesError, InvalidError


def print_json(data: Any) -> None:
    """Print data for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> str:
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no data")


def is_terminal(stream: TextIO) -> bool:
    """Whether a person is looking, and colors are wanted."""
    return stream.isatty() and colors_wanted()


def is_advising() -> bool:
    """Whether a command says more than it was asked: to a person, not beside JSON."""
    return "--json" not in sys.argv and advice_wanted(terminal=sys.stderr.isatty())


def style(text: str, *, err: bool = False, **how: Any) -> str:
    """Text with color, if it goes to a terminal."""
    return typer.style(text, **how) if is_terminal(sys.stderr if err else sys.stdout) else text


def echo(text: str = "") -> None:
    """Print a line of the answer."""
    typer.echo(text, color=is_terminal(sys.stdout))


def note(text: str) -> None:
    """Tell something that is not the answer."""
    typer.echo(f"{style('note:', err=True, fg='cyan')} {text}", err=True)


def wrap(text: str, indent: str = "") -> list[str]:
    """Break text into lines that fit the terminal; as it is, if there is none."""
    if not sys.stdout.isatty():
        return [f"{indent}{line}" for line in text.strip().splitlines()]
    width = max(40, min(shutil.get_terminal_size().columns, 100))
    return [
        line
        for paragraph in text.strip().splitlines()
        for line in textwrap.wrap(paragraph, width, initial_indent=indent, subsequent_indent=indent)
    ]


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Lines of aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return [
        indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def facts(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Labels and what they say, aligned; those that say nothing are left out."""
    width = max((len(label) for label, value in pairs if value), default=0)
    for label, value in pairs:
        if value:
            indent = " " * (width + 4)
            first, *rest = wrap(value, indent)
            yield f"  {label.ljust(width)}  {first.removeprefix(indent)}"
            yield from rest


def highlight_sql(sql: str, indent: str = "    ") -> str:
    """A query for reading: with syntax colors on a terminal."""
    text = textwrap.indent(sql.strip(), indent)
    if not is_terminal(sys.stdout):
        return text
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console(highlight=False)
    with console.capture() as capture:
        console.print(Syntax(text, "sql", theme="ansi_dark", background_color="default"))
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").splitlines())


def finding_lines(finding: Mapping[str, Any], *, err: bool = False) -> Iterator[str]:
    """A diagnostic: `path:line:column: error AG203 message`, and the remedy below it."""
    where = f"{finding['path']}:{finding['line']}:{finding['column']}"
    where = where if finding["line"] else finding["path"]
    color = {"error": "red", "warning": "yellow"}.get(finding["severity"], "cyan")
    label = style(f"{finding['severity']} {finding['code']}", err=err, fg=color)
    yield f"{style(where, err=err, bold=True)}: {label} {finding['message']}"
    if finding["hint"]:
        yield f"  {style('help:', err=err, fg='green')} {finding['hint']}"


def snippet_lines(finding: Mapping[str, Any], source: str | None) -> Iterator[str]:
    """A diagnostic with the line of the file that it is about, and a caret below the place."""
    first, *rest = finding_lines(finding)
    yield first
    if source is not None and source.strip():
        # A file must not move the cursor or turn the text around; places stay where they are.
        line = _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", source.rstrip("\r\n")).rstrip()
        start = finding["column"] - 1
        end = finding["end_column"] - 1 if finding["end_line"] == finding["line"] else len(line)
        before, marked, after = _window(line, start, end)
        # A tab stays a tab, so that the caret stands below its character.
        blank = "".join("\t" if char == "\t" else " " * _cells(char) for char in before)
        carets = "^" * max(1, sum(map(_cells, marked)))
        number = str(finding["line"])
        color = {"error": "red", "warning": "yellow"}.get(finding["severity"], "cyan")
        gutter = style(f"{' ' * len(number)} |", fg="blue")
        yield f"  {style(f'{number} |', fg='blue')} {before}{marked}{after}"
        yield f"  {gutter} {blank}{style(carets, fg=color)}"
    yield from rest


def _window(line: str, start: int, end: int) -> tuple[str, str, str]:
    """What is shown of a line: before, in and after the place; the ends of a long one are cut."""
    first = 0 if start < _SHOWN else start - _SHOWN // 2
    last = first + _SHOWN
    before = ("…" if first else "") + line[first:start]
    marked = line[start : min(end, last)]
    after = line[max(start, min(end, last)) : last] + ("…" if len(line) > last else "")
    return before, marked, after


_SHOWN = 160
"""Characters of a line."""
_UNSAFE = re.compile(
    "[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What is no character to see: controls but the tab, line ends, marks that reorder text."""


def _cells(char: str) -> int:
    """How many cells of a terminal a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def change_lines(
    added: Sequence[str], changed: Sequence[str], removed: Sequence[str]
) -> Iterator[str]:
    """What came, changed and went, a line each."""
    for mark, names, color in (
        ("+", added, "green"),
        ("~", changed, "yellow"),
        ("-", removed, "red"),
    ):
        for name in names:
            yield style(f"{mark} {name}", fg=color)


def fail(error: AgnesError) -> None:
    """Print an expected error."""
    if isinstance(error, InvalidError):
        for finding in error.diagnostics:
            for line in finding_lines(finding.as_dict(), err=True):
                typer.echo(line, err=True)
    typer.echo(f"{style('error:', err=True, fg='red', bold=True)} {error.message}", err=True)
    if error.hint:
        typer.echo(f"  {style('help:', err=True, fg='green')} {error.hint}", err=True)


def is_interrupt(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C; within a query DuckDB makes another error of that."""
    return isinstance(error, KeyboardInterrupt) or str(error) == "Query interrupted"


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal for work that takes a while; silent elsewhere."""
    if not is_terminal(sys.stderr):
        yield lambda _done, _total: None
        return
    bar: Any = None

    def advance(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            bar = Progress(*columns, console=Console(stderr=True), transient=True)
            bar.start()
            bar.add_task(label, total=total)
        bar.update(0, completed=done, total=total)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()
