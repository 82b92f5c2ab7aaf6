"""Numbers for people: tables and charts."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agnes.cli.output import style
from agnes.cli.query import cell
from agnes.numbers.bars import bar

_NUMBERS = (
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "BIGINT",
    "INTEGER",
    "HUGEINT",
    "SMALLINT",
    "TINYINT",
    "U",
)
_WIDEST = 60


def table_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The rows of an answer, numbers to the right.

    Args:
        found: see `agnes.compute.account.document`.
    """
    if not found["rows"]:
        yield "No rows"
        return
    right = [kind.startswith(_NUMBERS) for kind in found["types"]]
    heads = [cell(name) for name in found["columns"]]
    lines = [[shown(value) for value in row] for row in found["rows"]]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    for at, line in enumerate([heads, *lines]):
        cells = [
            text.rjust(width) if it else text.ljust(width)
            for text, width, it in zip(line, widths, right, strict=True)
        ]
        text = "  ".join(cells).rstrip()
        yield style(text, bold=True) if at == 0 else text


def chart_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A bar for each row."""
    if not found["rows"]:
        yield "No rows"
        return
    columns: Sequence[str] = found["columns"]
    at = columns.index(found["value"])
    keys = [columns.index(name) for name in [found["period"], *found["dimensions"]] if name]
    values = [row[at] for row in found["rows"]]
    numbers = [number(value) for value in values]
    most = max((abs(it) for it in numbers if math.isfinite(it)), default=0.0)
    labels = ["  ".join(shown(row[key]) for key in keys) for row in found["rows"]]
    texts = [shown(value) for value in values]
    indent, room = max(map(len, labels)), max(map(len, texts))
    width = max(10, min(_WIDEST, shutil.get_terminal_size().columns - indent - room - 4))
    unit = f" ({found['unit']})" if found["unit"] else ""
    yield style(f"{found['display_name']}{unit}, {found['grain']}", bold=True)
    for label, text, value in zip(labels, texts, numbers, strict=True):
        drawn = bar(value, most, width)
        color = "red" if value < 0 else "cyan"
        yield f"{label.ljust(indent)}  {text.rjust(room)}  {style(drawn, fg=color)}".rstrip()


def shown(value: Any) -> str:
    """A value for people: numbers with a comma for each thousand, a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:,.4g}"
    return cell(value if isinstance(value, str) else str(value))


def number(value: Any) -> float:
    """A value as a bar's length; NaN if it is no number."""
    try:
        return math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return math.nan
