"""A Keboola stack on loopback: a real HTTP server that speaks the documented Storage API.

To try things by hand: `python -m tests.keboola.stack --table in.c-crm.company=id,name`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "1234-567890-canaryCANARYcanary"
AT = "2026-01-31T12:00:00+0100"
"""When everything there was said."""


@dataclass
class StackTable:
    id: str
    columns: list[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    column_metadata: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return self.id.rpartition(".")[0]

    def described(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.id.rpartition(".")[2],
            "primaryKey": self.primary_key,
            "rowsCount": len(self.rows),
            "bucket": {"id": self.bucket},
            "columns": self.columns,
            "metadata": self.metadata,
            "columnMetadata": self.column_metadata,
        }


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Fault:
    """What happens instead of an answer, the first few times.

    Args:
        status: 0 hangs up; -1 does what was asked, and hangs up in the middle of the body.
        times: how often.
        seconds: before anything happens; with status 200 the answer is only late, unless its
            content is HTML, as a proxy on the way would have it.
    """

    path: str
    status: int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    method: str = ""
    content: bytes = b'{"error": "as the test wishes"}'

    @property
    def is_html(self) -> bool:
        return self.content.startswith(b"<")


class Stack:
    """The stack's state, and what was asked of it."""

    def __init__(self) -> None:
        self.url = ""
        self.tables: dict[str, StackTable] = {}
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.jobs: dict[int, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.slices = 0
        """0 for one file with a header, else how many slices there are."""
        self.polls = 2
        """How often a job is looked at before it has ended."""
        self.job_error: str | None = None
        self.bulk = 0
        """The status that a whole table's metadata is answered; 0 for a stack that knows it."""
        self.small_letters = False
        """Whether names of columns are written in small letters there."""
        self.refused: set[str] = set()
        """Columns whose metadata are not taken."""
        self._lock = threading.Lock()

    def add(self, table_id: str, columns: list[str], *rows: Sequence[str], **more: Any) -> None:
        names = [name.lower() for name in columns] if self.small_letters else columns
        self.tables[table_id] = StackTable(table_id, names, list(rows), **more)

    def fail(self, path: str, status: int, times: int = 1, **more: Any) -> None:
        """Let requests whose path has this in it fail."""
        self.faults.append(Fault(path, status, times, **more))

    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times and re.search(fault.path, path) and fault.method in ("", method):
                    fault.times -= 1
                    return fault
        return None

    def export(self, table: StackTable) -> dict[str, Any]:
        number = len(self.jobs) + 1
        if not self.slices:
            self.files[f"{number}/whole"] = _csv([table.columns, *table.rows])
        else:
            size = -(-len(table.rows) // self.slices) or 1
            for at in range(self.slices):
                part = table.rows[at * size : (at + 1) * size]
                self.files[f"{number}/{at}"] = gzip.compress(_csv(part))
            entries = [
                {"url": f"{self.url}/signed/{number}/{at}?signature=canary"}
                for at in range(self.slices)
            ]
            self.files[f"{number}/manifest"] = json.dumps({"entries": entries}).encode()
        self.jobs[number] = {"polls": self.polls, "file": number}
        return {"id": number, "status": "waiting"}

    def job(self, number: int) -> dict[str, Any]:
        job = self.jobs[number]
        job["polls"] -= 1
        if job["polls"] > 0:
            return {"id": number, "status": "processing"}
        if self.job_error:
            return {"id": number, "status": "error", "error": {"message": self.job_error}}
        return {"id": number, "status": "success", "results": {"file": {"id": job["file"]}}}

    def file(self, number: int) -> dict[str, Any]:
        name = "manifest" if self.slices else "whole"
        url = f"{self.url}/signed/{number}/{name}?signature=canary"
        return {"id": number, "isSliced": bool(self.slices), "url": url, "provider": "aws"}

    def say(self, table_id: str, column: str, key: str, value: str, provider: str) -> None:
        """Let a provider say something of a column, in place of what it said before."""
        kept = self.tables[table_id].column_metadata.setdefault(column, [])
        kept[:] = [it for it in kept if (it["provider"], it["key"]) != (provider, key)]
        kept.append({"provider": provider, "key": key, "value": value, "timestamp": AT})

    def said(self, table_id: str, provider: str) -> dict[str, dict[str, str]]:
        """What a provider says of a table's columns: column to key to value."""
        found = self.tables[table_id].column_metadata
        said = {
            column: {it["key"]: it["value"] for it in entries if it["provider"] == provider}
            for column, entries in found.items()
        }
        return {column: values for column, values in said.items() if values}

    def store(self, table: StackTable, content: Any) -> tuple[int, Any]:
        """Take metadata of a table's columns, without those that are refused."""
        if self.bulk:
            return self.bulk, {"error": "Method not found"}
        told = content["columnsMetadata"]
        assert content["metadata"] == []
        assert all(it["columnName"] == column for column, its in told.items() for it in its)
        if strange := [column for column in told if column not in table.columns]:
            return 404, {"error": f"Columns {strange} not found"}
        taken = {column: its for column, its in told.items() if column not in self.refused}
        for column, entries in taken.items():
            self._take(table, column, content["provider"], entries)
        return 201, {"metadata": [], "columnsMetadata": taken}

    def store_column(self, table: StackTable, column: str, content: Any) -> tuple[int, Any]:
        """The same, as older stacks have it, of one column."""
        if column not in table.columns:
            return 404, {"error": "The column was not found in the table"}
        if column in self.refused:
            return 400, {"error": "This column is not to be described"}
        self._take(table, column, content["provider"], content["metadata"])
        return 201, content["metadata"]

    def _take(self, table: StackTable, column: str, provider: str, entries: Any) -> None:
        for entry in entries:
            self.say(table.id, column, entry["key"], entry["value"], provider)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stack: Stack

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        stack = self.stack
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = unquote(parts.path)
        stack.asked.append(Asked(method, path, parse_qs(parts.query), headers, body))
        fault = stack.fault(method, path)
        if fault:
            time.sleep(fault.seconds)
            if fault.status == 0:
                self.close_connection = True
                return
            if fault.status > 0 and (fault.status != 200 or fault.is_html):
                self._answer(fault.status, fault.content, fault.headers)
                return
        status, content = self._content(method, path, headers, body)
        if fault and fault.status == -1:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self._answer(status, content, {})

    def _content(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        stack = self.stack
        if path.startswith("/signed/"):
            assert "x-storageapi-token" not in headers
            return 200, stack.files[path.removeprefix("/signed/")]
        if headers.get("x-storageapi-token") != TOKEN:
            return 401, b'{"error": "Invalid access token"}'
        status, answer = self._api(method, path.removeprefix("/v2/storage/"), body)
        return status, json.dumps(answer).encode()

    def _api(self, method: str, path: str, body: bytes) -> tuple[int, Any]:  # noqa: PLR0911
        stack = self.stack
        kind, _, rest = path.partition("/")
        if (method, path) == ("GET", "tables"):
            return 200, [table.described() for table in stack.tables.values()]
        if kind == "jobs":
            return 200, stack.job(int(rest))
        if kind == "files":
            return 200, stack.file(int(rest))
        table_id, _, what = rest.partition("/")
        table = stack.tables.get(table_id)
        if kind != "tables" or table is None:
            return 404, {"error": "The table was not found in the project"}
        if (method, what) == ("POST", "export-async"):
            return 202, stack.export(table)
        if (method, what) == ("POST", "metadata"):
            return stack.store(table, json.loads(body))
        if method == "POST" and (found := re.fullmatch("columns/(.+)/metadata", what)):
            return stack.store_column(table, found[1], json.loads(body))
        return 200, table.described()

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are what the tests are about."""


@contextmanager
def running(port: int = 0) -> Iterator[Stack]:
    """A stack that listens on a port; 0 for a free one."""
    stack = Stack()
    handler = type("Handler", (_Handler,), {"stack": stack})
    server = _Server(("127.0.0.1", port), handler)
    stack.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stack
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Run a stack until it is interrupted, and print what a program must know of it."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--table", action="append", default=[], metavar="ID=COLUMN,COLUMN")
    given = parser.parse_args()
    with running(given.port) as stack:
        for table in given.table:
            table_id, _, columns = table.partition("=")
            stack.add(table_id, columns.split(","))
        sys.stdout.write(f"export KBC_STACK_URL={stack.url} KBC_STORAGE_TOKEN={TOKEN}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
