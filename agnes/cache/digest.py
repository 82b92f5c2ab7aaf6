"""What tells one snapshot from another; files of equal rows are never of equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

TABLES = (
    *("metric_definitions", "column_metadata", "table_registry", "categories"),
    *("catalog_diagnostics", "file_history", "search_terms", "search_keys"),
)
"""All but `snapshot_info`, which says when and by what the file was made."""

Versions = dict[str, tuple[str, bool]]
"""What is served under each id: the blob of its file's version, and whether that is stale."""

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


def versions(connection: duckdb.DuckDBPyConnection, paths: Iterable[str] | None = None) -> Versions:
    """What is served: metrics by id, tables by `tables/<id>`.

    Args:
        paths: of these files only.
    """
    known = None if paths is None else [path for path in paths if path.isprintable()]
    found = connection.execute(
        "SELECT id, blob, stale, path FROM metric_definitions "
        "WHERE $1 IS NULL OR list_contains($1, path) "
        "UNION ALL SELECT 'tables/' || id, blob, stale, path FROM table_registry "
        "WHERE $1 IS NULL OR list_contains($1, path)",
        [known],
    )
    return {name: (blob, stale) for name, blob, stale, _ in found.fetchall()}
