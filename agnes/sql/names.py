"""Names that are no table's: files, and tables of the engine itself. Light, it needs no parser."""

from __future__ import annotations

import re

from agnes.sql import known

IS_A_FILE, READ_TABLES = "is a file, not a table", "read a table that tables/ registers"
SYSTEM_TABLES = known.VIEWS
_PATH = re.compile(r"[/\\:*?~]")
_FILE_NAME = re.compile(
    r"\.(csv|tsv|txt|parquet|json|jsonl|ndjson|geojson|xlsx|arrow|avro|shp|gpkg|fgb|db|ddb"
    r"|duckdb|sqlite|gz|zst)$",
    re.IGNORECASE,
)


def is_path(name: str) -> bool:
    """Whether it is a path, a pattern or a URL, which no table is called."""
    return _PATH.search(name) is not None


def is_file_name(name: str) -> bool:
    """Whether DuckDB reads a file of this name, unless a table is called so."""
    return _FILE_NAME.search(name) is not None


def lower(name: str) -> str:
    """A name as DuckDB compares it: of letters other than a to z it minds the case."""
    return name.encode().lower().decode()
