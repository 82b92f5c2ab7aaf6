"""Documents as HTTP answers: tags, 304, compression."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from agnes.serving.document import Document, matches
from agnes.serving.edition import View

HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie, Accept-Encoding"}
"""Kept by nobody but the caller, and asked about before it is used again."""


def answer(request: Request, document: Document, view: View | None = None) -> Response:
    """A document, or 304 where the caller has it; compressed where they can read that.

    Args:
        view: of whom it is an answer to this address as long as the same snapshot is in force.
    """
    if view is not None:
        view.keep_answer(request.url.path, request.scope["query_string"], document)
    headers = HEADERS | {"ETag": document.etag}
    if matches(document.etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    body = document.body
    if "gzip" in request.headers.get("accept-encoding", "") and document.gzipped is not None:
        body = document.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, 200, headers, media_type="application/json")
