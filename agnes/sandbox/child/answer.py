"""What the child says back: columns, rows, or what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import _duckdb

from agnes.sandbox.child.statement import BARE, DESCRIBE, QUERY, Gate, RefusedError
from agnes.sandbox.wire import FRAME_BYTES, encode

_ROWS_BYTES = FRAME_BYTES - 1024 * 1024  # the rest is for the names of columns
_CHUNK = 8  # rows at a time: the next ones may be wide
_NAMES = {"COLUMN_NOT_FOUND", "MISSING_ENTRY"}  # of the others the candidates are signatures
_MESSAGE = 1_000
_SIGNATURES, _MOST = re.compile(r"^\t(\S.*\(.*\) -> .+)$", re.MULTILINE), 50
_END = re.compile("\n\n|\n\tCandidate functions")


class TooLargeError(Exception):
    """Not even one row, or not the names of the columns, fit into an answer."""


def describe(connection: _duckdb.DuckDBPyConnection, gate: Gate, sql: str) -> bytes:
    """The columns of a query as JSON, without running it."""
    rows = connection.execute(gate.statement(sql, DESCRIBE)).fetchall()
    return _fitting(json.dumps({"columns": [row[:2] for row in rows]}).encode())


def query(
    connection: _duckdb.DuckDBPyConnection,
    gate: Gate,
    sql: str,
    limit: int,
    parameters: Mapping[str, Any],
) -> bytes:
    """The columns and rows of a query as JSON, as many rows as the limit and a frame allow."""
    statement = gate.statement(sql, QUERY, f"\n) LIMIT {limit + 1}")
    done = connection.execute(statement, parameters or None)
    columns = json.dumps([(column[0], str(column[1])) for column in done.description])
    rows: list[bytes] = []
    size, truncated = 0, False
    while not truncated and (chunk := done.fetchmany(_CHUNK)):
        for row in chunk:
            text = json.dumps([encode(value) for value in row]).encode()
            size += len(text) + 1
            if truncated := len(rows) == limit or size > _ROWS_BYTES:
                break
            rows.append(text)
    if truncated and not rows and limit:
        raise TooLargeError
    reads = json.dumps(gate.reads(sql))
    head = (
        f'{{"columns": {columns}, "reads": {reads}, "truncated": {json.dumps(truncated)}, "rows": ['
    )
    return _fitting(head.encode() + b",".join(rows) + b"]}")


def fault(error: Exception, sql: str, broken: Mapping[str, str]) -> bytes:
    """What went wrong as JSON: the arguments of a `SandboxError`."""
    found = _details(error)
    subtype, candidates = found.get("error_subtype"), found.get("candidates")
    if subtype == "MISSING_ENTRY" and (why := broken.get(found["name"].lower())):
        found["exception_message"], candidates = why, None
    place = _place(sql, found.get("location"))
    signatures = _SIGNATURES.findall(found["exception_message"])[:_MOST]
    return json.dumps(
        {
            "kind": _kind(error),
            "message": _readable(found["exception_message"]),
            "position": place and place[0],
            "length": place and place[1],
            "candidates": candidates.split(",") if candidates and subtype in _NAMES else signatures,
            "subtype": subtype,
        }
    ).encode()


def _fitting(message: bytes) -> bytes:
    if len(message) > FRAME_BYTES:
        raise TooLargeError
    return message


def _kind(error: Exception) -> str:
    if isinstance(error, TooLargeError | MemoryError | _duckdb.OutOfMemoryException):
        return "memory"
    if isinstance(error, RefusedError | _duckdb.PermissionException):
        return "refused"
    if isinstance(error, _duckdb.FatalException | _duckdb.InternalException):
        return "crashed"  # DuckDB does not answer any more, or should not
    return "failed"


def _details(error: Exception) -> dict[str, Any]:
    if isinstance(error, TooLargeError | MemoryError):
        return {"exception_message": "a row is too large to be returned"}
    if isinstance(error, RefusedError):
        place = error.place and f"[{error.place[0]},{error.place[1]}]"
        return {"exception_message": error.message, "location": place}
    text = str(error)
    found = {"exception_message": text}
    with suppress(ValueError):
        found |= json.loads(text[text.index("{") :])
    return found


def _readable(message: str) -> str:
    """DuckDB's own sentences, without the advice, candidates and stack that may follow."""
    return _END.split(message, maxsplit=1)[0][:_MESSAGE].strip()


def _place(sql: str, location: str | None) -> tuple[int, int] | None:
    """Where in the SQL, in characters, something is that DuckDB gives in bytes."""
    if location is None:
        return None
    start, length = json.loads(location)
    text = sql.encode()
    start = min(max(start - len(BARE), 0), len(text))
    before = text[:start].decode(errors="ignore")
    return len(before), len(text[start : start + length].decode(errors="ignore"))
