"""DuckDB and PostgreSQL with the same data."""

from __future__ import annotations

import psycopg
import pytest

from agnes.compute.engine import DuckDB
from agnes.demo import write_demo_data
from agnes.engines import open_engine
from agnes.queries.tables import tables_in
from tests.engines.data import fill_postgres, write_tables
from tests.postgres import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    write_demo_data(folder)
    write_tables(folder)
    return tables_in(folder, [path.stem for path in folder.glob("*.parquet")])


@pytest.fixture(scope="session")
def duckdb_engine(tables):
    with DuckDB(tables) as engine:
        yield engine


@pytest.fixture(scope="session")
def postgres_url(postgres, tables, duckdb_engine) -> str:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE warehouse")
    url = postgres.replace("/postgres?", "/warehouse?")
    fill_postgres(url, tables, duckdb_engine)
    return url


@pytest.fixture(scope="session")
def postgres_engine(postgres_url):
    with open_engine(postgres_url) as engine:
        yield engine
