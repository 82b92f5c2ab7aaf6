"""Two years of invented data for the starter catalog: the same seed gives the same values."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

import duckdb
from arro3.core import Array, DataType, Table

from agnes.demo import activity, money
from agnes.demo.company import found_company
from agnes.demo.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from agnes.demo.schema import Row

__all__ = ["write_demo_data"]

ARROW_TYPES = {
    "BIGINT": DataType.int64(),
    "BOOLEAN": DataType.bool(),
    "DECIMAL(18,2)": DataType.float64(),
    "DOUBLE": DataType.float64(),
}


def write_demo_data(
    directory: Path,
    *,
    seed: int = 7,
    start: date = date(2024, 1, 1),
    end: date = date(2025, 12, 31),
) -> dict[str, int]:
    """Write the demo data, one `<table_id>.parquet` per table of the starter catalog.

    Arguments: the directory, made if need be (files of the same names are replaced); the seed;
    the first and the last day of the data. Returns the number of rows by table id.
    Raises ValueError if `end` is before `start`, OSError if a file cannot be written.
    """
    tables = _tables(seed, start, end)
    directory.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        return {
            table: _write(connection, directory / f"{table}.parquet", SCHEMAS[table], list(rows))
            for table, rows in tables.items()
        }


def _tables(seed: int, start: date, end: date) -> dict[str, Iterable[Row]]:
    """Return the rows of each table, every table drawn from its own stream of random numbers."""

    def rng(table: str) -> random.Random:
        return random.Random(f"{seed}/{table}")  # noqa: S311 (invented data, no secrets)

    company = found_company(seed, start, end)
    users = activity.sign_up_users(rng("users"), company)
    return {
        "accounts": money.account_rows(company),
        "subscriptions": money.subscription_rows(company),
        "orders": money.order_rows(rng("orders"), company),
        "users": activity.user_rows(users),
        "events": activity.event_rows(rng("events"), company, users),
        "account_usage": activity.account_usage_rows(rng("account_usage"), company),
        "plan_limits": activity.plan_limit_rows(),
        "opportunities": money.opportunity_rows(rng("opportunities"), company),
        "tickets": activity.ticket_rows(rng("tickets"), company, users),
        "infrastructure_costs": money.infrastructure_cost_rows(
            rng("infrastructure_costs"), company
        ),
    }


def _write(
    connection: duckdb.DuckDBPyConnection, target: Path, schema: dict[str, str], rows: list[Row]
) -> int:
    """Write one table under a temporary name, rename it, and return the number of rows."""
    temporary = target.with_name(f".{target.name}.tmp")
    casts = ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in schema.items())
    try:
        relation = connection.from_arrow(_arrow_table(schema, rows)).project(casts)
        relation.write_parquet(str(temporary), compression="zstd")
        temporary.replace(target)
    except duckdb.IOException as error:
        raise OSError(f"cannot write {target}: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(rows)


def _arrow_table(schema: dict[str, str], rows: list[Row]) -> Table:
    """Return the rows as an Arrow table, in which dates and times are text."""
    arrays: list[Array] = []
    for index, kind in enumerate(schema.values()):
        values = [row[index] for row in rows]
        if kind not in ARROW_TYPES:
            values = [None if value is None else str(value) for value in values]
        arrays.append(Array(values, ARROW_TYPES.get(kind, DataType.string())))
    return Table.from_arrays(arrays, names=list(schema))
