"""Signing in by a browser: it brings a code to a port of this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from agnes.cli.output import note
from agnes.errors import UnauthorizedError

if TYPE_CHECKING:
    from agnes.client import Client

PATIENCE_SECONDS = 300
_PATH = "/done"
_PAGE = b"<!doctype html><title>Agnes</title><p>Signed in. You may close this page."


def sign_in(client: Client, *, open_browser: bool) -> dict[str, Any]:
    """Sign in at the server's OpenID provider.

    Args:
        open_browser: otherwise its user goes where the command says.

    Raises:
        UnauthorizedError: nobody came back in time, or the provider does not vouch.
    """
    verifier, mark = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    digest = hashlib.sha256(verifier.encode()).digest()
    waiting = _Waiting(mark)
    try:
        asked = {
            "redirect": f"http://127.0.0.1:{waiting.port}{_PATH}",
            "challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "state": mark,
        }
        address = f"{client.server}/auth/oidc/login?{urlencode(asked)}"
        note(f"sign in with your browser: {address}")
        if open_browser:
            webbrowser.open(address)
        code = waiting.code()
    finally:
        waiting.close()
    found: dict[str, Any] = client.post(
        "/auth/oidc/token", json={"code": code, "verifier": verifier}
    )
    return found


class _Waiting:
    """A port of this machine that takes one code."""

    def __init__(self, mark: str) -> None:
        self._came = threading.Event()
        self._code = ""
        self._server = HTTPServer(("127.0.0.1", 0), self._handler(mark))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def code(self) -> str:
        if not self._came.wait(PATIENCE_SECONDS):
            raise UnauthorizedError("nobody signed in within five minutes")
        return self._code

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, code: str) -> None:
        self._code = code
        self._came.set()

    def _handler(waiting, mark: str) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # who only connects does not keep the browser out

            def do_GET(self) -> None:
                """The browser is back; anybody else on this machine does not know the mark."""
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                sent = query.get("state", "").encode("utf-8", "replace")
                if parts.path != _PATH or not hmac.compare_digest(sent, mark.encode()):
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(_PAGE)))
                self.end_headers()
                self.wfile.write(_PAGE)
                waiting._take(query.get("code", ""))

            def log_message(self, *_: Any) -> None:
                """Say nothing: the address has the code."""

        return Handler
