"""What holds for every route; a new one without rules fails here."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from agnes.api.app import ROUTERS
from agnes.api.openapi import routes_of, scope_of
from agnes.auth.principal import ROLES, scopes_of
from tests.api.conftest import Running

ROUTES = list(routes_of(ROUTERS))
OPEN = {
    "GET /api/health",
    "GET /api/health/live",
    "GET /api/health/ready",
    "POST /api/hooks/git",
    "POST /auth/token",
    "POST /auth/bootstrap",
    "GET /auth/oidc/login",
    "GET /auth/oidc/callback",
    "POST /auth/oidc/token",
}
"""Those that need no token."""


def name(route: APIRoute) -> str:
    return f"{min(route.methods)} {route.path}"


def address(route: APIRoute) -> str:
    return re.sub(r"\{[^}]*\}", "nothing", route.path)


guarded = pytest.mark.parametrize(
    "route", [route for route in ROUTES if name(route) not in OPEN], ids=name
)


def test_every_route_has_one_method_a_tag_and_a_docstring():
    for route in ROUTES:
        assert len(route.methods) == 1, route.path
        assert route.tags, route.path
        assert route.description, route.path


@guarded
def test_a_route_says_what_its_token_must_allow(route):
    assert scope_of(route) is not None


@pytest.fixture(scope="module")
def clients(module_server: Running):
    """One client per role, and one without a token."""
    return {role: module_server.as_(role) for role in ROLES} | {None: module_server.client()}


@guarded
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "x"}])
def test_nobody_is_let_in_without_a_token(clients, route, headers):
    found = clients[None].request(min(route.methods), address(route), headers=headers)

    assert found.status_code == 401
    assert isinstance(found.json()["detail"], str)
    assert found.headers["www-authenticate"] == "Bearer"


@guarded
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_is_refused(clients, route, role):
    if scope_of(route) in scopes_of(role):
        pytest.skip("it may")

    found = clients[role].request(min(route.methods), address(route))

    assert found.status_code == 403
    assert isinstance(found.json()["detail"], str)


@pytest.mark.parametrize("path", ["/", "/api", "/api/nothing", "/auth", "/%2e%2e/etc/passwd"])
def test_what_is_no_route_is_404_in_the_shape_of_an_error(clients, path):
    found = clients["admin"].get(path)

    assert found.status_code == 404
    assert isinstance(found.json()["detail"], str)
