"""Hashes of passwords."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from agnes.auth import passwords
from agnes.errors import UsageError


@pytest.fixture(autouse=True)
def cheap_passwords() -> None:
    """They cost here what they cost."""


def test_a_hash_is_argon2id_and_fits_its_password_alone():
    kept = passwords.make("correct horse")
    assert kept.startswith("$argon2id$")
    assert passwords.fits(kept, "correct horse")
    assert not passwords.fits(kept, "Correct horse")
    assert not passwords.is_outdated(kept)
    assert passwords.make("correct horse") != kept


def test_any_characters_may_be_in_it():
    password = "pass \0 wörd 🔑 \ud800"
    assert passwords.fits(passwords.make(password), password)


@pytest.mark.parametrize("password", ["", "a" * 7, "a" * 1025])
def test_too_short_or_too_long_is_refused(password):
    with pytest.raises(UsageError, match="8 to 1024"):
        passwords.make(password)


@pytest.mark.parametrize("kept", [None, "", "!", "$argon2id$v=19$"])
def test_nothing_fits_what_is_no_hash(kept):
    assert not passwords.fits(kept, "")
    assert not passwords.fits(kept, "correct horse")


def test_a_user_who_is_not_there_costs_what_a_real_one_costs():
    kept = passwords.make("correct horse")

    def fastest(kept: str | None) -> float:
        times = []
        for _ in range(7):
            begin = time.perf_counter()
            passwords.fits(kept, "wrong horse")
            times.append(time.perf_counter() - begin)
        return min(times)

    assert not passwords.is_outdated(passwords._OF_NOBODY)
    assert 0.5 < fastest(None) / fastest(kept) < 2


def test_a_hash_of_an_earlier_cost_is_told():
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    assert passwords.fits(weak, "correct horse")
    assert passwords.is_outdated(weak)
