"""A folder with a table and with things that nobody may read or change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

CANARY = "c4n4ry"


@dataclass(frozen=True)
class DataFolder:
    """`orders.parquet`, which a sandbox may read, beside files that it may not."""

    path: Path

    @property
    def orders(self) -> Path:
        return self.path / "orders.parquet"

    def state(self) -> dict[str, str]:
        """Every file with a hash of its content."""
        return {
            str(file.relative_to(self.path)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(self.path.rglob("*"))
            if file.is_file()
        }


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    folder = DataFolder(tmp_path_factory.mktemp("data"))
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i AS id, date '2026-01-01' + i::int AS day, 'é' || i AS name,"
            " (i * 1.25)::decimal(10, 2) AS amount FROM range(100) t(i))"
            f" TO '{folder.orders}' (FORMAT parquet)"
        )
        connection.execute(f"COPY (SELECT '{CANARY}' AS x) TO '{folder.path}/secret.parquet'")
    for name in ("secret.csv", "secret.txt", "secret.json"):
        (folder.path / name).write_text(f'{{"x": "{CANARY}"}}\n')
    return folder
