"""What parent and child say to each other: frames of JSON, never pickle.

JSON has no dates or decimals, so every value that it lacks is an object of one key, the name of
its Python type: `{"date": "2026-01-31"}`. Plain objects do not occur among values.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

HEADER = struct.Struct(">I")
FRAME_BYTES = 32 * 1024 * 1024

_WRITE: dict[type, Callable[[Any], Any]] = {
    Decimal: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    UUID: str,
    bytes: bytes.hex,
    dict: lambda value: [[encode(key), encode(item)] for key, item in value.items()],
}
_READ: dict[str, Callable[[Any], Any]] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "UUID": UUID,
    "bytes": bytes.fromhex,
    "dict": dict,
}


def frame(message: Any) -> bytes:
    """A message as JSON, if it is not yet, with its length in front of it."""
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    return HEADER.pack(len(content)) + content


def encode(value: Any) -> Any:
    """A value of a row as JSON can hold it; a type that is not known becomes its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    write = _WRITE.get(type(value))
    return str(value) if write is None else {type(value).__name__: write(value)}


def decode(row: Any) -> Any:
    """The value that `encode` was given.

    Raises:
        ValueError, TypeError, KeyError: it does not come from `encode`.
    """
    if isinstance(row, list):
        return [decode(item) for item in row]
    if isinstance(row, dict):
        ((name, written),) = row.items()
        return _READ[name](decode(written))
    return row


def loads(message: bytes | bytearray) -> Any:
    """The content of a frame."""
    return json.loads(message)
