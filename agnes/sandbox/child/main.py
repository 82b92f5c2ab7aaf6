"""The loop of the child: a frame with a request comes in, a frame with an answer goes out."""

from __future__ import annotations

import os
import sys
from io import BufferedReader
from typing import Any

from agnes.sandbox import wire
from agnes.sandbox.child import answer
from agnes.sandbox.child.database import connect, set_up
from agnes.sandbox.child.lockdown import limit_seconds, lock_down
from agnes.sandbox.child.names import names_of
from agnes.sandbox.child.statement import Gate


def main() -> None:
    """Serve the parent at the other end of standard input until it hangs up."""
    sys.path.clear()  # all that is needed is there
    sys.setrecursionlimit(10_000)  # for JSON as deep as DuckDB lets an expression be
    channel = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    with os.fdopen(channel, "rb", closefd=False) as requests:
        _serve(requests, channel)


def _serve(requests: BufferedReader, channel: int) -> None:
    setup = _read(requests)
    if setup is None:
        return
    tables, memory_mb, seconds = setup["tables"], setup["memory_mb"], setup["seconds"]
    connection = connect(memory_mb // 2)
    names = names_of(connection)
    lock_down([path for table in tables for path in table.get("files", ())], memory_mb)
    broken = set_up(connection, tables)
    gate = Gate(connection, names)
    _write(channel, b"{}")
    while request := _read(requests):
        limit_seconds(seconds)
        sql = request["sql"]
        try:
            if "limit" in request:
                bound = {key: wire.decode(it) for key, it in request["parameters"].items()}
                message = answer.query(connection, gate, sql, request["limit"], bound)
            else:
                message = answer.describe(connection, gate, sql)
        except Exception as error:  # noqa: BLE001  (the parent raises it)
            message = answer.fault(error, sql, broken)
        _write(channel, message)


def _read(requests: BufferedReader) -> Any:
    header = requests.read(wire.HEADER.size)
    return wire.loads(requests.read(wire.HEADER.unpack(header)[0])) if header else None


def _write(channel: int, message: bytes) -> None:
    rest = memoryview(wire.frame(message))
    while rest:
        rest = rest[os.write(channel, rest) :]
