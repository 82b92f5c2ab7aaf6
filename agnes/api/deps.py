"""What routes ask for: the instance, who calls, what they may see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import Scope as Connection

from agnes.api.instance import Instance
from agnes.auth.authenticator import Authenticator
from agnes.auth.principal import Principal, Scope
from agnes.errors import ForbiddenError, UnauthorizedError
from agnes.serving.edition import View

COOKIE = b"access_token="
_SAFE = ("GET", "HEAD")


async def instance(request: Request) -> Instance:
    """The instance that answers."""
    found: Instance = request.app.state.instance
    return found


InstanceOf = Annotated[Instance, Depends(instance)]


def token_of(connection: Connection) -> str | None:
    """The token that a request came with.

    A cookie counts for reading alone: a page elsewhere can make a browser send it.
    """
    cookies = b""
    for name, value in connection["headers"]:
        if name == b"authorization":
            kind, _, token = value.partition(b" ")
            return token.strip().decode("latin-1") if kind.lower() == b"bearer" else None
        if name == b"cookie":
            cookies = value
    if cookies and connection["method"] in _SAFE:
        for cookie in cookies.split(b";"):
            if cookie.strip().startswith(COOKIE):
                return cookie.strip()[len(COOKIE) :].decode("latin-1")
    return None


async def caller(request: Request) -> Principal:
    """Who calls.

    Raises:
        UnauthorizedError: nobody who is known.
    """
    token = token_of(request.scope)
    if not token:
        raise UnauthorizedError("Missing or invalid Authorization header", "da auth login")
    return await principal_of(request.app.state.instance.authenticator, token)


async def principal_of(authenticator: Authenticator, token: str) -> Principal:
    """Whom a token is of, at once where that was asked just now.

    Raises:
        UnauthorizedError: nobody's.
    """
    found = authenticator.known(token)
    return found if found else await run_in_threadpool(authenticator.principal, token)


def needs(scope: Scope) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: who calls, if their token and role allow it."""

    async def principal(request: Request) -> Principal:
        found = await caller(request)
        check(found, scope)
        return found

    principal.needed = scope  # type: ignore[attr-defined]  # for the documentation, and the tests
    return principal


def check(principal: Principal, scope: Scope) -> None:
    """Insist that a caller may do something.

    Raises:
        ForbiddenError: they may not.
    """
    if scope in principal.scopes:
        return
    if scope in ("write", "admin") and principal.role != "admin":
        raise ForbiddenError("Admin access required")
    raise ForbiddenError(f"This token may not {_DEEDS[scope]}")


_DEEDS: dict[Scope, str] = {
    "read": "read the catalog",
    "data": "use data",
    "propose": "propose changes",
    "write": "change the catalog",
    "admin": "administer",
}

Reader = Annotated[Principal, Depends(needs("read"))]
DataUser = Annotated[Principal, Depends(needs("data"))]
Proposer = Annotated[Principal, Depends(needs("propose"))]
Writer = Annotated[Principal, Depends(needs("write"))]
Administrator = Annotated[Principal, Depends(needs("admin"))]


async def view(request: Request) -> View:
    """What the caller sees of the catalog."""
    found = await caller(request)
    check(found, "read")
    running: Instance = request.app.state.instance
    return running.serving.view(found)


view.needed = "read"  # type: ignore[attr-defined]
ViewOf = Annotated[View, Depends(view)]
