"""What was answered before, answered again before anything is routed.

A metric by its id, and any document that a route has given to the same audience for the same
address, as long as the same snapshot is in force. What is not found here, because nobody has asked
yet, goes the usual way.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from agnes.api.answers import HEADERS
from agnes.api.deps import principal_of, token_of
from agnes.errors import AgnesError
from agnes.serving.document import Document, matches
from agnes.serving.edition import View

METRIC = "/api/metrics/"
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_JSON = (b"content-type", b"application/json")
_GZIP = (b"content-encoding", b"gzip")


class HotReads:
    """Wraps an app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            document = await _known(scope)
            if document is not None:
                await _send(document, scope, send)
                return
        await self.app(scope, receive, send)


async def _known(scope: Scope) -> Document | None:
    path: str = scope["path"]
    if not path.startswith("/api/"):
        return None
    instance = scope["app"].state.instance
    token = token_of(scope)
    if not token or not instance.serving.is_ready:
        return None
    try:
        principal = await principal_of(instance.authenticator, token)
    except AgnesError:
        return None  # the route will say why
    if "read" not in principal.scopes:
        return None
    view: View = instance.serving.view(principal)
    query: bytes = scope["query_string"]
    if path.startswith(METRIC) and not query:
        return view.metric(path[len(METRIC) :])
    return view.answered(path, query)


async def _send(document: Document, scope: Scope, send: Send) -> None:
    wanted = encodings = b""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            wanted = value
        elif name == b"accept-encoding":
            encodings = value
    headers = [*_HEADERS, (b"etag", document.etag.encode())]
    if wanted and matches(document.etag, wanted.decode("latin-1")):
        status, body = 304, b""
    else:
        status, body = 200, document.body
        headers.append(_JSON)
        if b"gzip" in encodings and document.gzipped is not None:
            body = document.gzipped
            headers.append(_GZIP)
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
