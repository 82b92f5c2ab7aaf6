"""Signing in and out, and how soon it is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from agnes.auth import passwords
from agnes.auth.authenticator import KNOWN_SECONDS, Authenticator
from agnes.auth.schema import users
from agnes.errors import TooManyError, UnauthorizedError, UsageError
from tests.auth.conftest import ADDRESS, PASSWORD, SECRET


def refused(auth: Authenticator, token: str) -> str:
    with pytest.raises(UnauthorizedError) as error:
        auth.principal(token)
    assert auth.known(token) is None
    return error.value.message


def test_a_session_is_of_the_user_who_signed_in(auth, ada):
    session = auth.sign_in("ADA@example.com", PASSWORD, ADDRESS)
    found = auth.principal(session.token)
    assert (found.user_id, found.email, found.role) == (ada.id, "ada@example.com", "admin")
    assert found.scopes == {"read", "data", "propose", "write", "admin"}
    assert len(found.token_id) >= 16


def test_the_last_sign_in_is_kept(auth, state, ada, clock):
    auth.sign_in(ada.email, PASSWORD, ADDRESS)
    assert state.users.get(ada.id).last_login == clock.now()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "wrong horse"),
        ("ada@example.com", ""),
        ("ada@example.com", "x" * 100_000),
        ("nobody@example.com", PASSWORD),
        ("oidc@example.com", PASSWORD),
        ("idle@example.com", PASSWORD),
        ("no e-mail", PASSWORD),
        ("a\0b@example.com", "\0"),
        ("\ud800", "\ud800"),
        ("x" * 100_000, PASSWORD),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_whatever_is_wrong_with_a_sign_in_the_text_is_the_same(auth, state, ada, email, password):
    state.users.create("oidc@example.com")
    idle = state.users.create("idle@example.com", password=PASSWORD)
    state.users.update(idle.id, active=False)
    with pytest.raises(UnauthorizedError, match=r"^Invalid email or password$"):
        auth.sign_in(email, password, ADDRESS)


def test_a_sign_in_costs_as_much_where_there_is_no_user(auth, monkeypatch):
    checked = []
    monkeypatch.setattr(passwords, "fits", lambda kept, _: bool(checked.append(kept)))
    with pytest.raises(UnauthorizedError):
        auth.sign_in("nobody@example.com", PASSWORD, ADDRESS)
    assert checked == [None]


def test_a_session_ends_after_its_lifetime(state, ada, clock):
    auth = Authenticator(state, SECRET, lifetime=60, clock=clock.seconds)
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    clock.forward(59)
    auth.principal(token)
    assert auth.known(token)
    clock.forward(1)
    assert refused(auth, token) == "Invalid or expired token"


@pytest.mark.parametrize("token", ["", "garbage", "agnes_pat_", "agnes_pat_\0", "agnes_pat_\ud800"])
def test_what_is_no_token_is_nobodys(auth, token):
    assert refused(auth, token) == "Invalid or expired token"


def test_another_instance_does_not_take_the_token(auth, state, ada):
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    assert refused(Authenticator(state, SECRET[::-1]), token) == "Invalid or expired token"
    assert refused(Authenticator(state, SECRET, "another"), token) == "Invalid or expired token"


def test_who_signs_out_is_out_at_once(auth, ada):
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    other = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    auth.sign_out(auth.principal(token))
    assert refused(auth, token) == "Invalid or expired token"
    auth.principal(other)


@pytest.mark.parametrize("ending", ["new password", "removed"])
def test_all_tokens_of_a_user_end_at_once(auth, state, ada, ending):
    session = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    personal, _ = state.tokens.create(ada, ["read"])
    for token in (session, personal):
        auth.principal(token)
        assert auth.known(token)
    if ending == "removed":
        state.users.create("grace@example.com", role="admin")
        state.users.remove(ada.id)
    else:
        state.users.set_password(ada.id, "another horse")
    for token in (session, personal):
        assert refused(auth, token) in {"Invalid or expired token", "User not found"}


def test_who_is_made_inactive_is_out_and_stays_out_with_that_token(auth, state, ada):
    grace = state.users.create("grace@example.com", password=PASSWORD)
    token = auth.sign_in(grace.email, PASSWORD, ADDRESS).token
    auth.principal(token)
    state.users.update(grace.id, active=False)
    assert refused(auth, token) == "User not found"
    state.users.update(grace.id, active=True)
    assert refused(auth, token) == "Invalid or expired token"


def test_a_new_role_and_new_groups_hold_for_a_token_that_is_out(auth, state, ada):
    grace = state.users.create("grace@example.com", password=PASSWORD)
    token = auth.sign_in(grace.email, PASSWORD, ADDRESS).token
    assert auth.principal(token).scopes == {"read", "data", "propose"}
    state.users.update(grace.id, role="viewer", groups=["sales"])
    assert auth.known(token) is None
    assert (auth.principal(token).scopes, auth.principal(token).groups) == ({"read"}, {"sales"})


def test_another_process_knows_within_two_seconds_that_a_token_was_revoked(url, auth, ada, clock):
    from agnes.auth.state import State  # another state of the same database is another process

    there = State.open(url, clock.now)
    other = Authenticator(there, SECRET, clock=clock.seconds)
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    other.principal(token)
    auth.sign_out(auth.principal(token))
    clock.forward(KNOWN_SECONDS - 0.01)
    assert other.known(token)
    clock.forward(0.01)
    assert refused(other, token) == "Invalid or expired token"
    there.close()


def test_what_is_known_is_not_known_after_the_end_of_the_token(auth, state, ada, clock):
    token, _ = state.tokens.create(ada, ["read"], expires_at=clock.now() + timedelta(seconds=1))
    auth.principal(token)
    clock.forward(0.9)
    assert auth.known(token)
    clock.forward(0.1)
    assert refused(auth, token) == "Invalid or expired token"


def test_a_known_token_needs_no_database(auth, state, ada):
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    found = auth.principal(token)
    with state.database.writing() as db:
        db.execute(text("ALTER TABLE users RENAME TO gone"))
    assert auth.known(token) == found


def test_memory_of_tokens_is_bounded(auth, state, ada, monkeypatch):
    monkeypatch.setattr("agnes.auth.authenticator._MOST_KNOWN", 3)
    tokens = [state.tokens.create(ada, ["read"])[0] for _ in range(10)]
    for token in tokens:
        auth.principal(token)
        assert len(auth._known) <= 3


def test_a_personal_token_may_what_it_was_made_for_as_far_as_the_role_goes(auth, state, ada):
    grace = state.users.create("grace@example.com", role="viewer")
    token, kept = state.tokens.create(grace, ["read", "write"])
    assert auth.principal(token).scopes == {"read"}
    assert auth.principal(token).token_id == kept.id
    token, _ = state.tokens.create(ada, ["read"])
    assert auth.principal(token).scopes == {"read"}


def test_a_personal_token_cannot_be_signed_out(auth, state, ada):
    token, _ = state.tokens.create(ada, ["read"])
    with pytest.raises(UsageError, match="no session"):
        auth.sign_out(auth.principal(token))
    auth.principal(token)


def test_the_use_of_a_token_is_kept_to_the_minute(auth, state, ada, clock):
    token, _ = state.tokens.create(ada, ["read"])
    begin = clock.now()
    for _ in range(3):
        auth.principal(token)
        clock.forward(25)
    assert state.tokens.list(ada.id)[0].last_used == begin
    auth.principal(token)
    assert state.tokens.list(ada.id)[0].last_used == clock.now()


def test_a_user_changes_their_password(auth, ada):
    token = auth.sign_in(ada.email, PASSWORD, ADDRESS).token
    who = auth.principal(token)
    with pytest.raises(UnauthorizedError):
        auth.change_password(who, "wrong horse", "another horse", ADDRESS)
    with pytest.raises(UsageError):
        auth.change_password(who, PASSWORD, "short", ADDRESS)
    auth.change_password(who, PASSWORD, "another horse", ADDRESS)
    assert refused(auth, token) == "Invalid or expired token"
    with pytest.raises(UnauthorizedError):
        auth.sign_in(ada.email, PASSWORD, ADDRESS)
    auth.sign_in(ada.email, "another horse", ADDRESS)


def test_a_stolen_session_cannot_guess_the_password(auth, ada):
    who = auth.principal(auth.sign_in(ada.email, PASSWORD, ADDRESS).token)
    for _ in range(10):
        with pytest.raises(UnauthorizedError):
            auth.change_password(who, "wrong horse", "another horse", ADDRESS)
    with pytest.raises(TooManyError):
        auth.change_password(who, PASSWORD, "another horse", ADDRESS)


def test_a_hash_of_an_earlier_cost_is_made_anew_at_the_next_sign_in(auth, state, ada):
    weak = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    with state.database.writing() as db:
        db.execute(users.update().values(password=weak))
    auth.sign_in(ada.email, PASSWORD, ADDRESS)
    _, kept = state.users.password_of(ada.email)
    assert kept
    assert kept != weak
    assert not passwords.is_outdated(kept)
    auth.sign_in(ada.email, PASSWORD, ADDRESS)


def test_sign_ins_and_what_follows_are_in_the_log_without_any_secret(auth, state, ada, caplog):
    caplog.set_level("DEBUG")
    canary = "canary-5d1c"
    for email in (ada.email, f"{canary}@example.com", canary):
        with pytest.raises(UnauthorizedError) as error:
            auth.sign_in(email, canary, ADDRESS)
        assert canary not in str(error.value)
    session = auth.sign_in(ada.email, PASSWORD, ADDRESS)
    personal, _ = state.tokens.create(ada, ["read"])
    auth.principal(personal)
    auth.change_password(auth.principal(session.token), PASSWORD, f"{canary}-new", ADDRESS)
    auth.sign_out(auth.principal(auth.sign_in(ada.email, f"{canary}-new", ADDRESS).token))
    entries, _ = state.audit.list()
    assert [entry.action for entry in reversed(entries)] == [
        *["login.failed"] * 3,
        *["login", "password.change", "login", "logout"],
    ]
    assert [entry.target for entry in reversed(entries)][:3] == [ada.email, "", ""]
    said = f"{entries} {caplog.text} {[vars(record) for record in caplog.records]}"
    for secret in (canary, PASSWORD, SECRET, session.token, personal):
        assert secret not in said


def test_no_secret_is_in_the_database_as_it_is(auth, state, ada, tmp_path):
    session = auth.sign_in(ada.email, PASSWORD, ADDRESS)
    personal, _ = state.tokens.create(ada, ["read"])
    with pytest.raises(UnauthorizedError):
        auth.sign_in("canary-5d1c", "canary-5d1c", ADDRESS)
    state.database.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for secret in (PASSWORD, session.token, personal, "canary-5d1c"):
        assert secret.encode() not in kept
