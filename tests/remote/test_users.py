"""`da admin` for users and the log, at a real server."""

from __future__ import annotations

import io
import sys

import pytest

from tests.remote.conftest import sign_in

EMAIL = "grace@example.com"


def signs_in(away, password: str) -> bool:
    body = {"email": EMAIL, "password": password}
    return away.client().post("/auth/token", json=body).status_code == 200


def test_a_user_gets_a_password_that_is_shown_once(da, away):
    done = da("admin", "add-user", EMAIL, "--role", "viewer", "--group", "sales")

    created, password = done.out.splitlines()
    assert (done.code, created) == (0, f"Created: {EMAIL} (viewer)")
    assert signs_in(away, password.removeprefix("Password: "))
    assert EMAIL in da("admin", "list-users").out
    (grace,) = [it for it in da("admin", "list-users", "--json").json if it["email"] == EMAIL]
    assert (grace["role"], grace["groups"]) == ("viewer", ["sales"])


def test_a_password_may_come_by_stdin_or_be_none(da, away, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    done = da("admin", "add-user", EMAIL, "--password-stdin")
    assert "Password" not in done.out
    assert signs_in(away, "correct horse")
    assert "Password" not in da("admin", "add-user", "oidc@example.com", "--no-password").out
    assert da("admin", "add-user", "x@y", "--no-password", "--password-stdin").code == 2


def test_a_known_user_is_not_added_again(da, away):
    da("admin", "add-user", EMAIL, "--no-password")
    again = da("admin", "add-user", EMAIL, "--no-password")
    assert (again.code, "already exists" in again.err) == (1, True)


def test_a_user_is_changed(da, away):
    da("admin", "add-user", EMAIL, "--no-password", "--group", "sales")
    changed = da("admin", "update-user", EMAIL, "--role", "viewer", "--group", "finance", "--json")
    assert (changed.json["role"], changed.json["groups"]) == ("viewer", ["finance"])
    changed = da("admin", "update-user", EMAIL, "--no-groups", "--inactive", "--json")
    assert (changed.json["active"], changed.json["groups"]) == (False, [])
    assert "(inactive)" in da("admin", "list-users").out
    assert da("admin", "update-user", EMAIL).code == 2


def test_a_user_gets_a_new_password(da, away):
    da("admin", "add-user", EMAIL)
    done = da("admin", "set-password", EMAIL)
    assert signs_in(away, done.out.splitlines()[1].removeprefix("Password: "))


@pytest.mark.parametrize("by", ["email", "id"])
def test_a_user_is_removed(da, away, by):
    made = da("admin", "add-user", EMAIL, "--json").json
    done = da("admin", "remove-user", made[by])
    assert (done.code, "removed" in done.out) == (0, True)
    assert EMAIL not in da("admin", "list-users").out
    assert da("admin", "remove-user", made[by]).code == 1


def test_the_last_admin_is_not_removed(da, away):
    done = da("admin", "remove-user", "admin@example.com")
    assert (done.code, "last admin" in done.err) == (1, True)


def test_the_log_is_shown(da, away):
    da("admin", "add-user", EMAIL)
    entries = da("admin", "audit", "--action", "user.", "--json").json
    assert [(it["email"], it["target"]) for it in entries] == [("admin@example.com", EMAIL)]
    assert "user.create" in da("admin", "audit").out


def test_who_is_no_admin_is_told(da, away):
    sign_in(away, "analyst")
    for command in (["list-users"], ["add-user", EMAIL], ["audit"], ["remove-user", "x"]):
        done = da("admin", *command)
        assert (done.code, "Admin access required" in done.err) == (1, True)
