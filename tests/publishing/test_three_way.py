"""Laws of the three-way comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.publishing.three_way import Value, plain

WORDS = st.sampled_from([None, "", "  ", "a", "b", "c", " a ", "a\nb", "a\r\nb\n"])


def verdict(base: str | None, ours: str | None, theirs: str | None) -> str:
    return Value("id", "description", ours, theirs, base).verdict


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("a", "a", "a", "equal"),
        ("a", "b", "b", "equal"),
        (None, "a", "a", "equal"),
        ("a", "b", "a", "ours"),
        (None, "a", None, "ours"),
        ("a", "a", None, "ours"),  # the table was made anew there
        ("a", "b", None, "ours"),
        ("a", "a", "b", "theirs"),
        ("a", None, "b", "theirs"),
        (None, None, "a", "theirs"),
        ("a", "b", "c", "conflict"),
        (None, "a", "b", "conflict"),
        ("a", None, "a", "nothing"),
        (None, None, None, "nothing"),
        ("a\nb", "a\r\nb\n", "a\nb ", "equal"),
    ],
)
def test_who_changed_a_value_decides(base, ours, theirs, expected):
    assert verdict(base, ours, theirs) == expected


@given(WORDS, WORDS, WORDS)
def test_what_somebody_else_said_is_never_written_over(base, ours, theirs):
    if verdict(base, ours, theirs) == "ours":
        assert plain(theirs) in (None, plain(base))


@given(WORDS, WORDS, WORDS)
def test_a_push_comes_to_rest(base, ours, theirs):
    if verdict(base, ours, theirs) in ("ours", "equal"):
        assert verdict(ours, ours, ours) == "equal"
        assert plain(ours)


@given(WORDS, WORDS, WORDS)
def test_taking_theirs_over_or_pushing_by_force_ends_a_difference(base, ours, theirs):
    if verdict(base, ours, theirs) in ("conflict", "theirs"):
        assert verdict(base, theirs, theirs) == "equal"
        assert plain(theirs)


@given(WORDS, WORDS)
def test_without_a_base_all_that_differs_is_for_a_person_to_decide(ours, theirs):
    assert verdict(None, ours, theirs) != "ours" or plain(theirs) is None
