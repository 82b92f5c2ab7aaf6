"""The description of the API: what each route needs is read off its dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from agnes.auth.principal import SCOPES, Scope

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "From `POST /auth/token`, or a personal access token made for an agent.",
}


def routes_of(routers: Iterable[APIRouter]) -> Iterator[APIRoute]:
    """The routes of some routers, in their order."""
    for router in routers:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def scope_of(route: APIRoute) -> Scope | None:
    """What a token must allow for a route; None where no token is needed."""
    return next((scope for scope in SCOPES if scope in _needed(route.dependant)), None)


def describe(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Let an app's description say what each route needs."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            schema.setdefault("components", {})["securitySchemes"] = {"bearer": BEARER}
            for route in routes_of(routers):
                if not route.include_in_schema:
                    continue
                for method in route.methods or ():
                    _complete(schema["paths"][route.path_format][method.lower()], route)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation says


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    scope = scope_of(route)
    if scope is None:
        for status in {401, 403} - route.responses.keys():  # those it may answer for its own reason
            operation["responses"].pop(str(status), None)
        return
    operation["security"] = [{"bearer": []}]
    said = operation.get("description", "")
    operation["description"] = f"{said}\n\nNeeds a token that may `{scope}`.".strip()


def _needed(dependant: Dependant) -> Iterator[str]:
    yield getattr(dependant.call, "needed", "")
    for inner in dependant.dependencies:
        yield from _needed(inner)
