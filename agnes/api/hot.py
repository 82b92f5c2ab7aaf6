"""The request that is made most, answered before anything is routed: a metric by its id.

What it does not answer, because the token is new or the metric is not there, goes the usual way.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from agnes.api.answers import HEADERS
from agnes.api.deps import token_of
from agnes.serving.document import matches

PREFIX = "/api/metrics/"
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_JSON = (b"content-type", b"application/json")


class HotReads:
    """Wraps an app; see `agnes.api.metrics.show` for the same in full."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or scope["query_string"]
            or not scope["path"].startswith(PREFIX)
            or not await self._answer(scope, send)
        ):
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, send: Send) -> bool:
        instance = scope["app"].state.instance
        token = token_of(scope)
        principal = instance.authenticator.known(token) if token else None
        if principal is None or "read" not in principal.scopes or not instance.serving.is_ready:
            return False
        document = instance.serving.view(principal).metric(scope["path"][len(PREFIX) :])
        if document is None:
            return False
        headers = [*_HEADERS, (b"etag", document.etag.encode())]
        wanted = next((it for name, it in scope["headers"] if name == b"if-none-match"), None)
        if wanted is not None and matches(document.etag, wanted.decode("latin-1")):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return True
        size = (b"content-length", str(len(document.body)).encode())
        headers += [_JSON, size]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": document.body})
        return True
