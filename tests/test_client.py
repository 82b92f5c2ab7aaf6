from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agnes.client import Client, quoted
from agnes.config import client as config
from agnes.config.client import Login
from agnes.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    TooLargeError,
    TooManyError,
    UnauthorizedError,
    UnavailableError,
    UsageError,
)
from agnes.model.diagnostic import Diagnostic


@dataclass
class Far:
    """A server on loopback that gives prepared answers and remembers what it was asked."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes] | None] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, b"" if status in (204, 304) else content))

    def hang_up(self) -> None:
        self.answers.append(None)


@pytest.fixture
def far() -> Iterator[Far]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.command, self.path, headers, self.rfile.read(length)))
            prepared = found.answers.pop(0)
            if prepared is None:
                self.close_connection = True
                return
            status, more, content = prepared
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Far(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def client(far) -> Iterator[Client]:
    with Client(far.url, "secret") as made:
        yield made


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))


def test_an_answer_is_read_and_the_token_is_sent(far, client):
    far.answer(200, {"metrics": [], "count": 0})

    found = client.get("/api/metrics", params={"category": "revenue", "q": None})

    assert found == {"metrics": [], "count": 0}
    [(method, path, headers, _)] = far.asked
    assert (method, path) == ("GET", "/api/metrics?category=revenue")
    assert headers["authorization"] == "Bearer secret"
    assert headers["user-agent"].startswith("agnes/")


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_a_body_is_sent_as_json(far, client, method):
    far.answer(201, {"id": "revenue/mrr"})

    assert getattr(client, method)("/api/x", json={"a": "ä"}) == {"id": "revenue/mrr"}
    assert json.loads(far.asked[0][3]) == {"a": "ä"}


def test_a_file_is_sent_as_a_form(far, client):
    far.answer(200, {"status": "imported", "count": 1})

    client.post("/api/admin/metrics/import", files={"file": ("mrr.yml", b"name: mrr\n")})

    _, _, headers, body = far.asked[0]
    assert headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"; filename="mrr.yml"' in body
    assert b"name: mrr\n" in body


def test_no_content_is_none(far, client):
    far.answer(204)

    assert client.delete("/api/users/1") is None


def test_status_and_headers_can_be_asked_for(far, client):
    far.answer(202, {"branch": "agnes/x"}, ETag='"abc"')
    far.answer(304)

    answer = client.request("POST", "/api/admin/metrics", json={}, headers={"If-Match": '"a"'})

    assert (answer.status, answer.headers["etag"]) == (202, '"abc"')
    assert far.asked[0][2]["if-match"] == '"a"'
    assert client.request("GET", "/api/metrics").status == 304


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (412, PreconditionError),
        (413, TooLargeError),
        (422, InvalidError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_a_status_is_an_error_with_the_servers_own_words(far, client, status, kind):
    far.answer(status, {"detail": "what is wrong", "hint": "what to do"})

    with pytest.raises(kind, match="what is wrong") as caught:
        client.post("/api/x")

    expected = "sign in: da auth login" if status == 401 else "what to do"
    assert caught.value.hint == expected


def test_diagnostics_come_through(far, client):
    finding = Diagnostic("metrics/a/b.yml", 3, 1, "AG203", "error", "no such key", "write x")
    far.answer(422, {"detail": "1 error", "diagnostics": [finding.as_dict() | {"newer": 1}]})

    with pytest.raises(InvalidError) as caught:
        client.post("/api/x")

    assert caught.value.diagnostics == (finding,)


@pytest.mark.parametrize("found", [None, 1, ["text"], [{"path": "only"}]])
def test_diagnostics_that_are_none_are_left_out(far, client, found):
    far.answer(422, {"detail": "wrong", "diagnostics": found})

    with pytest.raises(InvalidError, match="wrong") as caught:
        client.post("/api/x")
    assert caught.value.diagnostics == ()


def test_too_many_tries_say_when_to_come_back(far, client):
    far.answer(429, {"detail": "too many"}, Retry_After="900")

    with pytest.raises(TooManyError) as caught:
        client.post("/auth/token")
    assert caught.value.retry_after == 900


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"detail": [1]}', b"\xff", b"[" * 100_000])
def test_an_error_in_no_shape_of_ours_has_the_path_and_the_status(far, client, body):
    far.answer(404, body)

    with pytest.raises(NotFoundError, match="/api/x: Not Found"):
        client.get("/api/x")


def test_an_answer_that_is_no_json_is_told_from_a_server_that_is_down(far, client):
    far.answer(200, b"<html>Please log in</html>")

    with pytest.raises(UnavailableError, match="does not answer in JSON"):
        client.get("/api/health")


def test_an_answer_without_an_end_is_not_read_to_its_end(far, client):
    far.answer(200, b'"' + b"a" * 5000 + b'"')

    with pytest.raises(UnavailableError, match="/api/health answers with more than"):
        client.request("GET", "/api/health", largest=4999)


def test_an_answer_that_grows_when_it_is_unpacked_is_not_unpacked_to_its_end(far, client):
    far.answer(200, gzip.compress(b"[" + b" " * 10_000_000 + b"]"), Content_Encoding="gzip")

    with pytest.raises(UnavailableError, match="more than 1 MB"):
        client.request("GET", "/api/health", largest=1 << 20)


def test_an_error_without_an_end_is_still_that_error(far, client):
    far.answer(404, b" " * 2_000_000 + b"{}")

    with pytest.raises(NotFoundError, match="/api/x: Not Found"):
        client.get("/api/x")


def test_a_file_without_an_end_is_not_read_to_its_end(far, client):
    far.answer(200, b"a" * 1000)

    with (
        pytest.raises(UnavailableError, match="more than"),
        client.download("/api/catalog/snapshot", largest=999) as incoming,
    ):
        b"".join(incoming.chunks)


def test_a_redirect_is_not_followed(far, client):
    far.answer(302, None, Location="https://evil.example/")

    with pytest.raises(UnavailableError, match=r"on to https://evil\.example/"):
        client.get("/api/metrics")
    assert len(far.asked) == 1


def test_a_server_that_is_down_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with (
        Client(f"http://127.0.0.1:{port}") as client,
        pytest.raises(UnavailableError, match=f"Cannot reach http://127.0.0.1:{port}: "),
    ):
        client.get("/api/health")


def test_reading_is_tried_again(far, client):
    far.hang_up()
    far.answer(502, b"bad gateway")
    far.answer(200, {"status": "healthy"})

    assert client.get("/api/health") == {"status": "healthy"}
    assert len(far.asked) == 3


def test_a_change_is_not_tried_again(far, client):
    far.hang_up()

    with pytest.raises(UnavailableError):
        client.post("/api/admin/metrics", json={})
    assert len(far.asked) == 1


def test_a_change_that_is_made_once_only_is_tried_again_under_the_same_key(far, client):
    far.hang_up()
    far.answer(201, {})

    client.post("/api/admin/metrics", json={}, once=True)

    first, second = (headers["idempotency-key"] for _, _, headers, _ in far.asked)
    assert first == second


def test_the_configured_server_is_asked_as_who_is_signed_in(far, settings):
    config.save_login(Login(far.url, "stored"))
    far.answer(200, {})

    with Client.from_config() as client:
        client.get("/api/metrics")

    assert far.asked[0][2]["authorization"] == "Bearer stored"


def test_without_a_server_the_error_names_the_remedy(settings):
    with pytest.raises(UsageError, match="no server is configured") as caught:
        Client.from_config()
    assert "da auth login" in (caught.value.hint or "")


def test_without_a_token_the_error_names_the_remedy(settings):
    with pytest.raises(UnauthorizedError, match=r"Not logged in to https://a\.example") as caught:
        Client.from_config("https://a.example/")
    assert caught.value.hint == "sign in: da auth login"


@pytest.mark.parametrize(
    ("server", "expected"),
    [("http://agnes.example", True), ("https://agnes.example", False), ("http://[::1]", False)],
)
def test_a_connection_that_can_be_read_is_known(server, expected):
    assert Client(server).is_exposed is expected


def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(far):
    with pytest.raises(UsageError, match="no token") as caught:
        Client(far.url, "sec\nret")
    assert "ret" not in caught.value.message


def test_an_id_is_quoted():
    assert quoted("revenue/a b?#%") == "revenue/a%20b%3F%23%25"


def test_httpx_is_imported_for_a_request_only():
    code = "import sys; from agnes.client import Client; Client('http://a'); "
    code += "sys.exit('httpx' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_httpx_comes_without_its_command_line(far):
    far.answer(200, {})
    code = f"import sys; from agnes.client import Client; Client({far.url!r}).get('/'); "
    code += "sys.exit('click' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
