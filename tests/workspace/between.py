"""A server between `da` and a real one, which passes on all but what it is told to spoil."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx

_PASSED_ON = ("content-type", "etag", "x-agnes-commit", "content-range")


@dataclass
class Reply:
    """What is answered.

    Args:
        cut: after so many bytes the connection ends.
        pause: seconds before each piece of `piece` bytes.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    cut: int | None = None
    pause: float = 0.0
    piece: int = 1 << 16

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @json.setter
    def json(self, data: Any) -> None:
        self.body = json.dumps(data).encode()


Spoil = Callable[[Reply], None]


@dataclass
class Between:
    """The server: `spoil("/api/sync/manifest", change)` changes what is answered there."""

    url: str
    spoiled: dict[str, list[Spoil]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def spoil(self, path: str, *spoils: Spoil) -> None:
        """Change answers: the first by the first, and so on; the last one stays."""
        self.spoiled[path] = list(spoils)

    def heal(self) -> None:
        self.spoiled.clear()
        self.asked.clear()

    def asked_for(self, path: str) -> list[dict[str, str]]:
        """The headers of what was asked for at a path."""
        return [headers for found, headers in self.asked if found == path]

    def _change(self, path: str, reply: Reply) -> None:
        spoils = self.spoiled.get(path)
        if spoils:
            (spoils.pop(0) if len(spoils) > 1 else spoils[0])(reply)


@contextmanager
def between(url: str) -> Iterator[Between]:
    """Stand between, as long as the block runs."""
    upstream = httpx.Client(base_url=url, timeout=30)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = self.path.partition("?")[0]
            found.asked.append((path, headers))
            sent = {name: value for name, value in headers.items() if name not in ("host",)}
            sent["accept-encoding"] = "identity"
            theirs = upstream.request(self.command, self.path, content=content, headers=sent)
            kept = {name: theirs.headers[name] for name in _PASSED_ON if name in theirs.headers}
            reply = Reply(theirs.status_code, kept, theirs.content)
            found._change(path, reply)
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body[: reply.cut]
            try:
                for at in range(0, len(body), reply.piece):
                    time.sleep(reply.pause)
                    self.wfile.write(body[at : at + reply.piece])
            except OSError:
                self.close_connection = True  # whoever asked has gone
            if reply.cut is not None:
                self.close_connection = True

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # whoever asked has gone

    with Server(("127.0.0.1", 0), Handler) as running, upstream:
        found = Between(f"http://127.0.0.1:{running.server_address[1]}")
        thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            running.shutdown()
            thread.join()
