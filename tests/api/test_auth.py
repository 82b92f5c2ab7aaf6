"""Signing in and out over HTTP, and what a token may."""

from __future__ import annotations

import threading

import pytest

from tests.api.conftest import PASSWORD, Running

ADA = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}


@pytest.fixture
def fresh(server: Running) -> Running:
    """A server that nobody has signed in to."""
    return server


@pytest.fixture
def ada(server: Running) -> dict:
    """The first admin's session."""
    return server.client().post("/auth/bootstrap", json=ADA).json()


def sign_in(server: Running, password: str = PASSWORD, email: str = ADA["email"]):
    return server.client().post("/auth/token", json={"email": email, "password": password})


def test_the_first_admin_is_made_once_and_is_signed_in(fresh: Running):
    made = fresh.client().post("/auth/bootstrap", json=ADA)

    assert made.status_code == 200
    assert (made.json()["role"], made.json()["email"]) == ("admin", ADA["email"])
    assert fresh.client(made.json()["access_token"]).get("/api/users").status_code == 200
    again = fresh.client().post("/auth/bootstrap", json=ADA | {"email": "eve@example.com"})
    assert again.status_code == 403
    assert "already exist" in again.json()["detail"]


def test_of_several_who_bootstrap_at_once_one_is_admin(fresh: Running):
    statuses: list[int] = []

    def bootstrap(number: int) -> None:
        account = ADA | {"email": f"a{number}@example.com"}
        statuses.append(fresh.client().post("/auth/bootstrap", json=account).status_code)

    threads = [threading.Thread(target=bootstrap, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 403, 403, 403, 403]


def test_a_sign_in_has_the_shape_of_the_contract(server: Running, ada):
    found = sign_in(server)

    assert found.status_code == 200
    assert {"access_token", "token_type", "user_id", "email", "role"} <= found.json().keys()
    assert found.json()["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ADA["email"], "wrong"),
        (ADA["email"], ""),
        ("nobody@example.com", PASSWORD),
        ("no e-mail", PASSWORD),
        ("a\0b", "\0"),
    ],
    ids=ascii,
)
def test_whatever_is_wrong_the_answer_is_the_same(server: Running, ada, email, password):
    found = sign_in(server, password, email)

    assert found.status_code == 401
    assert found.json() == {"detail": "Invalid email or password"}
    assert found.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"email": 1, "password": 2}',
        b'{"email": "a", "password": "\\ud800"}',
        b'{"email": "\\ud800", "password": "a"}',
        b'{"email": NaN, "password": Infinity}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda body: ascii(body[:20]),
)
def test_a_body_that_does_not_fit_is_an_error_of_the_caller(server: Running, body):
    headers = {"Content-Type": "application/json"}
    found = server.client().post("/auth/token", content=body, headers=headers)

    assert 400 <= found.status_code < 500
    assert isinstance(found.json()["detail"], str)


def test_the_tenth_wrong_password_is_followed_by_429(server: Running, ada):
    statuses = [sign_in(server, f"guess {n}").status_code for n in range(11)]

    # The sign-in of the first admin made no place known: it took no password.
    assert statuses == [401] * 10 + [429]
    refused = sign_in(server)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900


def test_who_signs_out_is_out(server: Running, ada):
    client = server.client(ada["access_token"])

    assert client.post("/auth/logout").json() == {"status": "signed out"}
    found = client.get("/auth/me")
    assert (found.status_code, found.json()["detail"]) == (401, "Invalid or expired token")


def test_a_caller_learns_who_they_are(server: Running, ada):
    found = server.client(ada["access_token"]).get("/auth/me").json()

    assert (found["email"], found["name"], found["role"]) == (ADA["email"], "Ada", "admin")
    assert found["scopes"] == ["read", "data", "propose", "write", "admin"]


def test_a_password_is_changed_by_who_knows_the_old_one(server: Running, ada):
    client = server.client(ada["access_token"])
    new = "another horse"

    wrong = client.post("/auth/password", json={"old": "wrong", "new": new})
    short = client.post("/auth/password", json={"old": PASSWORD, "new": "short"})
    right = client.post("/auth/password", json={"old": PASSWORD, "new": new})

    assert (wrong.status_code, short.status_code, right.status_code) == (401, 422, 204)
    assert client.get("/auth/me").status_code == 401
    assert (sign_in(server).status_code, sign_in(server, new).status_code) == (401, 200)


def test_an_error_never_repeats_the_password(server: Running, ada):
    canary = "canary-5d1c"
    client = server.client(ada["access_token"])
    answers = [
        client.post("/auth/password", json={"old": canary, "new": "x" * 2000 + canary}),
        client.post("/auth/password", json={"old": canary, "new": canary[:7]}),
        client.post("/auth/token", json={"email": [canary], "password": [canary]}),
        client.post("/api/users", json={"email": "a@b", "role": "x", "password": canary[:7]}),
        client.post("/auth/oidc/token", json={"code": canary, "verifier": canary}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 404]
    assert not [answer.text for answer in answers if "canary" in answer.text]


def test_a_personal_token_is_made_told_once_listed_and_revoked(server: Running, ada):
    client = server.client(ada["access_token"])

    made = client.post("/auth/tokens", json={"scopes": ["read"], "name": "agent"})
    assert made.status_code == 201
    token = made.json()["token"]
    listed = client.get("/auth/tokens")
    assert token not in listed.text
    assert [it["name"] for it in listed.json()["tokens"]] == ["agent"]

    agent = server.client(token)
    assert agent.get("/api/metrics").status_code == 200
    refused = agent.get("/api/users")
    assert (refused.status_code, refused.json()["detail"]) == (403, "This token may not administer")

    revoked = client.delete(f"/auth/tokens/{made.json()['id']}")
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert agent.get("/api/metrics").status_code == 401
    assert client.delete(f"/auth/tokens/{made.json()['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["read"], "name": "a\0"},
        {"scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
        {"scopes": ["read"], "expires_at": "9999-12-31T23:59:59-23:00"},
        {"scopes": ["read"], "expires_at": "2030-01-01T00:00:00"},
    ],
    ids=str,
)
def test_a_personal_token_that_is_not_possible_is_refused(server: Running, ada, body):
    found = server.client(ada["access_token"]).post("/auth/tokens", json=body)
    assert found.status_code in (400, 422)


def test_a_personal_token_makes_itself_no_mightier(server: Running, ada):
    owner = server.client(ada["access_token"])
    scopes = ["read", "data", "propose", "write", "admin"]
    agent = server.client(owner.post("/auth/tokens", json={"scopes": scopes}).json()["token"])

    refused = [
        agent.post("/auth/tokens", json={"scopes": ["admin"]}),
        agent.get("/auth/tokens"),
        agent.delete("/auth/tokens/pat-1"),
        agent.post("/auth/password", json={"old": PASSWORD, "new": "another horse"}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert agent.post("/auth/logout").status_code == 400
    assert agent.get("/api/users").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic abc",
        "Bearer garbage",
        "Bearer é",
        "Bearer a b",
        "garbage",
    ],
)
def test_without_a_token_that_counts_there_is_nothing(server: Running, ada, header):
    headers = {} if header is None else {"Authorization": header.encode()}
    found = server.client().get("/auth/me", headers=headers)
    assert found.status_code == 401
    assert found.json()["detail"] in (
        "Missing or invalid Authorization header",
        "Invalid or expired token",
    )


def test_a_cookie_is_good_for_reading_alone(server: Running, ada):
    cookie = {"Cookie": f"access_token={ada['access_token']}"}

    assert server.client().get("/auth/me", headers=cookie).status_code == 200
    assert server.client().post("/auth/tokens", headers=cookie, json={}).status_code == 401


def test_many_wrong_sign_ins_at_once_do_not_stop_the_others(server: Running, ada):
    """They wait for each other, not in the threads that everything else needs."""
    client = server.client(ada["access_token"])
    threads = [
        threading.Thread(target=sign_in, args=(server, "wrong", f"a{n}@example.com"))
        for n in range(60)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert client.get("/api/users").elapsed.total_seconds() < 10
    for thread in threads:
        thread.join()
