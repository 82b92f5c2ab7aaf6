"""Tables for engines: the sample data, and a small one of all that is treacherous."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from agnes.compute.engine import DuckDB

FACTS = """
    SELECT * FROM (VALUES
        (1, DATE '2024-12-29', TIMESTAMP '2024-12-29 23:59:59', 10.50, 0.125, 3, 'ada', true),
        (2, DATE '2024-12-30', TIMESTAMP '2024-12-30 00:00:00', -2.25, 2.5, -7, 'Bob', false),
        (3, DATE '2024-12-31', TIMESTAMP '2024-12-31 10:00:59', 0.01, -2.5, 2, 'O''Hara', true),
        (4, DATE '2025-01-01', TIMESTAMP '2025-01-01 10:01:00', 99.99, 2.675, 0, 'a\\b', NULL),
        (5, DATE '2025-01-31', TIMESTAMP '2025-01-31 12:30:15', NULL, 1e-3, 7, 'Ärger', false),
        (6, DATE '2025-02-28', NULL, 7.77, NULL, NULL, NULL, true),
        (7, NULL, TIMESTAMP '2025-03-01 00:00:01', 7.77, 1e6, 7, '', true),
        (8, DATE '2024-02-29', TIMESTAMP '2024-02-29 23:00:00', 0.05, 0.5, 1, 'zoë', false),
        (9, DATE '2025-03-31', TIMESTAMP '2025-03-31 01:59:30', 12.345, 1.005, 5, 'a_b%', NULL)
    ) AS t(id, day, moment, amount, ratio, n, name, flag)
"""
_CASTS = """
    SELECT CAST(id AS BIGINT) AS id, day, moment, CAST(amount AS DECIMAL(18, 2)) AS amount,
        CAST(ratio AS DOUBLE) AS ratio, CAST(n AS BIGINT) AS n, name, flag
    FROM ({facts})
"""
TABLES = {
    "facts": _CASTS.format(facts=FACTS),
    "in.c-crm.company": "SELECT 'Example' AS name, CAST(3 AS BIGINT) AS seats",
}


def write_tables(folder: Path) -> None:
    """The small tables as parquet."""
    for name, sql in TABLES.items():
        duckdb.sql(sql).write_parquet(str(folder / f"{name}.parquet"))


def fill_postgres(url: str, tables: dict[str, Any], engine: DuckDB) -> None:
    """Copy parquet files into tables of the same names."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, files in tables.items():
            columns = ", ".join(
                f'"{it.name}" {it.type.replace("DOUBLE", "DOUBLE PRECISION")}'
                for it in engine.columns(name)
            )
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            with connection.cursor().copy(f'COPY "{name}" FROM STDIN') as copy:
                for chunk in _rows(Path(files[0])):
                    copy.write(chunk)


def _rows(path: Path) -> Iterable[str]:
    """Rows of a parquet file in PostgreSQL's own text format."""
    found = duckdb.execute(f"SELECT COLUMNS(*)::VARCHAR FROM '{path}'")
    while rows := found.fetchmany(10_000):
        yield "".join("\t".join(map(_escaped, row)) + "\n" for row in rows)


def _escaped(value: str | None) -> str:
    return r"\N" if value is None else value.replace("\\", "\\\\")


def fill_spark(session: Any, tables: dict[str, Any]) -> None:
    """Have Spark read parquet files under the same names."""
    for name, files in tables.items():
        session.read.parquet(str(files[0])).createOrReplaceTempView(f"`{name}`")
