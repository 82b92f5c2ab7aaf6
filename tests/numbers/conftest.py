"""A small catalog with data, whose one metric changes from commit to commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from agnes.compute.engine import DuckDB
from agnes.compute.folder import tables_of
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from tests.conftest import GitRepository

TOTAL = "metrics/revenue/total.yml"
ORDERS = """\
(DATE '2025-01-05', 'eu', 10, 0.5), (DATE '2025-01-20', 'us', 20, 0.25),
(DATE '2025-02-03', 'eu', 7, 1.5), (DATE '2025-02-28', NULL, 5, 0.125)"""


def write_orders(folder: Path, rows: str = ORDERS, name: str = "orders") -> None:
    """Put a table in its place, as a sync does."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    with duckdb.connect() as connection:
        columns = "day, region, amount, weight"
        connection.sql(f"FROM (VALUES {rows}) t({columns})").write_parquet(str(part))
    part.replace(folder / f"{name}.parquet")


def total(value: str = "SUM(amount)", where: str = "", name: str = "total", more: str = "") -> str:
    """The metric, with a variant by region."""
    where = f" WHERE {where}" if where else ""
    month = "CAST(DATE_TRUNC('month', day) AS DATE) AS month"
    return f"""\
name: {name}
grain: monthly
table: orders
dimensions: [region]
{more}sql: SELECT {month}, {value} AS {name} FROM orders{where} GROUP BY ALL
sql_by_region: SELECT {month}, region, {value} AS {name} FROM orders{where} GROUP BY ALL
"""


@pytest.fixture
def work(tmp_path) -> GitRepository:
    """An empty catalog with the data beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    repository = GitRepository(folder)
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.write("agnes.yml", "name: Test\n")
    repository.write(".gitignore", "data\n")
    repository.commit()
    write_orders(folder / "data/parquet")
    return repository


@pytest.fixture
def engine(work) -> Iterator[DuckDB]:
    with DuckDB(tables_of(work.path / "data/parquet")) as opened:
        yield opened


@pytest.fixture
def repository(work) -> Repository:
    return Repository(locate(work.path), PARTS)


def define(work: GitRepository, *texts: str, path: str = TOTAL) -> list[str]:
    """Commit some definitions, one after another."""
    commits = []
    for text in texts:
        work.write(path, text)
        commits.append(work.commit())
    return commits
