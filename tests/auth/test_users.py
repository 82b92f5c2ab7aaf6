"""Users: who there is, who may not be removed, and what ends their tokens."""

from __future__ import annotations

import threading

import pytest

from agnes.auth.state import State
from agnes.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthorizedError,
    UsageError,
)
from tests.auth.conftest import PASSWORD


def test_a_user_is_kept_with_groups_in_order(state):
    made = state.users.create("Grace@Example.COM", "Grace", "viewer", groups=["sales", "finance"])
    assert made == state.users.get(made.id) == state.users.by_email("GRACE@example.com")
    assert (made.email, made.role, made.groups) == (
        "grace@example.com",
        "viewer",
        ("finance", "sales"),
    )
    assert state.users.list() == [made]


def test_an_email_belongs_to_one_user(state):
    state.users.create("grace@example.com")
    with pytest.raises(ConflictError, match="already exists"):
        state.users.create("GRACE@EXAMPLE.COM")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@b",
        "a@",
        "a b@c",
        "a@b@c",
        "ada@exam\0ple",
        "ädä@example.com",
        "a@b." + "c" * 254,
        "\u212aate@example.com",
        "a@b\n",
        "a@\ud800",
        '"a"@b',
    ],
    ids=ascii,
)
def test_what_is_no_plain_address_is_refused(state, email):
    with pytest.raises(UsageError, match="no e-mail"):
        state.users.create(email)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "a\0b"},
        {"name": "a" * 201},
        {"role": "owner"},
        {"password": "short"},
        {"password": "a" * 1025},
        {"groups": [""]},
        {"groups": [" finance"]},
        {"groups": ["a\nb"]},
        {"groups": ["a" * 201]},
    ],
    ids=str,
)
def test_fields_that_are_not_possible_are_refused(state, fields):
    with pytest.raises(UsageError):
        state.users.create("grace@example.com", **fields)
    assert state.users.list() == []


def test_only_the_first_user_may_be_bootstrapped(state, ada):
    assert ada.role == "admin"
    with pytest.raises(ForbiddenError, match="already exist"):
        state.users.bootstrap("eve@example.com", "Eve", PASSWORD)


def test_of_several_first_admins_at_once_one_is_made(url):
    states = [State.open(url) for _ in range(4)]
    outcomes: list[str] = []

    def bootstrap(number: int) -> None:
        try:
            states[number].users.bootstrap(f"a{number}@example.com", "A", PASSWORD)
        except ForbiddenError:
            outcomes.append("refused")
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=bootstrap, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["refused"] * 3
    assert states[0].users.count() == 1
    for state in states:
        state.close()


def test_what_is_given_changes_and_the_rest_stays(state, ada):
    made = state.users.create("grace@example.com", "Grace", groups=["sales"])
    changed = state.users.update(made.id, role="viewer")
    assert (changed.name, changed.role, changed.groups) == ("Grace", "viewer", ("sales",))
    changed = state.users.update(made.id, groups=["finance"], name="Grace Hopper")
    assert (changed.name, changed.groups) == ("Grace Hopper", ("finance",))
    assert state.users.update(made.id, groups=[]).groups == ()


@pytest.mark.parametrize("change", [{"role": "analyst"}, {"active": False}], ids=str)
def test_the_last_admin_stays_one(state, ada, change):
    idle = state.users.create("idle@example.com", role="admin")
    state.users.update(idle.id, active=False)
    with pytest.raises(ConflictError, match="last admin"):
        state.users.update(ada.id, **change)
    with pytest.raises(ConflictError, match="last admin"):
        state.users.remove(ada.id)
    state.users.update(idle.id, active=True)
    state.users.update(ada.id, **change)


def test_two_admins_who_remove_each_other_at_once_leave_one(url):
    states = [State.open(url) for _ in range(2)]
    admins = [states[0].users.create(f"a{n}@example.com", role="admin") for n in range(2)]
    refused: list[ConflictError] = []

    def remove(number: int) -> None:
        try:
            states[number].users.remove(admins[1 - number].id)
        except ConflictError as error:
            refused.append(error)

    threads = [threading.Thread(target=remove, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert states[0].users.count() == 1
    for state in states:
        state.close()


def test_a_removed_user_leaves_nothing_but_the_log(state, ada):
    made = state.users.create("grace@example.com", groups=["sales"])
    state.tokens.create(made, ["read"])
    state.replies.reserve(made.id, "key", "digest")
    state.users.remove(made.id)
    for unknown in (made.id, "", "a\0b", "\ud800"):
        with pytest.raises((NotFoundError, UsageError)):
            state.users.get(unknown)
    assert state.tokens.list(made.id) == []
    assert state.users.create("grace@example.com").groups == ()


def test_a_provider_adds_a_user_once_and_sets_the_groups(state):
    def come(groups, email="grace@example.com"):
        return state.users.from_provider(
            "https://id|1", email, "Grace", groups, "viewer", verified=True
        )

    first = come(["sales"])
    assert (first.role, first.groups) == ("viewer", ("sales",))
    assert come(["finance"]).groups == ("finance",)
    assert come(None, "new@example.com").id == first.id
    state.users.update(first.id, active=False)
    with pytest.raises(UnauthorizedError):
        come(None)


def test_a_provider_takes_over_a_user_only_by_an_email_that_it_checked(state, ada):
    def come(subject, verified):
        return state.users.from_provider(
            subject, ada.email, "Ada", None, "viewer", verified=verified
        )

    with pytest.raises(UnauthorizedError, match="another account"):
        come("https://id|1", verified=False)
    assert come("https://id|1", verified=True).id == ada.id
    with pytest.raises(UnauthorizedError, match="another account"):
        come("https://id|2", verified=True)
    assert state.users.get(ada.id).role == "admin"
