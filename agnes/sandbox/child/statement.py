"""Which statements may run, and how they are wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import _duckdb

from agnes.sandbox.child.names import Names

# Of equal length, so that a place in the one is a place in the other and in neither of them.
BARE = " " * 25
QUERY = "SELECT * FROM (\n".rjust(25)
DESCRIBE = "DESCRIBE SELECT * FROM (\n"

_WORD = re.compile(r"[^\W\d]\w*")
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "json_each", "json_tree"}
_HARMLESS = {"error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"}
_TELLING = {
    "current_setting", "get_block_size", "getvariable", "json_serialize_plan",
    "pg_get_constraintdef", "pg_get_viewdef", "pg_sleep",
}  # fmt: skip
_SCHEMAS = {"information_schema", "pg_catalog"}
_KEYWORDS = {"show", "describe", "summarize", "insert", "update", "delete", "merge"}
_DESC = re.compile(r"(?:^|\()\s*desc\b")  # not the one of ORDER BY, which is in many statements


_Ctes = tuple[str, "_Ctes"] | None
"""The names of CTEs, the innermost first."""


class RefusedError(Exception):
    """A statement that does not run here.

    Args:
        message: what it is that does not.
        place: its first byte and its length in bytes, behind 25 further bytes.
    """

    def __init__(self, message: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Gate:
    """Lets one SELECT through that reads nothing but tables.

    What else DuckDB has to offer is known of the build at hand, so that a new version's new
    functions are refused before anybody here has heard of them.

    Args:
        names: what this DuckDB has.
    """

    def __init__(self, connection: _duckdb.DuckDBPyConnection, names: Names) -> None:
        self._connection = connection
        self._functions = (names.functions | _TELLING) - _HARMLESS
        self._views = names.views
        self._words = (
            self._functions | self._views | _SCHEMAS | _KEYWORDS | names.table_functions
        ) - _TABLE_FUNCTIONS

    def statement(self, sql: str, prefix: str, suffix: str = "\n)") -> _duckdb.Statement:
        """The statement to run for the SQL that was asked for.

        Args:
            sql: what was asked for.
            prefix: `QUERY` or `DESCRIBE`.
            suffix: what closes it.

        Raises:
            RefusedError: it may not run.
            duckdb.Error: it cannot be parsed.
        """
        sql = _without_its_end(sql)
        self._one_select(BARE + sql)
        # Whatever may not run has a name, and a name stands in the text as it is: most statements
        # need no second look.
        lower = sql.lower()
        if not self._words.isdisjoint(_WORD.findall(lower)) or _DESC.search(lower):
            self._look(BARE + sql)
        return self._one_select(prefix + sql + suffix)

    def _one_select(self, text: str) -> _duckdb.Statement:
        statements = self._connection.extract_statements(text)
        if not statements:
            raise RefusedError("there is no statement")
        if len(statements) > 1:
            raise RefusedError(f"one SELECT runs here at a time, and these are {len(statements)}")
        (statement,) = statements
        if statement.type == _duckdb.StatementType.MULTI:
            raise RefusedError(
                "PIVOT needs the values of its columns here: PIVOT ... ON x IN (...)"
            )
        if statement.type != _duckdb.StatementType.SELECT:
            raise RefusedError(f"only SELECT runs here, and this is {statement.type.name}")
        return statement

    def reads(self, sql: str) -> list[str]:
        """The tables that a statement reads, as it calls them: no CTEs; each once."""
        found: dict[str, None] = {}
        for node, ctes in _nodes(self._tree(sql)):
            if node.get("type") == "BASE_TABLE":
                path = node["qualified_name"]["path"]
                if len(path) > 1 or not _is_among(path[-1].lower(), ctes):
                    found[".".join(path)] = None
        return list(found)

    def _tree(self, text: str) -> dict[str, Any]:
        done = self._connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text])
        tree: dict[str, Any] = json.loads(done.fetchall()[0][0])
        return tree

    def _look(self, text: str) -> None:
        tree = self._tree(text)
        if tree["error"]:
            raise RefusedError(f"this statement cannot be checked: {tree['error_message']}")
        for node, ctes in _nodes(tree):
            if (what := self._refused(node, ctes)) is not None:
                place = node.get("query_location", 0), node.get("query_location_length", 0)
                raise RefusedError(f"{what} cannot be used here", place if place[1] else None)

    def _refused(self, node: dict[str, Any], ctes: _Ctes) -> str | None:
        kind = str(node.get("type"))
        if kind.endswith("_QUERY_NODE"):
            return kind.removesuffix("_QUERY_NODE")
        if kind == "SHOW_REF":
            return "SHOW, DESCRIBE or SUMMARIZE"
        if kind == "TABLE_FUNCTION":
            name = node["function"]["function_name"]
            return None if name.lower() in _TABLE_FUNCTIONS else f"the table function {name}"
        if kind == "BASE_TABLE":
            path = node["qualified_name"]["path"]
            schemas = {part.lower() for part in path[:-1]}
            name = path[-1].lower()
            own = len(path) == 1 and _is_among(name, ctes)
            foreign = schemas & _SCHEMAS or (name in self._views and not own)
            return ".".join(path) if foreign else None
        name = node.get("function_name")
        return f"the function {name}" if name and name.lower() in self._functions else None


def _without_its_end(sql: str) -> str:
    """The text without the semicolons that end it, which cannot stand in a subquery.

    Comments may follow them; only DuckDB's own lexer knows what is a comment.
    """
    if ";" not in sql:
        return sql
    data = sql.encode()
    end = len(data)
    for at, kind in reversed(_duckdb.tokenize(sql)):  # in bytes
        if kind == _duckdb.token_type.operator and data[at : at + 1] == b";":
            end = at
        elif kind != _duckdb.token_type.comment:
            break
    return data[:end].decode()


def _nodes(tree: dict[str, Any]) -> Iterator[tuple[dict[str, Any], _Ctes]]:
    """Every node, with the CTEs that may be read there."""
    rest: list[tuple[Any, _Ctes]] = [(tree, None)]
    while rest:
        node, ctes = rest.pop()
        if isinstance(node, dict):
            yield node, ctes
            for cte in node.get("cte_map", {}).get("map", ()):  # each sees those before it
                rest.append((cte["value"], ctes))
                ctes = cte["key"].lower(), ctes
            done = {"cte_map"}
            if node.get("type") == "RECURSIVE_CTE_NODE":  # its right side reads the CTE itself
                rest.append((node["right"], (node["cte_name"].lower(), ctes)))
                done.add("right")
            rest += [(value, ctes) for key, value in node.items() if key not in done]
        elif isinstance(node, list):
            rest += [(item, ctes) for item in node]


def _is_among(name: str, ctes: _Ctes) -> bool:
    while ctes is not None:
        first, ctes = ctes
        if first == name:
            return True
    return False
