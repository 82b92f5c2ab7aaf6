"""DuckDB's types in words that every engine has."""

from __future__ import annotations

import re

KINDS = {
    "STRING": r"VARCHAR|ENUM.*|UUID",
    "INTEGER": r"U?(TINYINT|SMALLINT|INTEGER|BIGINT)",
    "NUMERIC": r"U?HUGEINT|DECIMAL.*",
    "FLOAT": r"FLOAT|DOUBLE",
    "BOOLEAN": r"BOOLEAN",
    "DATE": r"DATE",
    "TIMESTAMP": r"TIMESTAMP.*",
}


def basetype(kind: str) -> str | None:
    """The base type of a DuckDB type; None for what has none."""
    return next((word for word, pattern in KINDS.items() if re.fullmatch(pattern, kind)), None)
