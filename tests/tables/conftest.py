from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from agnes.tables.folder import DataFolder
from tests.keboola.conftest import stack  # noqa: F401


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path / "data")


def write_parquet(path: Path, sql: str = "SELECT 1 AS id, 'Ada' AS name") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_parquet(sql))
    return path


@cache
def _parquet(sql: str) -> bytes:
    """Of a query that has always the same rows."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "rows.parquet"
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def read_parquet(path: Path) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(f"FROM '{path}'").fetchall()


def types_of(path: Path) -> dict[str, str]:
    with duckdb.connect() as connection:
        rows = connection.execute(f"DESCRIBE FROM '{path}'").fetchall()
    return {row[0]: row[1] for row in rows}
