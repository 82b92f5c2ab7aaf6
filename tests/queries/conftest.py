"""Two tables: `orders`, whose rows are simple, and `in.c-crm.company`, whose name is not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from agnes.queries import Tables


def write_parquet(path: Path, sql: str) -> Path:
    """Write the rows of a query into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    return path


@pytest.fixture(scope="session")
def tables(tmp_path_factory) -> Tables:
    folder = tmp_path_factory.mktemp("tables")
    return {
        "orders": [
            write_parquet(
                folder / "orders.parquet",
                "SELECT i AS id, (i * 1.25)::DECIMAL(10, 2) AS amount FROM range(100) t(i)",
            )
        ],
        "in.c-crm.company": [
            write_parquet(folder / "in.c-crm.company.parquet", "SELECT 7 AS id, 'Acme' AS name")
        ],
    }
