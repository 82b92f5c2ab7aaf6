"""What went wrong with a request, as the error that it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agnes.errors import (
    AgnesError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionError,
    TooLargeError,
    TooManyError,
    UnauthorizedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from agnes.model.diagnostic import Diagnostic

SIGN_IN = "sign in: da auth login"
LARGEST_FAILURE = 1 << 20
"""The most bytes of what a server says is wrong that are read."""
_KINDS: dict[int, type[AgnesError]] = {
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionError,
    413: TooLargeError,
}


def unreachable(server: str, error: object) -> UnavailableError:
    """A server that cannot be reached, or stopped in the middle, and why."""
    reason = str(error) or type(error).__name__
    return UnavailableError(
        f"Cannot reach {server}: {reason}", "is the address right, and the server up? da diagnose"
    )


def too_long(url: str, largest: int) -> UnavailableError:
    """An answer that does not end where an honest one has."""
    return UnavailableError(
        f"{url} answers with more than {largest / (1 << 20):,.0f} MB; the rest was not read",
        "is that the address of an Agnes server?",
    )


def failure(url: str, status: int, headers: Mapping[str, Any], content: bytes) -> AgnesError:
    """The error that a status stands for, with the server's own words.

    Args:
        headers: found by their names in any case.
    """
    parts, body = urlsplit(url), _body(content)
    said = body.get("detail")
    detail = said if isinstance(said, str) else f"{parts.path}: {_phrase(status)}"
    hint = body.get("hint") if isinstance(body.get("hint"), str) else None
    if status == 401:
        return UnauthorizedError(detail, SIGN_IN)
    if status in (400, 422):
        return InvalidError(detail, _diagnostics(body.get("diagnostics")), hint)
    if status == 429:
        return TooManyError(detail, _seconds(headers.get("Retry-After")))
    if kind := _KINDS.get(status):
        return kind(detail, hint)
    if 300 <= status < 400 and "Location" in headers:
        return UnavailableError(
            f"{url} sends us on to {headers['Location']}", "is the address right?"
        )
    return UnavailableError(f"{parts.hostname} answers {status}: {detail}", hint)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _diagnostics(found: Any) -> list[Diagnostic]:
    from agnes.model.diagnostic import Diagnostic

    known = Diagnostic.__dataclass_fields__.keys()
    entries = [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []
    try:
        return [Diagnostic(**{key: it[key] for key in it.keys() & known}) for it in entries]
    except TypeError:  # a newer server's
        return []


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or "")
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0
