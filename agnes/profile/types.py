"""Kinds of columns, by what can be said of them."""

from __future__ import annotations

from typing import Literal

Category = Literal["NUMERIC", "STRING", "DATE", "TIMESTAMP", "BOOLEAN"]

_NUMERIC = frozenset(
    """
    TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT
    FLOAT DOUBLE DECIMAL REAL NUMERIC INT INT1 INT2 INT4 INT8 FLOAT4 FLOAT8
    """.split()
)
FLOATS = frozenset(["FLOAT", "DOUBLE", "REAL", "FLOAT4", "FLOAT8"])
TEXT = "VARCHAR"


def classify_type(duckdb_type: str) -> Category:
    """The kind of column that a DuckDB type makes: `DECIMAL(18,3)` is NUMERIC, a list STRING."""
    name = duckdb_type.upper()
    base = name.partition("(")[0].strip()
    if name.endswith("]"):
        return "STRING"
    if base in ("BOOLEAN", "BOOL"):
        return "BOOLEAN"
    if base == "DATE":
        return "DATE"
    if base.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    return "NUMERIC" if base in _NUMERIC else "STRING"
