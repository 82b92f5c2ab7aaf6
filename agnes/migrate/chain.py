"""The steps from one version of `system.duckdb` to the next, and what they must leave alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from agnes.cache import rows
from agnes.cache.arrow import Kind, insert
from agnes.errors import InvalidError
from agnes.load.pack import DATABASE_VERSION, database_version

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from agnes.cache.query import Snapshot

Chain = Mapping[int, Iterable[str]]
"""The version that each step leads to, in order, and its statements; any may run twice."""


def _add_columns(**columns: str) -> tuple[str, ...]:
    return tuple(
        f"ALTER TABLE table_registry ADD COLUMN IF NOT EXISTS {name} {definition}"
        for name, definition in columns.items()
    )


CHAIN: Chain = {
    2: _add_columns(
        source_type="VARCHAR",
        bucket="VARCHAR",
        source_table="VARCHAR",
        query_mode="VARCHAR DEFAULT 'local'",
        sync_schedule="VARCHAR",
        profile_after_sync="BOOLEAN DEFAULT true",
    ),
    3: _add_columns(is_public="BOOLEAN DEFAULT true"),
    4: (files("agnes.migrate").joinpath("version_4.sql").read_text(encoding="utf-8"),),
}


def _contract(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    # A snapshot's columns without ours, which come after `updated_at` in both tables.
    names = list(kinds)
    return {name: kinds[name] for name in names[: names.index("updated_at") + 1]}


FILLED = {
    "metric_definitions": _contract(rows.METRIC),
    "column_metadata": _contract(rows.COLUMN),
}
"""The tables that are filled from the catalog, with the columns of version 4."""

Rows = dict[str, list[tuple[Any, ...]]]
Counts = dict[str, int | None]


def read_rows(snapshot: Snapshot) -> Rows:
    """What a catalog fills the tables with."""
    return {
        table: [
            tuple(map(_as_text, row.values()))
            for row in snapshot.rows(
                f"SELECT {', '.join(kinds)} FROM {table} ORDER BY ALL"  # noqa: S608
            )
        ]
        for table, kinds in FILLED.items()
    }


def _as_text(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def pending(connection: DuckDBPyConnection, path: Path, chain: Chain) -> tuple[int, list[int]]:
    """The version of a database, and the steps that it lacks.

    One that says 4 and lacks one of the two tables lacks the last step.

    Raises:
        InvalidError: it is no `system.duckdb`, or its version is not known.
    """
    version = database_version(connection, path)
    if version > DATABASE_VERSION:
        raise InvalidError(
            f"{path} has schema version {version}; this Agnes knows {DATABASE_VERSION}",
            [],
            "a newer instance wrote it; update Agnes",
        )
    tables = set(_tables(connection))
    if version < 1 or _full("main", "table_registry") not in tables:
        lacks = "it has no table_registry" if version else "its schema version is 0"
        raise InvalidError(
            f"{path} is no system.duckdb: {lacks}",
            [],
            "name that of an older instance: DATA_DIR/state/system.duckdb",
        )
    steps = [step for step in chain if step > version]
    complete = {_full("main", table) for table in FILLED} <= tables
    return version, steps if steps or complete else [DATABASE_VERSION]


def run(
    connection: DuckDBPyConnection, path: Path, steps: Sequence[int], chain: Chain, fill: Rows
) -> Counts:
    """Run steps in one transaction, fill the two tables, set the version.

    Returns:
        How many rows each of the two tables got; None for one that has rows already: it keeps
        them and gets no others.

    Raises:
        InvalidError: one of the two tables is there already, and is another.
    """
    connection.begin()
    for step in steps:
        for statement in chain[step]:
            connection.execute(statement)
    written = {table: _fill(connection, path, table, found) for table, found in fill.items()}
    connection.execute("UPDATE schema_version SET version = $1", [DATABASE_VERSION])
    if "applied_at" in _columns(connection, "schema_version"):
        connection.execute("UPDATE schema_version SET applied_at = now()")
    connection.commit()
    # Closing would do it too, but says nothing when it fails.
    connection.execute("CHECKPOINT")
    return written


def _fill(
    connection: DuckDBPyConnection, path: Path, table: str, found: list[tuple[Any, ...]]
) -> int | None:
    kinds = FILLED[table]
    if missing := kinds.keys() - _columns(connection, table):
        raise InvalidError(
            f"{path} has a table {table} already, without the column {min(missing)}",
            [],
            "nothing was changed; no instance made that table: rename or drop it",
        )
    if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall():  # noqa: S608
        return None
    insert(connection, table, kinds, found)
    return len(found)


def tables_to_keep(connection: DuckDBPyConnection) -> dict[str, list[str]]:
    """The tables with rows that no step may change, by their names in SQL, and their columns."""
    return {
        table: _columns(connection, table)
        for table in _tables(connection)
        if table != _full("main", "schema_version")
        and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()  # noqa: S608
    }


def digests(connection: DuckDBPyConnection, tables: Mapping[str, list[str]]) -> dict[str, Any]:
    """Read columns of tables whole; equal rows give equal digests."""
    found = {}
    for table, columns in tables.items():
        names = ", ".join(map(_quoted, columns))
        sql = f"SELECT count(*), sum(hash({names})::HUGEINT) FROM {table}"  # noqa: S608
        found[table] = connection.execute(sql).fetchall()
    return found


def _tables(connection: DuckDBPyConnection) -> list[str]:
    names = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
    ).fetchall()
    return [_full(schema, name) for schema, name in names]


def _full(schema: str, name: str) -> str:
    return f"{_quoted(schema)}.{_quoted(name)}"


def _columns(connection: DuckDBPyConnection, table: str) -> list[str]:
    description = connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608
    return [column[0] for column in description or ()]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
