from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agnes.errors import YamlError
from agnes.yaml.loader import load, locate
from agnes.yaml.places import within

WORD = "wörd"


def text_at(source: str, span: tuple[int, int, int, int]) -> str:
    """The characters of a span, the way an editor counts lines and columns."""
    lines = source.replace("\r\n", "\n").split("\n")
    line, column, end_line, end_column = span
    if line == end_line:
        return lines[line - 1][column - 1 : end_column - 1]
    last = lines[end_line - 1][: end_column - 1]
    return "\n".join([lines[line - 1][column - 1 :], *lines[line : end_line - 1], last])


def find(source: str, word: str, path: tuple[str | int, ...] = ("a",)) -> tuple[int, int, int, int]:
    """Where the first `word` of the text at `path` stands in `source`."""
    data = source.encode()
    text = load(data)
    for part in path:
        text = text[part]
    return within(source, locate(data).of(path), text, text.index(word), len(word))


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        pytest.param("a: wörd\n", 1, 4, id="plain"),
        pytest.param("a: é 😀 wörd\n", 1, 8, id="plain, behind other letters"),
        pytest.param("a: b  c\n  d\n\n  wörd e\n", 4, 3, id="plain of several lines"),
        pytest.param("a:\n    b\n    wörd\n", 3, 5, id="plain below its key"),
        pytest.param("a: 'wörd'\n", 1, 5, id="single quotes"),
        pytest.param("a: 'it''s ''a'' wörd'\n", 1, 17, id="behind doubled quotes"),
        pytest.param("a: 'b\n\n  c\n  wörd'\n", 4, 3, id="single quotes, several lines"),
        pytest.param('a: "wörd"\n', 1, 5, id="double quotes"),
        pytest.param('a: "\\" \\\\ \\x41 \\u00e9 \\U0001F600 wörd"\n', 1, 34, id="behind escapes"),
        pytest.param('a: "b\\n\\tc\\x20\\u000Awörd"\n', 1, 21, id="behind escaped blanks"),
        pytest.param('a: "b\n\n  c\n  wörd"\n', 4, 3, id="double quotes, several lines"),
        pytest.param('a: "b\\\n  \\ c\\\n   wörd"\n', 3, 4, id="behind continued lines"),
        pytest.param("a: |\n  b\n\n  wörd\n", 4, 3, id="literal"),
        pytest.param("a: |\n\n\n  wörd\n", 4, 3, id="literal that begins with empty lines"),
        pytest.param("a: |2\n     b\n   wörd\n", 3, 4, id="literal with its indentation said"),
        pytest.param("a: |+2  # why\n   b\n  wörd\n\n\n", 3, 3, id="literal with a comment"),
        pytest.param("a: |-\n      b\n      wörd", 3, 7, id="literal, indented far"),
        pytest.param("a: |\n  b\tc\n  \twörd\n", 3, 4, id="literal with tabs"),
        pytest.param("a: |\n  'b' \"c\" \\n wörd\n", 2, 14, id="literal with quotes"),
        pytest.param("a: >\n  b\n  c\n\n  wörd\n", 5, 3, id="folded"),
        pytest.param("a: >-\n  b\n    c\n  wörd\n", 4, 3, id="folded with an indented line"),
        pytest.param("a: >2+\n\n  b\n   wörd\n\n", 4, 4, id="folded with everything"),
        pytest.param("{b: 1, a: 'c wörd', d: 2}", 1, 14, id="within brackets"),
        pytest.param("a: &x b wörd\n", 1, 9, id="anchored"),
        pytest.param("a: &x |\n  b wörd\n", 2, 5, id="anchored literal"),
        pytest.param("a: &x !!str 'b wörd'\n", 1, 16, id="anchored and tagged"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_word_is_found_in_every_style(source, line, column, line_end):
    source = source.replace("\n", line_end)

    assert find(source, WORD) == (line, column, line, column + len(WORD))


def test_a_list_of_one_metric_is_no_different():
    assert find("- a: |\n    b\n    wörd\n", WORD, (0, "a")) == (3, 5, 3, 9)


def test_the_second_of_two_equal_words_is_told_from_the_first():
    source = "a: |\n  b\n  b\n"

    assert within(source, locate(source.encode()).of(("a",)), "b\nb\n", 2, 1) == (3, 3, 3, 4)


def test_an_escape_is_all_of_its_characters():
    assert text_at('a: "b \\u00e9 c"\n', find('a: "b \\u00e9 c"\n', "é")) == "\\u00e9"


def test_several_words_are_one_span_over_the_lines_between():
    source = "a: |\n  SELECT b,\n    c\n  FROM d\n"

    assert find(source, "b,\n  c\nFROM") == (2, 10, 4, 7)


@pytest.mark.parametrize("start", [1, 2])
def test_a_blank_has_a_place_as_well(start):
    source = "a: |\n  b\n  c\n"
    line, column, *_ = within(source, locate(source.encode()).of(("a",)), "b\nc\n", start, 1)

    assert (line, column) in ((2, 4), (3, 3))


@pytest.mark.parametrize("source", ["a: b c\nd: e\n", "a: |-\n  b c\n\nd: e\n", "a: 'b c'\nd: e"])
def test_the_end_of_a_text_is_behind_its_last_character(source):
    line, column, *_ = within(source, locate(source.encode()).of(("a",)), "b c", 3, 1)

    assert source.split("\n")[line - 1][: column - 1].endswith("b c")


@pytest.mark.parametrize("start", [0, 3, 4, 99])
@pytest.mark.parametrize("length", [0, 1, 99])
def test_a_place_beyond_the_end_is_within_the_file(start, length):
    source = "a: |\n  b\n  c\n"

    line, _, end_line, _ = within(
        source, locate(source.encode()).of(("a",)), "b\nc\n", start, length
    )

    assert 1 <= line <= end_line <= 4


def test_text_that_stands_elsewhere_has_the_place_of_its_alias():
    source = "b: &x SELECT wörd\na: *x\n"

    assert find(source, WORD) == locate(source.encode()).of(("a",))


def test_text_that_is_not_in_the_file_has_the_place_of_the_scalar():
    source = "a: SELECT 1\n"
    span = locate(source.encode()).of(("a",))

    assert within(source, span, "SELECT 2 wörd", 9, 4) == span


WORDS = st.sampled_from(
    [
        *("a", "SELECT", "größe", "😀", "it's", "''", "'", '"q"', '""', "x:", "#n", "-", ":"),
        *("\\", "\\n", "\\ ", "C:\\new", "{a}", "[b]", "%", "\u00a0", "e\u0301"),
    ]
)
BLANKS = st.sampled_from([" ", " ", "  ", "\n", "\n", "\n\n", "\n  ", "\t", "\n\n\n "])
TEXTS = st.builds(
    lambda before, pairs, end: before + "".join(w + b for w, b in pairs) + end,
    st.sampled_from(["", "", "\n", "  \n", " "]),
    st.lists(st.tuples(WORDS, BLANKS), min_size=1, max_size=10),
    st.sampled_from(["", "a"]),
)


def document(text: str, style: str | None, width: int, unicode: bool, line_end: str) -> str:
    tag = "tag:yaml.org,2002:str"
    value = yaml.ScalarNode(tag, text, style=style)
    rest = yaml.ScalarNode(tag, "the end")
    keys = yaml.ScalarNode(tag, "a"), yaml.ScalarNode(tag, "é")
    node = yaml.MappingNode("tag:yaml.org,2002:map", list(zip(keys, (value, rest), strict=True)))
    written = yaml.serialize(node, width=width, allow_unicode=unicode, line_break=line_end)
    assert isinstance(written, str)
    return written


def spelled(word: str, opening: str, written: str) -> bool:
    """Whether `written` is how a word is spelled in a style."""
    if opening == '"':
        return yaml.safe_load(f'"{written}"') == word
    return written == (word.replace("'", "''") if opening == "'" else word)


@settings(max_examples=400, deadline=None)
@given(
    TEXTS,
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([20, 30, 80]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_word_is_found_where_it_stands(text, style, width, unicode, line_end):
    source = document(text, style, width, unicode, line_end)
    try:
        assume(load(source.encode())["a"] == text)
    except YamlError:
        assume(False)
    span = locate(source.encode()).of(("a",))
    opening = text_at(source, span)[:1]

    for word in re.finditer(r"[^ \t\n]+", text):
        found = within(source, span, text, word.start(), len(word.group()))
        assert spelled(word.group(), opening, text_at(source, found))


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("ab \n\t\r:'\"|>\\&*-#é"), max_size=20),
    st.text(st.sampled_from("ab \n'\\"), max_size=8),
    st.tuples(*[st.integers(1, 5)] * 4),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_nothing_makes_it_stumble(source, text, span, start, length):
    found = within(source, span, text, start, length)

    assert all(number >= 1 for number in found)
