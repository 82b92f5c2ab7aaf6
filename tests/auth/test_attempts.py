"""Brakes on guessing, and that they cannot be turned against the users."""

from __future__ import annotations

import threading

import pytest

from agnes.auth.attempts import (
    KNOWN_FOR,
    OF_AN_ADDRESS,
    OF_AN_EMAIL,
    WINDOW,
    Attempts,
    network,
)
from agnes.auth.state import State
from agnes.errors import TooManyError, UnauthorizedError
from tests.auth.conftest import ADDRESS, PASSWORD

EMAIL = "ada@example.com"


def fail(attempts: Attempts, email: str, address: str, times: int) -> int:
    """How many of the tries were let through."""
    passed = 0
    for _ in range(times):
        try:
            attempts.begin(email, address)
        except TooManyError:
            continue
        passed += 1
    return passed


def succeed(attempts: Attempts, email: str, address: str) -> None:
    attempts.succeeded(attempts.begin(email, address), email, address)


def test_of_two_hundred_tries_ten_are_checked(auth, ada):
    outcomes = {"checked": 0, "refused": 0}
    waits: list[float] = []
    for number in range(200):
        try:
            auth.sign_in(ada.email, f"guess {number}", ADDRESS)
        except UnauthorizedError:
            outcomes["checked"] += 1
        except TooManyError as error:
            outcomes["refused"] += 1
            waits.append(error.retry_after)
    assert outcomes == {"checked": OF_AN_EMAIL, "refused": 200 - OF_AN_EMAIL}
    assert 1 <= min(waits) <= max(waits) <= WINDOW.total_seconds()
    with pytest.raises(TooManyError):
        auth.sign_in(ada.email, PASSWORD, ADDRESS)


def test_a_thousand_tries_at_once_are_counted_like_one_after_another(url):
    states = [State.open(url) for _ in range(3)]
    passed: list[int] = []
    threads = [
        threading.Thread(
            target=lambda state=state: passed.append(fail(state.attempts, EMAIL, ADDRESS, 40))
        )
        for state in states
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == OF_AN_EMAIL
    for state in states:
        state.close()


def test_an_email_may_be_tried_again_when_the_oldest_failure_is_15_minutes_old(state, clock):
    assert fail(state.attempts, EMAIL, ADDRESS, 1) == 1
    clock.forward(60)
    assert fail(state.attempts, EMAIL, ADDRESS, 99) == OF_AN_EMAIL - 1
    with pytest.raises(TooManyError) as error:
        state.attempts.begin(EMAIL, ADDRESS)
    assert error.value.retry_after == WINDOW.total_seconds() - 60
    clock.forward(error.value.retry_after)
    assert fail(state.attempts, EMAIL, ADDRESS, 99) == 1


def test_tries_that_are_refused_do_not_make_the_wait_longer(state, clock):
    fail(state.attempts, EMAIL, ADDRESS, OF_AN_EMAIL)
    for _ in range(14):
        clock.forward(60)
        assert fail(state.attempts, EMAIL, ADDRESS, 5) == 0
    clock.forward(60)
    assert fail(state.attempts, EMAIL, ADDRESS, 1) == 1


def test_many_addresses_share_the_tries_of_an_email(state):
    passed = sum(fail(state.attempts, EMAIL, f"192.0.2.{n}", 1) for n in range(100))
    assert passed == OF_AN_EMAIL


def test_an_address_shares_its_tries_over_all_emails(state):
    passed = sum(fail(state.attempts, f"a{n}@example.com", ADDRESS, 1) for n in range(100))
    assert passed == OF_AN_ADDRESS
    assert fail(state.attempts, EMAIL, "192.0.2.99", 1) == 1


def test_an_account_of_their_own_gives_a_guesser_no_more_tries(state):
    passed = 0
    for number in range(100):
        try:
            succeed(state.attempts, "eve@example.com", ADDRESS)
        except TooManyError:
            break
        passed += fail(state.attempts, f"a{number}@example.com", ADDRESS, 1)
    assert passed == OF_AN_ADDRESS


def test_nobody_can_lock_a_user_out_of_where_they_have_been(state, clock):
    succeed(state.attempts, EMAIL, ADDRESS)
    for minute in range(30):
        for number in range(20):
            fail(state.attempts, EMAIL, f"198.51.100.{number}", 1)
        if minute % 10 == 0:
            succeed(state.attempts, EMAIL, ADDRESS)
        with pytest.raises(TooManyError):
            state.attempts.begin(EMAIL, "203.0.113.5")
        clock.forward(60)
    clock.forward(WINDOW.total_seconds())
    succeed(state.attempts, EMAIL, "203.0.113.5")


def test_a_place_is_known_for_thirty_days(state, clock):
    succeed(state.attempts, EMAIL, ADDRESS)
    clock.forward(KNOWN_FOR.total_seconds())
    fail(state.attempts, EMAIL, "198.51.100.1", OF_AN_EMAIL)
    assert fail(state.attempts, EMAIL, ADDRESS, 1) == 0


def test_a_known_place_has_ten_tries_too(state):
    succeed(state.attempts, EMAIL, ADDRESS)
    assert fail(state.attempts, EMAIL, ADDRESS, 99) == OF_AN_EMAIL


def test_who_mistypes_and_then_gets_it_right_begins_anew(state):
    for _ in range(5):
        assert fail(state.attempts, EMAIL, ADDRESS, OF_AN_EMAIL - 1) == OF_AN_EMAIL - 1
        succeed(state.attempts, EMAIL, ADDRESS)


@pytest.mark.parametrize("email", [EMAIL.upper(), f" {EMAIL} "])
def test_spelling_an_email_otherwise_gives_no_more_tries(state, email):
    fail(state.attempts, EMAIL, ADDRESS, OF_AN_EMAIL)
    assert fail(state.attempts, email, ADDRESS, 1) == 0


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("", ""),
        ("a socket", "a socket"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(address, counted_as):
    assert network(address) == counted_as
