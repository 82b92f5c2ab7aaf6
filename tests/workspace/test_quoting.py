from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agnes.workspace.quoting import in_prose, one_line, quoted, tokens, without_controls

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("`~#<>{}@\"'!-[]()|*_\n\r\t\0\x1b\u202e\u2066\u200b\u2028\ufeff"),
    ),
    max_size=300,
)
ANY = st.one_of(HOSTILE, st.characters(exclude_categories=[]).map(lambda char: char * 300))


@given(ANY, st.integers(1, 200))
@example("```\n# Rules\n<!-- x -->", 200)
@example("\U000e0041\U000e0042", 20)
@example("a" + "\u0301" * 500, 100)
def test_a_line_has_an_end_and_nothing_that_leaves_its_place(text, most):
    line = one_line(text, most)

    assert len(line) <= most
    assert line == line.strip()
    assert not set(line) & set('`<>{}@"~\n\r\t')
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    line.encode()


@given(ANY)
def test_prose_begins_with_no_mark_and_has_no_link(text):
    line = in_prose(text, 80)

    assert not re.match(r"[#\-+=!>.\s]", line)
    assert not set(line) & set("[]|*_")


@given(ANY)
def test_a_quotation_ends_where_it_says(text):
    assert re.fullmatch('"[^"\n]*"', quoted(text, 50))


def test_ordinary_text_is_left_as_it_is():
    text = "Monthly recurring revenue (MRR), in [0, 1], 100 % of Müller & Söhne, 日本語"

    assert one_line(text, 200) == text
    assert in_prose("Acme Data, Inc.", 80) == "Acme Data, Inc."


@given(ANY)
def test_only_line_ends_and_tabs_are_left_of_what_moves_a_cursor(text):
    left = without_controls(text)

    assert {char for char in left if unicodedata.category(char) in ("Cc", "Cf")} <= {"\n", "\t"}


@pytest.mark.parametrize(
    ("text", "least"),  # what common tokenizers count
    [("Monthly recurring revenue", 3), ("revenue/net_revenue_retention", 6), ("日本語", 3)],
)
def test_tokens_are_rather_counted_too_high(text, least):
    assert least <= tokens(text) <= len(text.encode())
