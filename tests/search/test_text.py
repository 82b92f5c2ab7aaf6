"""Words to terms."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.search.text import content_words, initials, key, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Monthly Recurring Revenue", ["monthly", "recurring", "revenue"]),
        ("monthly_recurring-revenue", ["monthly", "recurring", "revenue"]),
        ("Café-Umsatz", ["cafe", "umsatz"]),
        ("the customers' churn isn't Ada's", ["the", "customers", "churn", "isnt", "ada"]),
        ("the company\u2019s MRR", ["the", "company", "mrr"]),
        ("90d retention (%)", ["90d", "retention"]),
        ("", []),
        ("?!", []),
    ],
)
def test_words_are_lower_case_and_split_at_everything_else(text, expected):
    assert list(words(text)) == expected


@given(st.text())
def test_words_of_any_text_are_words_of_their_own(text):
    for word in words(text):
        assert words(word) == (word,)


def test_words_that_carry_a_question_are_left_out():
    assert content_words("What is our churn in Q1 of last year?") == ("churn", "year")


def test_a_question_without_content_keeps_its_words():
    assert content_words("what is it") == ("what", "is", "it")


@pytest.mark.parametrize(
    "spelling", ["active users", "Active User", "active_user", "ACTIVE-USERS", "the active users"]
)
def test_spellings_of_a_name_have_one_key(spelling):
    assert key(spelling) == key("active_users")


def test_codes_and_numbers_are_not_stemmed():
    assert stem("b2bs") == "b2bs"
    assert stem("customers") == stem("customer")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Time to Resolution", ["ttr", "tr"]),
        ("Monthly recurring revenue", ["mrr"]),
        ("Churn", []),
        ("one two three four five six seven", []),
    ],
)
def test_initials_are_those_of_all_words_and_of_the_weighty_ones(name, expected):
    assert initials(name) == expected


def test_threads_do_not_mix_up_their_words():
    texts = [f"{'x' * number}ational{'s' * (number % 3)}ly" for number in range(300)]
    alone = [stem(text) for text in texts]
    stem.cache_clear()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(stem, texts * 4))
    finally:
        sys.setswitchinterval(before)

    assert found == alone * 4
