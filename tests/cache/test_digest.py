from __future__ import annotations

from importlib.resources import files
from random import Random

import duckdb
import pytest

from agnes.cache.digest import TABLES, digest
from agnes.cache.query import Snapshot
from tests.cache.test_build import built
from tests.conftest import metric_yaml

SCHEMA = (files("agnes.cache") / "schema.sql").read_text(encoding="utf-8")
OTHER = {
    "VARCHAR": "'another'",
    "VARCHAR[]": "['another']",
    "JSON": """'{"another": 1}'""",
    "TIMESTAMP": "TIMESTAMP '2001-02-03 04:05:06'",
    "BOOLEAN": "coalesce(NOT {column}, true)",
    "INTEGER": "{column} + 1",
    "FLOAT": "{column} + 1",
}
"""A value that differs, by type."""


@pytest.fixture
def connection(catalog):
    """A snapshot in which no table is empty, copied into memory."""
    catalog.write("metrics/revenue/broken.yml", "name: [")
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    catalog.commit()
    with duckdb.connect() as memory:
        memory.execute(f"ATTACH '{built(catalog)}' AS snapshot (READ_ONLY)")
        memory.execute(SCHEMA)
        for table in TABLES:
            memory.execute(f"INSERT INTO {table} FROM snapshot.{table}")
        yield memory


def test_equal_rows_give_the_same_digest_whenever_they_are_built(catalog):
    digests = set()
    for _ in range(2):
        with Snapshot(built(catalog)) as snapshot:
            digests |= {snapshot.digest(), snapshot.info()["digest"]}

    assert len(digests) == 1


def test_it_is_forty_hexadecimal_digits(connection):
    assert len(digest(connection)) == 40
    int(digest(connection), 16)


@pytest.mark.parametrize("seed", range(3))
def test_rows_in_another_order_give_the_same_digest(connection, seed):
    before = digest(connection)
    chance = Random(seed)
    for table in TABLES:
        rows = connection.execute(f"FROM {table}").fetchall()
        chance.shuffle(rows)
        connection.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    assert digest(connection) == before


@pytest.mark.parametrize("table", TABLES)
def test_any_cell_that_changes_changes_the_digest(connection, table):
    before = digest(connection)
    columns = connection.execute(
        "SELECT column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE table_name = $1 AND database_name = 'memory'",
        [table],
    ).fetchall()
    last = f"rowid = (SELECT max(rowid) FROM {table})"
    for column, kind, nullable in columns:
        cell = f'"{column}"'
        [(now,)] = connection.execute(f"SELECT {cell} FROM {table} WHERE {last}").fetchall()
        for value in (OTHER[kind].replace("{column}", cell), "NULL"):
            if value == "NULL" and (not nullable or now is None or now == []):
                continue  # DuckDB's hash takes an empty list for nothing
            connection.begin()
            connection.execute(f"UPDATE {table} SET {cell} = {value} WHERE {last}")
            assert digest(connection) != before, (column, value)
            connection.rollback()
    assert columns
    assert digest(connection) == before


def test_nothing_and_an_empty_text_are_not_the_same(connection):
    seen = set()
    for value in ("NULL", "''", "'NULL'", "' '"):
        connection.execute(f"UPDATE metric_definitions SET unit = {value}")
        seen.add(digest(connection))

    assert len(seen) == 4


def test_cells_that_change_places_change_the_digest(connection):
    before = digest(connection)
    names = "name, display_name"
    connection.execute(f"UPDATE metric_definitions SET ({names}) = (display_name, name)")

    assert digest(connection) != before


@pytest.mark.parametrize("table", TABLES)
def test_a_row_less_changes_the_digest(connection, table):
    before = digest(connection)
    connection.execute(f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")

    assert digest(connection) != before


@pytest.mark.parametrize("table", ["catalog_diagnostics", "search_terms", "search_keys"])
def test_a_row_twice_changes_the_digest(connection, table):
    before = digest(connection)
    connection.execute(f"INSERT INTO {table} FROM {table} LIMIT 1")

    assert digest(connection) != before


def test_when_and_by_what_it_was_built_does_not_count(catalog):
    path = built(catalog)
    with duckdb.connect(str(path)) as connection:
        before = digest(connection)
        connection.execute("UPDATE snapshot_info SET built_at = now(), agnes_version = 'x'")

        assert digest(connection) == before


def test_what_a_snapshot_says_that_it_holds_is_what_it_holds(catalog):
    catalog.write("metrics/revenue/mrr.yml", "name: [")
    catalog.write("metrics/sales/never.yml", "name: [")
    catalog.write("tables/orders.yml", "id: other\n")
    catalog.write("metrics/sales/new.yml", metric_yaml("new"))
    catalog.write("metrics/stray.yml", metric_yaml("stray"))
    catalog.write("metrics/metrics.yml", "categories:\n  - {name: revenue, metrics: [gone]}\n")
    catalog.commit()

    with Snapshot(built(catalog)) as snapshot:
        said = snapshot.counts()
        severities = [row["severity"] for row in snapshot.diagnostics()]
        stale = snapshot.stale_files()
        held = {
            "metrics": len(snapshot.metrics()),
            "tables": len(snapshot.tables()),
            "columns": len(snapshot.all_columns()),
            "stale": len(stale),
            "errors": severities.count("error"),
            "warnings": severities.count("warning"),
        }

    assert said == held
    assert stale == ["metrics/revenue/mrr.yml", "tables/orders.yml"]
    assert held["metrics"] == 3
    assert held["errors"] >= 3
    assert held["warnings"] >= 1
