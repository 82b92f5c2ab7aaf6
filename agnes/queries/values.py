"""Rows as strict JSON: every reader gets the value, or its exact text, and never another one."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from agnes.errors import SandboxError
from agnes.sandbox import Result

_WHOLE = 2**53 - 1
"""The largest whole number up to which a reader of JSON may be trusted, RFC 8259 says."""
_DIGITS = 15
"""Digits of a decimal number that a float keeps."""


def document(result: Result) -> bytes:
    """The answer to a query as JSON.

    Raises:
        SandboxError: a value nests too deeply.
    """
    said = answer(result)
    try:
        text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise _too_deep() from None
    return text.encode()


def answer(result: Result) -> dict[str, Any]:
    """The answer to a query: `{columns, types, rows, row_count, truncated}`.

    Raises:
        SandboxError: a value nests too deeply.
    """
    try:
        rows = [[plain(value) for value in row] for row in result.rows]
    except RecursionError:
        raise _too_deep() from None
    return {
        "columns": [column.name for column in result.columns],
        "types": [column.type for column in result.columns],
        "rows": rows,
        "row_count": len(rows),
        "truncated": result.truncated,
    }


def _too_deep() -> SandboxError:
    return SandboxError("failed", "a value nests too deeply to be returned")


def plain(value: Any) -> Any:
    """A value as JSON has it.

    Numbers are numbers where every reader gets them right, else text; NaN and infinity are null.
    Days and times are in ISO 8601, an interval too; bytes in base64. A MAP is an object with its
    keys as text, or a list of pairs where they are no scalars.
    """
    form = _FORMS.get(type(value), str)  # str of a UUID
    return value if value is None else form(value)


def _same(value: Any) -> Any:
    return value


def _whole(value: int) -> int | str:
    return value if -_WHOLE <= value <= _WHOLE else str(value)


def _float(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _decimal(value: Decimal) -> float | int | str:
    if len(value.as_tuple().digits) > _DIGITS:
        return f"{value:f}"
    whole = value == value.to_integral_value() and value.as_tuple().exponent == 0
    return int(value) if whole else float(value)


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {_key(key): plain(item) for key, item in value.items()}


def _key(key: Any) -> str:
    text = plain(key)
    return text if isinstance(text, str) else json.dumps(text)


def _duration(value: timedelta) -> str:
    """`P1DT2H3M4.5S`, as pydantic writes it; nothing but days is left of a month."""
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    parts = [(hours, "H"), (minutes, "M"), (f"{seconds}{fraction}", "S")]
    clock = "".join(f"{number}{unit}" for number, unit in parts if str(number) != "0")
    days = f"{value.days}D" if value.days or not clock else ""
    return f"{sign}P{days}{'T' + clock if clock else ''}"


_FORMS: dict[type, Callable[[Any], Any]] = {
    bool: _same,
    str: _same,
    int: _whole,
    float: _float,
    Decimal: _decimal,
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: _duration,
    bytes: lambda value: b64encode(value).decode(),
    list: _list,
    tuple: _list,
    dict: _object,
}
