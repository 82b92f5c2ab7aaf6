"""Personal access tokens, and the memory of revoked ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from agnes.auth.schema import revoked_tokens
from agnes.auth.tokens import MOST
from agnes.errors import ConflictError, NotFoundError, UsageError


def find(state, token):
    with state.database.reading() as db:
        return state.tokens.find(db, token)


def test_a_token_is_told_once_and_listed_without_itself(state, ada):
    token, made = state.tokens.create(ada, ["write", "read"], "agent")
    assert token.startswith("agnes_pat_")
    assert (made.name, made.scopes) == ("agent", ("read", "write"))
    assert state.tokens.list(ada.id) == [made] == [find(state, token)]
    assert token not in str(made.as_dict())
    assert token[10:] not in str(made)


def test_a_token_without_a_name_is_called_after_its_scopes(state, ada):
    assert state.tokens.create(ada, ["data", "read"])[1].name == "read, data"


def test_a_token_may_end(state, ada, clock):
    token, _ = state.tokens.create(ada, ["read"], expires_at=clock.now() + timedelta(days=1))
    clock.forward(86_399)
    assert find(state, token)
    clock.forward(1)
    assert find(state, token) is None


def test_a_revoked_token_is_gone(state, ada):
    token, made = state.tokens.create(ada, ["read"])
    assert state.tokens.revoke(ada.id, made.id) == made
    assert find(state, token) is None
    with pytest.raises(NotFoundError):
        state.tokens.revoke(ada.id, made.id)


def test_nobody_revokes_the_token_of_another_user(state, ada):
    grace = state.users.create("grace@example.com")
    _, made = state.tokens.create(ada, ["read"])
    with pytest.raises(NotFoundError, match="not found"):
        state.tokens.revoke(grace.id, made.id)


@pytest.mark.parametrize(
    ("scopes", "name"),
    [([], ""), (["root"], ""), (["read", ""], ""), (["read"], "a" * 201), (["read"], "a\0")],
    ids=ascii,
)
def test_scopes_and_names_that_are_not_possible_are_refused(state, ada, scopes, name):
    with pytest.raises(UsageError):
        state.tokens.create(ada, scopes, name)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00+14:00", "2026-01-31T12:00Z", "9999-12-31T23:00-12:00"]
)
def test_a_time_in_the_past_or_after_ten_years_is_refused(state, ada, at):
    with pytest.raises(UsageError, match="would be expired"):
        state.tokens.create(ada, ["read"], expires_at=datetime.fromisoformat(at))


def test_a_user_has_a_hundred_tokens_at_most(state, ada):
    for _ in range(MOST):
        state.tokens.create(ada, ["read"])
    with pytest.raises(ConflictError, match="at most 100"):
        state.tokens.create(ada, ["read"])


def test_a_user_who_is_gone_gets_none(state, ada):
    grace = state.users.create("grace@example.com")
    state.users.remove(grace.id)
    with pytest.raises(NotFoundError):
        state.tokens.create(grace, ["read"])


def test_a_session_is_ended_once_and_forgotten_when_it_would_have_expired(state, clock):
    until = clock.now() + timedelta(hours=1)
    assert state.tokens.end_session("one", until)
    assert not state.tokens.end_session("one", until)
    clock.forward(3601)
    state.tokens.end_session("two", clock.now() + timedelta(hours=1))
    with state.database.reading() as db:
        assert state.tokens.is_ended(db, "two")
        assert db.scalar(select(func.count()).select_from(revoked_tokens)) == 1
