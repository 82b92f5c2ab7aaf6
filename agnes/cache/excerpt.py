"""A snapshot without some of its metrics and tables: what somebody may see of it, in a file."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb

from agnes.cache.digest import digest
from agnes.cache.query import Snapshot
from agnes.errors import CacheError

_NAME = "excerpt"


def write_excerpt(
    snapshot: Snapshot,
    target: Path,
    *,
    metrics: Collection[str],
    tables: Collection[str],
    texts: Collection[str],
) -> None:
    """Write a snapshot that knows nothing of some metrics and tables.

    It is written anew: what is deleted from a file stays in its free blocks.

    Args:
        target: the file; its folder is there, it is not.
        metrics, tables: ids of what is left out.
        texts: findings of validation that mention one of these words are left out too.

    Raises:
        CacheError: it cannot be written.
    """
    hidden = {"metrics": metrics, "tables": tables, "texts": [*metrics, *tables, *texts]}
    with snapshot.beside() as reading:
        connection = reading.connection
        try:
            for name, values in hidden.items():
                connection.execute(f"SET VARIABLE {name} = $1", [sorted(values)])
            _write(connection, target)
        except (duckdb.Error, OSError) as error:
            reason = str(error).splitlines()[0]
            raise CacheError(f"cannot write {target}: {reason}", "free some space") from error


def _write(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    source = connection.execute("SELECT current_database()").fetchall()[0][0]
    quoted = str(target).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS {_NAME} (READ_WRITE)")
    connection.execute(f"USE {_NAME}")
    try:
        connection.begin()
        connection.execute((files("agnes.cache") / "schema.sql").read_text(encoding="utf-8"))
        for table, select in _SELECTS.items():
            named = select.replace("source.", f'"{source}".main.')
            connection.execute(f"INSERT INTO {table} {named}")
        now = datetime.now(UTC).replace(tzinfo=None)
        named = _INFO.replace("source.", f'"{source}".main.')
        connection.execute(f"INSERT INTO snapshot_info {named}", [now, digest(connection)])
        connection.commit()
        connection.execute("CHECKPOINT")
    except duckdb.Error:
        connection.rollback()
        raise
    finally:
        connection.execute(f'USE "{source}"')
        connection.execute(f"DETACH {_NAME}")


_SELECTS = {
    "metric_definitions": """SELECT * REPLACE (
        CASE WHEN NOT list_contains(getvariable('metrics'), replaced_by) THEN replaced_by END
        AS replaced_by
    ) FROM source.metric_definitions WHERE NOT list_contains(getvariable('metrics'), id)""",
    "table_registry": """SELECT * FROM source.table_registry
        WHERE NOT list_contains(getvariable('tables'), id)""",
    "column_metadata": """SELECT * FROM source.column_metadata
        WHERE NOT list_contains(getvariable('tables'), table_id)""",
    "categories": """SELECT * FROM source.categories c
        WHERE EXISTS (FROM metric_definitions m WHERE m.category = c.name)
        OR NOT EXISTS (FROM source.metric_definitions m WHERE m.category = c.name)""",
    "file_history": """SELECT * FROM source.file_history h WHERE h.path NOT LIKE '%/%'
        OR h.path IN (SELECT path FROM metric_definitions)
        OR h.path IN (SELECT path FROM table_registry)""",
    "catalog_diagnostics": """SELECT * FROM source.catalog_diagnostics d
        WHERE (d.path NOT LIKE '%/%'
            OR d.path IN (SELECT path FROM metric_definitions)
            OR d.path IN (SELECT path FROM table_registry))
        AND len(list_filter(getvariable('texts'), lambda text:
            contains(lower(concat_ws(' ', d.message, d.hint)), lower(text)))) = 0
    """,
    "search_terms": """SELECT * FROM source.search_terms
        WHERE NOT list_contains(getvariable('metrics'), id)""",
    "search_keys": """SELECT * FROM source.search_keys
        WHERE NOT list_contains(getvariable('metrics'), id)""",
}
_INFO = """SELECT * REPLACE (
    $1 AS built_at, $2 AS digest,
    (SELECT count(*) FROM metric_definitions) AS metrics,
    (SELECT count(*) FROM table_registry) AS tables,
    (SELECT count(*) FROM column_metadata) AS columns,
    (SELECT count(*) FROM metric_definitions WHERE stale)
        + (SELECT count(*) FROM table_registry WHERE stale) AS stale,
    (SELECT count(*) FROM catalog_diagnostics WHERE severity = 'error') AS errors,
    (SELECT count(*) FROM catalog_diagnostics WHERE severity = 'warning') AS warnings
) FROM source.snapshot_info"""
