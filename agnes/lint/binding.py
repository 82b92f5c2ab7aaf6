"""Binding: the engine itself prepares every query, on empty tables of the registered columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from typing import Any

from agnes.errors import SandboxError
from agnes.lint.facts import EXPRESSION, TableFacts
from agnes.lint.rules.engine import DoesNotBind, TooCostlyToBind
from agnes.lint.tasks import Task
from agnes.sandbox import EmptyTable, Limits, Sandbox

LIMITS = Limits(seconds=2, memory_mb=512)
TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "NUMERIC": "DECIMAL(18, 3)",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}
"""Base types in DuckDB's words; few decimals, since those of a product add up, to 38 at most."""

_FEW = 2
_NAME_END = re.compile(r"\s*\(")
_MISSING_COLUMN = re.compile(r'does not have a column named "(.+?)"')
_NAME_ERRORS = ("COLUMN_NOT_FOUND", "MISSING_ENTRY", "SYNTAX_ERROR")
_WORTH_TWO = 400


def bind(
    fresh: Mapping[str, Task],
    text: Callable[[str, str], str],
    progress: Callable[[int], None],
) -> dict[str, Any]:
    """Bind queries.

    Args:
        fresh: by the key under which the outcome is kept.
        text: reads a query: path of the metric's file and key in it.
        progress: told how many more are done.

    Returns:
        By the same keys: None when the query binds, else what to say.

    Raises:
        SandboxError: the sandbox itself does not work.
    """
    pending = list(fresh.items())
    shares = 2 if len(pending) > _WORTH_TWO else 1
    parts = [pending[at::shares] for at in range(shares)]
    done: dict[str, Any] = {}
    with ThreadPoolExecutor(shares) as pool:
        for part in pool.map(lambda part: _bind_all(part, text, progress), parts):
            done |= part
    return done


def _bind_all(
    pending: list[tuple[str, Task]],
    text: Callable[[str, str], str],
    progress: Callable[[int], None],
) -> dict[str, Any]:
    shapes = {name: table for _, task in pending for name, table in task.tables.items()}
    done: dict[str, Any] = {}
    with Sandbox(_empty_tables(shapes), LIMITS) as sandbox:
        for key, task in pending:
            done[key] = _outcome(sandbox, text(task.metric.path, task.query.node), task)
            progress(1)
    return done


def _empty_tables(shapes: dict[str, TableFacts]) -> list[EmptyTable]:
    """One table for each name that a query reads; `main.` is where they are anyway."""
    tables: dict[str, EmptyTable] = {}
    for name, table in shapes.items():
        plain = name.casefold().removeprefix("main.")
        plain = table.id if plain == table.id.casefold() else plain
        columns = {
            column: TYPES.get(basetype or "") for column, basetype in _distinct(table).items()
        }
        tables[plain.casefold()] = EmptyTable(plain, columns)
    return list(tables.values())


def _distinct(table: TableFacts) -> dict[str, str | None]:
    found: dict[str, tuple[str, str | None]] = {}
    for name, basetype in table.columns.items():
        found.setdefault(name.casefold(), (name, basetype))
    return dict(found.values())


def _outcome(sandbox: Sandbox, sql: str, task: Task) -> dict[str, Any] | None:
    """None when the query binds; else what to say."""
    before = 0
    if task.query.node == EXPRESSION:
        sql, before = f'SELECT {sql}\nFROM "{next(iter(task.tables))}"', len("SELECT ")
    try:
        sandbox.describe(sql)
    except SandboxError as error:
        if error.kind == "crashed":
            sandbox.describe("SELECT 1")  # if that fails too, it is not the query's fault
        if error.kind in ("timeout", "memory", "crashed"):
            message = "preparing this query takes too much time or memory"
            return {"rule": TooCostlyToBind.code, "message": message, "hint": None, "start": None}
        if _is_guess(error, task):
            return None
        return {
            "rule": DoesNotBind.code,
            "message": _first_line(error.message),
            "hint": _hint(error, sql, task),
            "start": error.position and max(0, error.position - before),
            "length": error.length or 1,
        }
    return None


def _is_guess(error: SandboxError, task: Task) -> bool:
    """Whether the error may come from a column whose type is not known."""
    untyped = any(None in table.columns.values() for table in task.tables.values())
    named = error.subtype in _NAME_ERRORS or "does not have a column" in error.message
    return untyped and not named and "GROUP BY" not in error.message


def _first_line(message: str) -> str:
    first = message.strip().split("\n")[0].strip()
    return first.removesuffix("You might need to add explicit type casts.").strip().rstrip("!.")


def _hint(error: SandboxError, sql: str, task: Task) -> str | None:
    if error.subtype == "NO_MATCHING_FUNCTION":
        return _call_hint(error)
    start = error.position or 0
    written = _NAME_END.split(sql[start : start + (error.length or 0)])[0].strip('"').casefold()
    if near := get_close_matches(written, error.candidates, 2, 0.6):
        return f"did you mean {' or '.join(near)}?"
    if "must appear in the GROUP BY" in error.message:
        return "add it to the GROUP BY, or aggregate it"
    if dotted := [name for name in task.tables if "." in name and f'"{name}"' in error.message]:
        return f'quote the name: "{dotted[0]}"'
    if found := _MISSING_COLUMN.search(error.message):
        columns = {name for table in task.tables.values() for name in table.columns}
        close = get_close_matches(found.group(1), sorted(columns), 1, 0.6)
        return f"did you mean {close[0]}?" if close else None
    return None


def _call_hint(error: SandboxError) -> str:
    """A CAST helps where the function takes as many values."""
    given = _arguments(error.message)
    shapes = [found.partition(" -> ")[0] for found in error.candidates]
    fitting = [shape for shape in shapes if _arguments(shape) == given]
    if shapes and not fitting:
        return f"it takes {shapes[0]}"
    hint = "add a CAST, or correct the column's basetype"
    return f"{hint}; it takes {' or '.join(fitting)}" if 0 < len(fitting) <= _FEW else hint


def _arguments(call: str) -> int:
    """How many values a call such as `sum(DECIMAL(18,3), INTEGER)` has."""
    inner = re.sub(r"\([^()]*\)", "", call[call.find("(") + 1 : call.rfind(")")])
    return sum(part.strip() not in ("", "/") for part in inner.split(","))
