"""What comes out of an engine as what would come out of DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from agnes.sql.translation.kinds import Kind, kind_of_value

_TYPES: dict[Kind | None, str] = {
    "integer": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
}
_UNKNOWN = '"NULL"'


def as_duckdb(value: Any, kind: Kind | None) -> Any:
    """A value as the Python type that DuckDB has for its kind."""
    result = value
    match kind, value:
        case "integer", Decimal() if value == value.to_integral_value():
            result = int(value)
        case "double", int() | Decimal():
            result = float(value)
        case "decimal", int():
            result = Decimal(value)
        case "date", datetime():
            result = value.date()
        case "timestamp" | "timestamptz", datetime():
            aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            result = aware if kind == "timestamptz" else aware.replace(tzinfo=None)
        case "timestamp", date():
            result = datetime.combine(value, time())
    return result


def type_of(kind: Kind | None, values: Iterable[Any]) -> str:
    """The DuckDB type of a column.

    Args:
        kind: of its values, if it is known.
        values: what is in it.
    """
    there = [value for value in values if value is not None]
    found = kind or _kind_of(there)
    return _decimal(there) if found == "decimal" else _TYPES.get(found, _UNKNOWN)


def _kind_of(values: list[Any]) -> Kind | None:
    """The kind of values of which nothing else is known."""
    kinds = {kind_of_value(value) for value in values}
    if kinds == {"integer", "decimal"}:
        return "decimal"
    return kinds.pop() if len(kinds) == 1 else None


def _decimal(values: list[Any]) -> str:
    exponents = (Decimal(value).as_tuple().exponent for value in values)
    scale = max((-it for it in exponents if isinstance(it, int)), default=0)
    return f"DECIMAL(38,{min(max(scale, 0), 38)})"
