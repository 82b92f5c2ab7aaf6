"""JSON bodies, read strictly: what one program reads otherwise than another is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

MOST_LEVELS = 32


class StrictRoute(APIRoute):
    """A route whose JSON body has no key twice, no NaN, no half of a character, and a bottom."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the body with `StrictRequest`."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        """The body.

        Raises:
            HTTPException: it is refused.
        """
        body = await self.body()
        try:
            found = json.loads(body, object_pairs_hook=_once, parse_constant=_refuse)
            _check(found)
        except RecursionError:
            raise HTTPException(422, f"body: more than {MOST_LEVELS} levels deep") from None
        except ValueError as error:
            raise HTTPException(422, f"body: {error}") from None
        return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!a} is there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _check(value: Any, depth: int = 0) -> None:
    if depth > MOST_LEVELS:
        raise ValueError(f"more than {MOST_LEVELS} levels deep")
    if isinstance(value, str):
        value.encode()  # raises for half of a character
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise ValueError("a number is too large")
    elif isinstance(value, dict):
        for key, child in value.items():
            _check(key, depth + 1)
            _check(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            _check(child, depth + 1)
