"""A catalog with data beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agnes.git.refs import locate
from agnes.proposals.discover import Discovery, discover
from agnes.sync.reading import Reading, open_snapshot
from tests.conftest import GitRepository, empty_repository
from tests.queries.conftest import write_parquet


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    """Tables `customers` and `orders`, with nothing known of their columns but two."""
    made = empty_repository(tmp_path / "shop")
    made.write("agnes.yml", "name: The Shop\n")
    made.write("tables/customers.yml", "id: customers\n")
    made.write(
        "tables/orders.yml",
        "id: orders\ncolumns:\n"
        "  note: {basetype: STRING, description: What the buyer said}\n"
        "  paid: {basetype: INTEGER}\n",
    )
    made.write(
        "metrics/revenue/total.yml",
        "name: total\ngrain: monthly\nunit: EUR\ntable: orders\nexpression: SUM(total)\n"
        "time_column: created_at\nsql: SELECT SUM(total) AS total FROM orders\n",
    )
    made.commit("Start", at=1_700_000_000)
    data = made.path / "data" / "parquet"
    write_parquet(
        data / "customers.parquet",
        "SELECT 'C' || i AS customer_id, 'u' || i || '@example.com' AS email FROM range(50) t(i)",
    )
    write_parquet(
        data / "orders.parquet",
        "SELECT i AS order_id, 'C' || (i % 50) AS customer_id, i * 1.25::DOUBLE AS total,"
        " TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS created_at, 'n' AS note,"
        " (i % 2)::BIGINT AS paid, printf('%05d', i) AS code FROM range(600) t(i)",
    )
    return made


def files_of(repository: GitRepository) -> dict[str, list[Path]]:
    return {it.stem: [it] for it in (repository.path / "data" / "parquet").glob("*.parquet")}


def discovered(repository: GitRepository, describer, *tables: str) -> Discovery:
    with open_snapshot(locate(repository.path).path, Reading()) as snapshot:
        return discover(snapshot, files_of(repository), describer, tables)
