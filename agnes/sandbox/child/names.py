"""The names of what DuckDB has and a query may not use."""

from __future__ import annotations

from typing import NamedTuple

import _duckdb

from agnes.sql import known


class Names(NamedTuple):
    """In lower case.

    Args:
        functions: those with side effects, and DuckDB's own.
        table_functions: all of them, and pragmas.
        views: those that tell of the database itself.
    """

    functions: frozenset[str]
    table_functions: frozenset[str]
    views: frozenset[str]


def names_of(connection: _duckdb.DuckDBPyConnection) -> Names:
    """The names that a DuckDB has: those that are written down of its build, else its own answer.

    DuckDB takes longer to list them than a sandbox for all the rest of its start. It looks into the
    folder of extensions, so nothing is locked before.
    """
    if build_of(connection) == known.BUILD:
        return Names(known.FUNCTIONS, known.TABLE_FUNCTIONS, known.VIEWS)
    return ask(connection)


def build_of(connection: _duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The commit that a DuckDB was built from, and the extensions that are loaded."""
    rows = connection.execute(
        "SELECT source_id FROM pragma_version() UNION ALL"
        " (SELECT extension_name FROM duckdb_extensions() WHERE loaded ORDER BY extension_name)"
    ).fetchall()
    return tuple(name for (name,) in rows)


def ask(connection: _duckdb.DuckDBPyConnection) -> Names:
    """The names, from DuckDB itself."""
    functions = connection.execute(
        "SELECT DISTINCT lower(function_name),"
        " function_type IN ('table', 'table_macro', 'pragma') AS of_table"
        " FROM duckdb_functions()"
        " WHERE of_table OR has_side_effects OR starts_with(function_name, '__internal')"
    ).fetchall()
    views = connection.execute(
        "SELECT view_name FROM duckdb_views()"
        " WHERE internal AND schema_name <> 'information_schema'"
    ).fetchall()
    return Names(
        frozenset(name for name, of_table in functions if not of_table),
        frozenset(name for name, of_table in functions if of_table),
        frozenset(name for (name,) in views),
    )
