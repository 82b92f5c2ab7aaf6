"""The built-in thesaurus."""

from __future__ import annotations

import pytest

from agnes.search.text import key, stem
from agnes.search.thesaurus import MEANT, SAME, thesaurus


def test_words_of_a_line_find_one_another():
    related = thesaurus().related
    assert related[key("customer")][stem("client")] == SAME
    assert related[key("client")][stem("customer")] == SAME


def test_what_stands_behind_the_arrow_finds_but_is_not_found():
    related = thesaurus().related
    assert related[key("shopper")][stem("customer")] == MEANT
    assert stem("shopper") not in related[key("customer")]


def test_phrases_find_words():
    assert stem("churn") in thesaurus().related[key("stopped paying")]


def test_no_word_is_related_to_itself():
    for source, targets in thesaurus().related.items():
        assert source not in targets


@pytest.mark.parametrize(
    ("short", "long"), [("cac", "customer acquisition cost"), ("infra", "infrastructure")]
)
def test_abbreviations_have_their_words(short, long):
    assert thesaurus().abbreviations[stem(short)] == long


def test_every_quality_is_a_share():
    for targets in thesaurus().related.values():
        assert all(0 < quality < 1 for quality in targets.values())
