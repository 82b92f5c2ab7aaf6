"""The log of who did what."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from agnes.auth.principal import Principal
from agnes.errors import UsageError

ADA = Principal("1", "ada@example.com", "Ada", "admin", frozenset(), frozenset(), "token-1")
EVE = Principal("2", "eve@example.com", "Eve", "viewer", frozenset(), frozenset(), "token-2")


def test_an_entry_says_who_did_what_to_what_and_when(state, clock):
    state.audit.note(ADA, "metric.update", "revenue/mrr", commit="1dcd401", lines=3, none=None)
    (entry,), cursor = state.audit.list()
    assert (entry.at, entry.user_id, entry.email) == (clock.now(), "1", "ada@example.com")
    assert (entry.action, entry.target) == ("metric.update", "revenue/mrr")
    assert entry.facts == {"commit": "1dcd401", "lines": 3}
    assert cursor is None


def test_the_newest_come_first_a_page_at_a_time(state):
    for number in range(7):
        state.audit.note(None, "login", str(number))
    seen: list[str] = []
    cursor = None
    pages = 0
    while pages == 0 or cursor is not None:
        entries, cursor = state.audit.list(limit=3, cursor=cursor)
        seen += [entry.target for entry in entries]
        pages += 1
    assert seen == list("6543210")
    assert pages == 3


def test_it_is_filtered_by_who_what_and_when(state, clock):
    begin = clock.now()
    for who, action, target in [
        (ADA, "login", "ada@example.com"),
        (ADA, "user.create", "eve@example.com"),
        (EVE, "login", "eve@example.com"),
        (None, "user_create", "x%"),
    ]:
        state.audit.note(who, action, target)
        clock.forward(60)

    def found(**filters) -> list[str]:
        return [f"{entry.email}:{entry.action}" for entry in state.audit.list(**filters)[0]]

    assert found(user="EVE@example.com") == found(user="2") == ["eve@example.com:login"]
    assert found(action="user.") == ["ada@example.com:user.create"]
    assert found(action="login", user="1") == ["ada@example.com:login"]
    assert found(action="_.") == found(action="user%.") == []
    assert found(target="x%") == ["None:user_create"]
    middle = begin + timedelta(seconds=60)
    assert len(found(since=middle)) == 3
    assert len(found(until=middle)) == 1


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(state, limit):
    with pytest.raises(UsageError):
        state.audit.list(limit=limit)


@pytest.mark.parametrize("filters", [{"user": "\0"}, {"target": "\ud800"}, {"cursor": 2**70}])
def test_a_filter_that_cannot_be_asked_for_is_refused_or_finds_nothing(state, filters):
    with suppress(UsageError):
        assert state.audit.list(**filters)[0] == []


def test_a_secret_is_never_written(state, caplog):
    caplog.set_level("INFO")
    canary = "agnes_pat_canary-5d1c"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"
    state.audit.note(
        ADA,
        "anything",
        f"made {canary}",
        password="canary",
        client_secret="canary",
        access_token="canary",
        said=[f"Bearer {token}", {"Authorization": canary, "authorization": "canary"}],
        token_id="pat-1",
    )
    (entry,), _ = state.audit.list()
    said = f"{entry} {[vars(record) for record in caplog.records]}"
    assert "canary" not in said
    assert "eyJ" not in said
    assert entry.facts["token_id"] == "pat-1"


def test_any_characters_and_sizes_are_kept_somehow(state):
    state.audit.note(None, "upload", "a\0b\ud800", size=2**70, path="x" * 10_000, at=1.5)
    (entry,), _ = state.audit.list()
    assert entry.target == "a\ufffdb?"
    assert len(entry.facts["path"]) == 2000
