"""Scalars of YAML 1.2's core schema whose meaning depends on what the model wants.

`1.10` is text where a synonym is wanted and a number in a free mapping. So the loader keeps the
text (`Plain`), and the model turns it into a value where it does not want text.

Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

_NULL = frozenset(["", "~", "null", "Null", "NULL"])
_BOOL = {
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
# A leading zero stays text: zip codes and account numbers are no numbers to calculate with.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,399})|0x[0-9a-fA-F]{1,300}|0o[0-7]{1,300}")
_EXPONENT = r"[eE][-+]?[0-9]{1,3}"
_FLOAT = re.compile(
    rf"[-+]?(?:(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:{_EXPONENT})?|(?:0|[1-9][0-9]*){_EXPONENT})"
)
_CORE = re.compile(rf"{_INT.pattern}|{_FLOAT.pattern}")
_FIRST = frozenset("0123456789+-.~tTfFnN")  # what a null, a boolean or a number begins with
_YAML_1_1 = frozenset(["y", "n", "yes", "no", "on", "off"])


class Plain(str):
    """An unquoted scalar that the core schema reads as a boolean or a number."""

    __slots__ = ()


def plain(text: str) -> str | None:
    """What an unquoted scalar stands for: None for a null, `Plain` or text otherwise."""
    if text and text[0] not in _FIRST:
        return text
    if text in _NULL:
        return None
    if text in _BOOL or _CORE.fullmatch(text):
        return Plain(text)
    return text


def is_ambiguous(text: str) -> bool:
    """Whether some reader, of YAML 1.2 or 1.1, takes unquoted text for something else."""
    return (
        text.casefold() in _YAML_1_1
        or text in _NULL
        or text in _BOOL
        or _CORE.fullmatch(text) is not None
    )


def core(value: Any) -> Any:
    """`value` with every `Plain` in it replaced by the boolean or number that it stands for."""
    match value:
        case Plain():
            text = str(value)
            if text in _BOOL:
                return _BOOL[text]
            return int(text, 0) if _INT.fullmatch(text) else _finite(text)
        case dict():
            return {key: core(item) for key, item in value.items()}
        case list():
            return [core(item) for item in value]
        case _:
            return value


def number(value: Any) -> Decimal | None:
    """The number that a value is, also one in text such as `1,200.50`; None for all else."""
    if not isinstance(value, int | float | Decimal | str) or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _finite(text: str) -> float | str:
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number
