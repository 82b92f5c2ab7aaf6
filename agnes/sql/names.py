"""Names that are no table's: files, and tables of the engine itself. Light, it needs no parser."""

from __future__ import annotations

import re

IS_A_FILE, READ_TABLES = "is a file, not a table", "read a table that tables/ registers"
SYSTEM_TABLES = frozenset(
    """
    duckdb_columns duckdb_constraints duckdb_databases duckdb_indexes duckdb_logs duckdb_schemas
    duckdb_tables duckdb_types duckdb_views pg_am pg_attrdef pg_attribute pg_class pg_collation
    pg_constraint pg_database pg_depend pg_description pg_enum pg_index pg_indexes pg_namespace
    pg_prepared_statements pg_proc pg_sequence pg_sequences pg_settings pg_tables pg_tablespace
    pg_type pg_views pragma_database_list sqlite_master sqlite_schema sqlite_temp_master
    sqlite_temp_schema
    """.split()
)
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
