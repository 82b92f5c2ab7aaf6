"""What a snapshot says, in a few characters: files of equal rows are never of equal bytes."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

TABLES = (
    *("metric_definitions", "column_metadata", "table_registry", "categories"),
    *("catalog_diagnostics", "file_history", "search_terms", "search_keys"),
)
"""All but `snapshot_info`, which says when and by what the file was made."""

_ROWS = " UNION ALL ".join(
    f"SELECT '{table}', count(*), sum(hash(found)) FROM {table} AS found"  # noqa: S608
    for table in TABLES
)


def digest(connection: duckdb.DuckDBPyConnection) -> str:
    """The digest of all rows, in whatever order they are stored.

    It is made of DuckDB's own hash, so it is the same on every machine with that version of DuckDB.

    Returns:
        40 hexadecimal digits.

    Raises:
        duckdb.Error: the file is damaged.
    """
    found = sorted(connection.execute(_ROWS).fetchall())
    return sha1(repr(found).encode(), usedforsecurity=False).hexdigest()
