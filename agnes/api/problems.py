"""Errors as HTTP answers: `{"detail": "<text>"}`, with further fields beside it where they help."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from agnes import errors
from agnes.diff.visible import visible

STATUS: dict[type[errors.AgnesError], int] = {
    errors.UsageError: 400,
    errors.YamlError: 400,
    errors.SandboxError: 400,
    errors.NotDerivableError: 400,
    errors.RevisionError: 404,
    errors.UnauthorizedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.PreconditionError: 412,
    errors.TooLargeError: 413,
    errors.InvalidError: 422,
    errors.TooManyError: 429,
}
UNAVAILABLE = 503
"""For all other errors: they are not the caller's."""


class Problem(BaseModel):
    """What went wrong."""

    detail: str = Field(description="What is wrong, in words.")
    hint: str | None = Field(None, description="What to do about it.")


WORDS = {
    400: "The request makes no sense.",
    401: "No valid token.",
    403: "Not with this token.",
    404: "There is no such thing, for you.",
    409: "A newer commit stands in the way; nothing was changed.",
    412: "It is not any more what you read; nothing was changed.",
    413: "Larger than is taken.",
    422: "It does not validate; `diagnostics` or `errors` say where.",
    429: "Too many tries; `Retry-After` says when to try again.",
    503: "The server cannot answer now.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its documentation."""
    return {status: {"model": Problem, "description": WORDS[status]} for status in statuses}


def install(app: FastAPI) -> None:
    """Let an app answer errors in this way."""
    app.add_exception_handler(errors.AgnesError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def in_our_words(scope: Scope, receive: Receive, send: Send) -> Send:
    """A `send` by which a body over its limit is answered as all other errors are.

    The check of the limit stands before all middleware, and answers in plain text.
    """
    answered = False

    async def translate(message: Message) -> None:
        nonlocal answered
        if message["type"] == "http.response.start" and message["status"] == TOO_LARGE:
            kind = dict(message["headers"]).get(b"content-type", b"")
            answered = kind.startswith(b"text/plain")
            if answered:
                await problem(TOO_LARGE, "The request is too large")(scope, receive, send)
        if not answered:
            await send(message)

    return translate


TOO_LARGE = 413


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """An error as an answer."""
    kept = {name: value for name, value in more.items() if value not in (None, ())}
    return Response(
        to_json({"detail": _sayable(detail)} | kept),
        status,
        headers,
        media_type="application/json",
    )


def status_of(error: errors.AgnesError) -> int:
    """The status that an error stands for."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), UNAVAILABLE)


def _of_ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, errors.AgnesError)
    status = status_of(error)
    more: dict[str, Any] = {"hint": error.hint and _sayable(error.hint)}
    headers = {}
    if isinstance(error, errors.InvalidError):
        more["diagnostics"] = [_plain(asdict(it)) for it in error.diagnostics]
    if isinstance(error, errors.TooManyError):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, errors.SandboxError):
        more |= {"kind": error.kind, "position": error.position, "candidates": error.candidates}
    if status == UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == UNAVAILABLE:
        logging.getLogger("agnes.api").error("failed", extra={"facts": {"error": error.message}})
    return problem(status, error.message, headers, **more)


UNAUTHORIZED = 401


def _of_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [
        {"loc": [_sayable(str(part)) for part in it["loc"]], "msg": _sayable(it["msg"])}
        for it in error.errors()
    ]
    first = found[0] if found else {"loc": [], "msg": "it does not fit"}
    where = ".".join(first["loc"])
    return problem(422, f"{where}: {first['msg']}", errors=found)


def _of_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), error.headers)


def _unexpected(_: Request, error: Exception) -> Response:  # noqa: ARG001  (logged by the server)
    return problem(500, "an error of ours; the server's log has it")


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {key: _sayable(it) if isinstance(it, str) else it for key, it in found.items()}


def _sayable(text: str) -> str:
    """A text without what UTF-8 or a terminal cannot take."""
    return visible(text.encode("utf-8", "backslashreplace").decode("utf-8"))
