"""The DuckDB of the child: its tables, and nothing else in reach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from types import ModuleType
from typing import Any

import _duckdb

UNKNOWN = '"NULL"'  # the type of NULL itself, which DuckDB turns into what the place needs


def connect(memory_mb: int) -> _duckdb.DuckDBPyConnection:
    """Open an in-memory database of one thread that may use this much memory.

    It looks up the size of the machine while it opens, so nothing is locked before.
    """
    return _duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "async_threads": 0,
            "memory_limit": f"{memory_mb}MiB",
            "temp_directory": "",
            "allow_persistent_secrets": False,
            "allow_community_extensions": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        },
    )


def set_up(
    connection: _duckdb.DuckDBPyConnection, tables: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Make the tables, put everything else out of reach, and lock the configuration.

    Args:
        connection: what `connect` returned.
        tables: each with a `name`, and either `files` or `columns`.

    Returns:
        for each table that could not be made what is wrong with it, by its name in lower case.
    """
    paths = [path for table in tables for path in table.get("files", ())]
    connection.execute(f"SET allowed_paths = {_list(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET TimeZone = 'UTC'")
    _give_time_zone()
    broken = {}
    type_of = cache(connection.sqltype)
    for table in tables:
        try:
            connection.execute(_definition(table, type_of))
        except _duckdb.Error as error:
            broken[table["name"].lower()] = f"table {table['name']}: {error}"
    connection.execute("SET errors_as_json = true")
    connection.execute("SET lock_configuration = true")
    return broken


def _definition(table: Mapping[str, Any], type_of: Callable[[str], object]) -> str:
    name = _identifier(table["name"])
    if "files" in table:
        source = f"read_parquet({_list(table['files'])}, hive_partitioning = false)"
        return f"CREATE VIEW {name} AS FROM {source}"
    columns = [
        # A type is parsed on its own: it comes out of YAML and may be any text.
        f"{_identifier(column)} {UNKNOWN if kind is None else type_of(kind)}"
        for column, kind in table["columns"].items()
    ]
    return f"CREATE TABLE {name} ({', '.join(columns)})"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + "]"


class _Utc(tzinfo):
    """The part of pytz that DuckDB calls; TimeZone is UTC and cannot be changed."""

    def utcoffset(self, _at: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _at: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, _at: datetime | None) -> str:
        return "UTC"

    def localize(self, at: datetime) -> datetime:
        return at.replace(tzinfo=UTC)


def _give_time_zone() -> None:
    """DuckDB imports pytz to return a TIMESTAMPTZ; here is neither pytz nor a way to import it."""
    module = ModuleType("pytz")
    vars(module)["timezone"] = lambda _name: _Utc()
    sys.modules["pytz"] = module
