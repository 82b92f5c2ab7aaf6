"""Signing in through an OpenID provider: a browser's trip, and that of a command line."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Iterator

import httpx
import pytest

from tests.api.conftest import Running
from tests.openid.provider import CLIENT, SECRET, OpenIdProvider

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:-1].decode()
WAITING = {"redirect": "http://127.0.0.1:9/done", "challenge": CHALLENGE, "state": "mark"}


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    yield provider
    provider.close()


@pytest.fixture
def server(start, catalog, built, openid) -> Running:
    shutil.copytree(built, catalog.path / ".git" / "agnes")
    return start(catalog, oidc_url=openid.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET)


def travel(browser: httpx.Client, **waiting: str) -> httpx.Response:
    """To the provider and back to the callback, as a browser goes."""
    there = browser.get("/auth/oidc/login", params=waiting)
    assert there.status_code == 302, there.text
    back = httpx.get(there.headers["location"])
    return browser.get(back.headers["location"])


def test_a_browser_is_signed_in_by_a_cookie_for_reading(server: Running):
    browser = server.client()
    found = travel(browser)

    assert found.json()["email"] == "grace@example.com"
    cookie = found.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    me = browser.get("/auth/me").json()
    assert (me["role"], me["groups"], me["name"]) == (
        "analyst",
        ["finance", "sales"],
        "Grace Hopper",
    )
    assert browser.post("/auth/tokens", json={"scopes": ["read"]}).status_code == 401


def test_groups_follow_the_provider_at_each_sign_in(server: Running, openid):
    browser = server.client()
    travel(browser)
    openid.user["groups"] = ["legal"]
    travel(browser)
    assert browser.get("/auth/me").json()["groups"] == ["legal"]


def test_the_provider_makes_nobody_admin_and_changes_no_role(server: Running, openid):
    server.token("grace@example.com", "admin")
    openid.user |= {"role": "viewer", "groups": ["admin"]}
    browser = server.client()
    travel(browser)
    assert browser.get("/auth/me").json()["role"] == "admin"


def test_an_email_that_the_provider_did_not_check_takes_nobody_over(server: Running, openid):
    server.token("grace@example.com", "admin")
    del openid.user["email_verified"]
    found = travel(server.client())
    assert found.status_code == 401
    assert "another account" in found.json()["detail"]


def test_a_command_line_gets_its_session_for_the_code_that_the_browser_brings(server: Running):
    back = travel(server.client(), **WAITING)

    assert back.status_code == 303
    address = httpx.URL(back.headers["location"])
    assert (address.host, address.port, address.path) == ("127.0.0.1", 9, "/done")
    assert address.params["state"] == "mark"
    code = address.params["code"]
    assert "access_token" not in back.headers.get("set-cookie", "")

    body = {"code": code, "verifier": VERIFIER}
    wrong = server.client().post("/auth/oidc/token", json=body | {"verifier": "w" * 64})
    right = server.client().post("/auth/oidc/token", json=body)
    again = server.client().post("/auth/oidc/token", json=body)
    assert (wrong.status_code, right.status_code, again.status_code) == (401, 200, 401)
    assert server.client(right.json()["access_token"]).get("/auth/me").status_code == 200
    assert server.client(code).get("/auth/me").status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"redirect": "https://evil.example.com/"},
        {"redirect": "http://127.0.0.1.evil.example.com:80/"},
        {"redirect": "http://127.0.0.1@evil.example.com:80/"},
        {"redirect": "http://127.0.0.1:80@evil.example.com/"},
        {"redirect": "http://127.0.0.1:80\\@evil.example.com/"},
        {"redirect": "http://127.0.0.1:9/?a=b"},
        {"redirect": "http://127.0.0.1:9/\r\nX: y"},
        {"redirect": "//evil.example.com"},
        {"redirect": "javascript:alert(1)"},
        {"challenge": ""},
        {"challenge": "short"},
    ],
    ids=str,
)
def test_a_code_goes_nowhere_but_to_the_users_own_machine(server: Running, change):
    found = server.client().get("/auth/oidc/login", params=WAITING | change)
    assert found.status_code == 400


def test_who_did_not_begin_here_does_not_end_here(server: Running):
    """Nobody is signed in by a link that somebody else sends: login CSRF."""
    attacker, victim = server.client(), server.client()
    there = attacker.get("/auth/oidc/login")
    link = httpx.get(there.headers["location"]).headers["location"]

    assert victim.get(link).status_code == 401
    victim.get("/auth/oidc/login")
    refused = victim.get(link)
    assert refused.status_code == 401
    assert "not begun in this browser" in refused.json()["detail"]


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?error=access_denied&state=x", "?code=%00&state=%00"]
)
def test_a_callback_that_makes_no_sense_is_401(server: Running, query):
    browser = server.client()
    browser.get("/auth/oidc/login")
    assert browser.get(f"/auth/oidc/callback{query}").status_code == 401


def test_a_user_who_was_removed_between_is_not_signed_in(server: Running):
    code = httpx.URL(travel(server.client(), **WAITING).headers["location"]).params["code"]
    user = server.instance.state.users.by_email("grace@example.com")
    server.instance.state.users.update(user.id, active=False)
    found = server.client().post("/auth/oidc/token", json={"code": code, "verifier": VERIFIER})
    assert found.status_code == 401


def test_a_provider_that_is_down_is_503(start, catalog):
    running = start(catalog, oidc_url="http://127.0.0.1:1", oidc_client_id=CLIENT)
    found = running.client().get("/auth/oidc/login")
    assert found.status_code == 503
    assert "does not answer" in found.json()["detail"]


def test_without_a_provider_there_is_no_such_sign_in(start, catalog):
    client = start(catalog).client()
    for answer in (
        client.get("/auth/oidc/login"),
        client.get("/auth/oidc/callback"),
        client.post("/auth/oidc/token", json={"code": "x", "verifier": VERIFIER}),
    ):
        assert answer.status_code == 404


def test_behind_a_proxy_the_public_address_is_where_it_comes_back_to(start, catalog, openid):
    running = start(
        catalog,
        oidc_url=openid.url,
        oidc_client_id=CLIENT,
        public_url="https://agnes.example.com/",
    )
    there = running.client().get("/auth/oidc/login")
    callback = httpx.URL(there.headers["location"]).params["redirect_uri"]
    assert callback == "https://agnes.example.com/auth/oidc/callback"
    assert "secure" in there.headers["set-cookie"].lower()
