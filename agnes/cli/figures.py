"""Bars for people, beside numbers."""

from __future__ import annotations

from typing import Any

from agnes.cli.output import style
from agnes.numbers.bars import bar
from agnes.numbers.exact import exact

_BAR = 16


def colored_bar(value: Any, most: float) -> str:
    """A bar, red for what is below zero, with blanks behind it."""
    number = exact(value)
    if number is None or not most:
        return " " * _BAR
    drawn = bar(float(number), most, _BAR)
    return style(drawn, fg="red" if number < 0 else "green") + " " * (_BAR - len(drawn))
