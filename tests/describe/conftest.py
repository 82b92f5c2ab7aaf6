"""Facts of columns, and a model's endpoint on loopback."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agnes.describe import ColumnFacts, TableFacts


def column(name: str, basetype: str = "STRING", **more: Any) -> ColumnFacts:
    return ColumnFacts(name, more.pop("type", "VARCHAR"), basetype, **({"rows": 500} | more))


def table(*columns: ColumnFacts, table_id: str = "orders") -> TableFacts:
    return TableFacts(table_id, None, columns, frozenset(it.name for it in columns))


def completion(answers: Any) -> bytes:
    """What an endpoint answers: a model that says this, or this text."""
    content = answers if isinstance(answers, str) else json.dumps(answers)
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


@dataclass
class Model:
    """A model's endpoint. It answers what is queued, the last of it again and again.

    Args:
        answers: pairs of status and body; None breaks the connection.
    """

    url: str = ""
    answers: deque[tuple[int, bytes] | None] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def says(self, *answers: Any) -> None:
        self.answers = deque((200, completion(it)) for it in answers)


@pytest.fixture(scope="module")
def _endpoint() -> Iterator[Model]:
    model = Model()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model.asked.append({"path": self.path, **json.loads(body)})
            model.headers.append(dict(self.headers))
            answer = model.answers.popleft() if len(model.answers) > 1 else model.answers[0]
            if answer is None:
                self.connection.close()
                return
            self.send_response(answer[0])
            if 300 <= answer[0] < 400:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        model.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield model
        server.shutdown()
        thread.join()


@pytest.fixture
def model(_endpoint: Model) -> Model:
    _endpoint.asked.clear()
    _endpoint.headers.clear()
    _endpoint.says({})
    return _endpoint
