"""Comments on pull requests, against a server that speaks the two hosts' protocols."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from agnes.config import PullRequest
from agnes.errors import AgnesError
from agnes.forge import forge_of, post_comment

MARKER = "<!-- agnes: review -->"


class Host(ThreadingHTTPServer):
    """One pull request's comments; a token that is not `good` may read them only."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict] = []
        self.moved_to: str | None = None
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        page, size = int(query["page"][0]), int(query["per_page"][0])
        self.answer(200, self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        comment = {"id": len(self.server.comments) + 1, **self.body()}
        if self.allowed():
            self.server.comments.append(comment)
            self.answer(201, comment)

    def do_PATCH(self) -> None:
        comment = self.body()
        if self.allowed():
            known = self.server.comments[int(self.path.rpartition("/")[2]) - 1]
            known.update(comment)
            self.answer(200, known)

    do_PUT = do_PATCH  # noqa: N815

    def body(self) -> dict:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def allowed(self) -> bool:
        token = self.headers["Authorization"] or self.headers["PRIVATE-TOKEN"]
        self.server.seen.append(f"{self.command} {self.path}")
        if not token.endswith("good"):
            self.answer(403, {"message": "Resource not accessible by integration"})
        return token.endswith("good")

    def answer(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(301 if self.server.moved_to else status)
        if self.server.moved_to:
            self.send_header("Location", self.server.moved_to + self.path)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def request(host: Host, kind: str = "github", token: str = "good") -> PullRequest:
    project = "acme/metrics" if kind == "github" else "42"
    return PullRequest(kind, host.url, project, "7", token)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_first_comment_is_posted_and_later_ones_replace_it(host: Host, kind: str) -> None:
    host.comments.append({"id": 1, "body": "What a fine change"})
    forge = forge_of(request(host, kind))
    assert post_comment(forge, f"{MARKER}\none", MARKER) == "posted"
    assert post_comment(forge, f"{MARKER}\ntwo", MARKER) == "updated"
    assert [it["body"] for it in host.comments] == ["What a fine change", f"{MARKER}\ntwo"]


def test_each_host_is_asked_in_its_own_words(host: Host) -> None:
    for kind in ("github", "gitlab"):
        host.comments.clear()
        for _ in range(2):
            post_comment(forge_of(request(host, kind)), MARKER, MARKER)
    assert host.seen == [
        "POST /repos/acme/metrics/issues/7/comments",
        "PATCH /repos/acme/metrics/issues/comments/1",
        "POST /projects/42/merge_requests/7/notes",
        "PUT /projects/42/merge_requests/7/notes/1",
    ]


def test_the_comment_is_found_behind_hundreds_of_others(host: Host) -> None:
    host.comments = [{"id": number + 1, "body": "+1"} for number in range(250)]
    host.comments[230]["body"] = f"{MARKER}\nold"
    assert post_comment(forge_of(request(host)), MARKER, MARKER) == "updated"
    assert len(host.comments) == 250


def test_a_token_without_the_right_is_told_what_it_needs(host: Host) -> None:
    with pytest.raises(AgnesError, match="403") as caught:
        post_comment(forge_of(request(host, token="bad")), MARKER, MARKER)
    assert "pull-requests: write" in (caught.value.hint or "")


def test_the_token_is_sent_nowhere_else(host: Host) -> None:
    with Host() as other:
        host.moved_to = other.url
        with pytest.raises(AgnesError, match="301"):
            post_comment(forge_of(request(host)), MARKER, MARKER)
        assert not other.seen


def test_a_server_that_is_not_there_is_named() -> None:
    there = PullRequest("github", "http://127.0.0.1:1", "acme/metrics", "7", "good")
    with pytest.raises(AgnesError, match="cannot be reached"):
        post_comment(forge_of(there), MARKER, MARKER)
