"""Answers from elsewhere are read strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.describe.answers import LONGEST, clean, read_answers, read_json
from tests.describe.conftest import column, table

FACTS = table(column("id"), column("name"))


def test_columns_that_were_not_asked_for_are_dropped():
    said = read_answers({"id": {"description": "Key"}, "admin": {"description": "x"}}, FACTS)

    assert {name: it.description for name, it in said.items()} == {"id": "Key"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"description": "Key", "confidence": "high"}, ("Key", "high")),
        ({"description": "Key", "confidence": "manual"}, ("Key", "medium")),
        ({"description": "Key", "confidence": ["high"]}, ("Key", "medium")),
        ("Key", ("Key", "medium")),
    ],
)
def test_a_confidence_is_one_of_three(answer, expected):
    said = read_answers({"id": answer}, FACTS)["id"]

    assert (said.description, said.confidence) == expected


@pytest.mark.parametrize("answer", ["", "  ", None, 3, [], {}, {"description": ["x"]}])
def test_what_is_no_text_says_nothing(answer):
    assert read_answers({"id": answer}, FACTS) == {}


def test_a_description_is_one_line_of_bounded_length():
    assert clean("a\n\x1b[31mb\u202e\tc\0") == "a [31mb c"
    assert len(clean("x" * 10_000)) == LONGEST


@pytest.mark.parametrize("data", [[], "x", None, 3])
def test_another_form_is_an_error(data):
    with pytest.raises(ValueError, match="object"):
        read_answers(data, FACTS)


def test_json_may_be_in_a_fence():
    assert read_json('```json\n{"a": 1}\n```') == {"a": 1}
    for broken in ("", "```json\n```", "Sure! {}", "[" * 100_000):
        with pytest.raises(ValueError, match=r"Expecting|nested"):
            read_json(broken)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda it: st.dictionaries(st.sampled_from(["id", "description", "confidence"]), it),
    )
)
def test_any_answer_is_read_or_refused(data):
    try:
        said = read_answers(data, FACTS)
    except ValueError:
        return
    assert all(it.description.isprintable() for it in said.values())
