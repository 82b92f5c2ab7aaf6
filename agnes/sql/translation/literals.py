"""Values as literals of a syntax tree, each with its type; never pasted as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from agnes.errors import UsageError


def literal(value: Any) -> exp.Expr:
    """A value as a literal that every dialect reads as the same value of the same type.

    Args:
        value: None, bool, int, float, Decimal, str, date or datetime (aware for TIMESTAMPTZ).

    Raises:
        UsageError: it is of another type, or has no literal: infinity, a NUL in a text.
    """
    make = next((make for type_, make in _MAKERS if isinstance(value, type_)), None)
    if make is None:
        raise UsageError(f"a value of type {type(value).__name__} cannot be bound")
    return make(value)


def _integer(value: int) -> exp.Expr:
    number = exp.Literal.number(str(abs(value)))
    return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number


def _float(value: float) -> exp.Expr:
    if not math.isfinite(value):
        raise UsageError(f"{value} is no number that can be bound")
    return exp.cast(exp.Literal.string(repr(value)), "DOUBLE")


def _decimal(value: Decimal) -> exp.Expr:
    if not value.is_finite():
        raise UsageError(f"{value} is no number that can be bound")
    text = f"{value:f}"
    whole, _, fraction = text.lstrip("-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > _MOST_DIGITS:
        raise UsageError(f"{text} has more than {_MOST_DIGITS} digits")
    kind = f"DECIMAL({max(digits, 1)}, {len(fraction)})"
    return exp.cast(exp.Literal.string(text), kind)


def _text(value: str) -> exp.Expr:
    if "\0" in value:
        raise UsageError("a text with the character U+0000 cannot be bound")
    return exp.Literal.string(value)


def _moment(value: datetime) -> exp.Expr:
    kind = "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
    return exp.cast(exp.Literal.string(value.isoformat(" ")), kind)


_MOST_DIGITS = 38
_MAKERS: list[tuple[type, Callable[[Any], exp.Expr]]] = [
    (type(None), lambda _: exp.null()),
    (bool, lambda value: exp.Boolean(this=value)),
    (int, _integer),
    (float, _float),
    (Decimal, _decimal),
    (str, _text),
    (datetime, _moment),
    (date, lambda value: exp.cast(exp.Literal.string(value.isoformat()), "DATE")),
]
"""What is also of a later type comes before it."""
