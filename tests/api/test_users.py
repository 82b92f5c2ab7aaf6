"""Users and the audit log over HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import PASSWORD, Running

GRACE = {"email": "Grace@example.com", "name": "Grace", "role": "analyst", "groups": ["sales"]}


@pytest.fixture
def admin(server: Running) -> httpx.Client:
    return server.as_("admin")


def test_a_user_is_added_and_listed(server: Running, admin):
    made = admin.post("/api/users", json=GRACE)

    assert made.status_code == 201
    assert made.json()["email"] == "grace@example.com"
    assert [user["email"] for user in admin.get("/api/users").json()] == [
        "admin@example.com",
        "grace@example.com",
    ]
    assert "password" not in admin.get("/api/users").text


def test_a_known_email_is_409(admin):
    admin.post("/api/users", json=GRACE)
    again = admin.post("/api/users", json=GRACE | {"email": "grace@EXAMPLE.com"})

    assert again.status_code == 409
    assert "already exists" in again.json()["detail"]


def test_a_user_with_a_password_signs_in(server: Running, admin):
    admin.post("/api/users", json=GRACE | {"password": PASSWORD})
    body = {"email": "grace@example.com", "password": PASSWORD}
    assert server.client().post("/auth/token", json=body).json()["role"] == "analyst"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "no e-mail"},
        {"email": "a@b", "role": "owner"},
        {"email": "a@b", "groups": "sales"},
        {"email": "a@b", "groups": [" "]},
        {"email": "a@b", "name": "a\0b"},
        {"email": "a@b", "password": "short"},
        {"email": "a\0@b"},
    ],
    ids=str,
)
def test_a_user_who_is_not_possible_is_422(admin, body):
    assert admin.post("/api/users", json=body).status_code == 422


def test_a_user_is_changed(admin):
    made = admin.post("/api/users", json=GRACE).json()
    change = {"role": "viewer", "groups": ["finance"], "name": "Grace Hopper", "active": False}
    found = admin.patch(f"/api/users/{made['id']}", json=change)

    assert found.status_code == 200
    assert found.json() == made | change
    assert admin.patch(f"/api/users/{made['id']}", json={"rôle": "x"}).status_code == 422
    assert admin.patch("/api/users/unknown", json={}).status_code == 404


def test_a_new_role_and_new_groups_hold_at_once(server: Running, admin):
    grace = server.as_("viewer")
    user_id = grace.get("/auth/me").json()["user_id"]

    admin.patch(f"/api/users/{user_id}", json={"role": "admin", "groups": ["finance"]})

    assert grace.get("/api/users").status_code == 200
    assert grace.get("/auth/me").json()["groups"] == ["finance"]


def test_a_removed_user_is_out_at_once(server: Running, admin):
    grace = server.as_("viewer")
    user_id = grace.get("/auth/me").json()["user_id"]

    removed = admin.delete(f"/api/users/{user_id}")

    assert (removed.status_code, removed.content) == (204, b"")
    found = grace.get("/auth/me")
    assert (found.status_code, found.json()["detail"]) == (401, "User not found")
    assert admin.delete(f"/api/users/{user_id}").status_code == 404


@pytest.mark.parametrize("user_id", ["%00", "%ED%A0%80", "x" * 65, "a%2Fb"])
def test_an_id_that_is_none_is_an_error_of_the_caller(admin, user_id):
    for answer in (
        admin.delete(f"/api/users/{user_id}"),
        admin.patch(f"/api/users/{user_id}", json={"name": "x"}),
    ):
        assert 400 <= answer.status_code < 500


def test_the_last_admin_stays(server: Running, admin):
    me = f"/api/users/{admin.get('/auth/me').json()['user_id']}"

    for refused in (
        admin.delete(me),
        admin.patch(me, json={"role": "viewer"}),
        admin.patch(me, json={"active": False}),
    ):
        assert refused.status_code == 409
        assert "last admin" in refused.json()["detail"]


def test_an_admin_gives_a_new_password(server: Running, admin):
    grace = server.as_("viewer")
    user_id = grace.get("/auth/me").json()["user_id"]

    given = admin.post(f"/api/users/{user_id}/set-password", json={"password": PASSWORD})

    assert given.status_code == 204
    assert grace.get("/auth/me").status_code == 401
    body = {"email": "viewer@example.com", "password": PASSWORD}
    assert server.client().post("/auth/token", json=body).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_only_admins_see_and_change_users(server: Running, role):
    client = server.as_(role)
    for answer in (
        client.get("/api/users"),
        client.post("/api/users", json=GRACE),
        client.patch("/api/users/x", json={}),
        client.post("/api/users/x/set-password", json={"password": PASSWORD}),
        client.delete("/api/users/x"),
        client.get("/api/audit"),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (403, "Admin access required")


def test_the_log_says_who_did_what(server: Running, admin):
    made = admin.post("/api/users", json=GRACE | {"password": PASSWORD}).json()
    admin.patch(f"/api/users/{made['id']}", json={"role": "viewer"})
    server.client().post("/auth/token", json={"email": made["email"], "password": "wrong"})
    admin.delete(f"/api/users/{made['id']}")

    found = admin.get("/api/audit").json()
    assert [(it["email"], it["action"], it["target"]) for it in found["entries"]][:4] == [
        ("admin@example.com", "user.remove", "grace@example.com"),
        (None, "login.failed", "grace@example.com"),
        ("admin@example.com", "user.update", "grace@example.com"),
        ("admin@example.com", "user.create", "grace@example.com"),
    ]
    assert found["entries"][1]["facts"]["address"] == "127.0.0.1"
    assert PASSWORD not in admin.get("/api/audit").text


def test_the_log_is_read_a_page_at_a_time_and_filtered(server: Running, admin):
    for number in range(5):
        admin.post("/api/users", json={"email": f"a{number}@example.com"})
    first = admin.get("/api/audit", params={"action": "user.", "limit": 3}).json()
    rest = admin.get(
        "/api/audit", params={"action": "user.", "limit": 3, "cursor": first["next_cursor"]}
    ).json()

    targets = [it["target"] for it in first["entries"] + rest["entries"]]
    assert targets == [f"a{n}@example.com" for n in (4, 3, 2, 1, 0)]
    assert rest["next_cursor"] is None
    mine = admin.get("/api/audit", params={"user": "admin@example.com"}).json()
    assert mine["count"] == 6


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"cursor": "-1"},
        {"cursor": str(2**63)},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"until": "9999-12-31T23:59:59-23:00"},
    ],
    ids=str,
)
def test_a_filter_that_is_none_is_an_error_of_the_caller(admin, query):
    assert admin.get("/api/audit", params=query).status_code in (400, 422)


def test_a_filter_of_any_characters_finds_nothing_or_is_refused(admin):
    for name in ("user", "action", "target"):
        assert admin.get(f"/api/audit?{name}=%00%F0%9F%94%91").status_code in (200, 400)
