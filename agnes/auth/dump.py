"""The state as lines of JSON, of either kind of database and into either kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, insert, select, text

from agnes.auth.database import Database
from agnes.auth.schema import METADATA, Moment
from agnes.errors import ConflictError, InvalidError

_BATCH = 500


def dump(database: Database) -> Iterator[str]:
    """Lines of JSON: the version of the tables, then every row as `[table, {column: value}]`.

    All of it is of one moment.
    """
    with database.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield json.dumps({"version": _version(connection)})
        for table in METADATA.sorted_tables:
            found = connection.execution_options(yield_per=_BATCH).execute(select(table))
            for row in found.mappings():
                yield json.dumps([table.name, {key: _plain(it) for key, it in row.items()}])


def load(database: Database, lines: Iterable[str]) -> int:
    """Fill an empty database with what `dump` made, all or nothing.

    Returns:
        How many users there are.

    Raises:
        ConflictError: somebody is in it already.
        InvalidError: it was dumped by another version.
    """
    entries = map(json.loads, lines)
    with database.changing() as connection:
        if connection.scalar(select(func.count()).select_from(METADATA.tables["users"])):
            raise ConflictError(
                "the state database has users already; nothing was restored",
                "name an empty one by AGNES_STATE_URL, or another data folder",
            )
        there, here = _said(next(entries, None)), _version(connection)
        if there != here:
            raise InvalidError(
                f"the state is of version {there}, this Agnes has {here}; nothing was restored",
                (),
                "restore it by the version that made the backup, then upgrade",
            )
        for name, rows in groupby(entries, key=lambda entry: entry[0]):
            _fill(connection, METADATA.tables[name], [row for _, row in rows])
        users: int | None = connection.scalar(
            select(func.count()).select_from(METADATA.tables["users"])
        )
    return users or 0


def _said(head: Any) -> str | None:
    return head.get("version") if isinstance(head, dict) else None


def _version(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _fill(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    moments = [column.name for column in table.columns if isinstance(column.type, Moment)]
    for row in rows:
        for name in moments:
            row[name] = datetime.fromisoformat(row[name]) if row[name] else None
    connection.execute(table.delete())  # what opening the database put there
    connection.execute(insert(table), rows)
    (key, *more) = table.primary_key.columns
    counts = isinstance(key.type.dialect_impl(connection.dialect), Integer) and not more
    if counts and connection.dialect.name == "postgresql":  # or new rows would get ids of old ones
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        connection.execute(select(func.setval(sequence, select(func.max(key)).scalar_subquery())))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
