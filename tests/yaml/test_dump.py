from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.loader import load

LIKE_YAML = [
    *(
        "",
        "~",
        "null",
        "no",
        "on",
        "y",
        "Yes",
        "true",
        "False",
        "12:30",
        "1:1:1",
        "012",
        "0x1F",
        "0o17",
    ),
    *(
        "1.10",
        "1e3",
        ".inf",
        ".nan",
        "1_000",
        "2024-01-31",
        "2024-13-45",
        "=",
        "-",
        "?",
        ":",
        "---",
    ),
    *(
        "...",
        "- a",
        "? a",
        "a: b",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "{a",
        "[a",
    ),
    *(
        "'",
        '"',
        "\\",
        "\\n",
        "a'b\"c",
        " a",
        "a ",
        " ",
        "\n",
        "\n\n",
        "a\n",
        "\na",
        "a\n\nb",
        " a\nb",
    ),
    *(
        "\ta\nb",
        "a\n\tb",
        "a \nb",
        "a\n b\n",
        "\n\ta\n",
        "a\tb",
        "a\rb",
        "a\r\nb\r\n",
        "\r",
        "a\n\r",
    ),
    *("a: b\nc: d\n", "# a\nb\n", "- a\n- b\n", "é 😀", "a\xa0b", "x" * 300, "word " * 60),
]
BREAKS = ["a\x85b", "a\n\x85b\n", "\u2028", "a\u2028b", "a\n\u2029b\n", "\x85"]


def printable(text: str) -> bool:
    """Whether YAML takes all characters, and the loader does not see tricks in them."""
    return not any(
        (ord(char) < 32 and char not in "\t\n\r")
        or 0x7F <= ord(char) < 0x85
        or 0x85 < ord(char) < 0xA0
        or 0x202A <= ord(char) <= 0x202E
        or 0x2066 <= ord(char) <= 0x2069
        or 0xFEFF <= ord(char) < 0xFF00
        or ord(char) in (0xFFFE, 0xFFFF)
        for char in text
    )


TEXTS = st.one_of(
    st.sampled_from(LIKE_YAML),
    st.text(st.characters(codec="utf-8")).filter(printable),
    st.text(st.sampled_from(" \t\n\r#:-?|>'\"[]{},&*!%@a0.é\x85\u2028"), max_size=12),
)
KEYS = TEXTS.filter(lambda key: key != "<<")
DATA = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, DATA, max_size=4)


def same(one, other) -> bool:
    """Equality that tells 1, 1.0 and True apart, and knows the order of keys."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("text", [*LIKE_YAML, *BREAKS])
def test_text_is_read_back_as_the_same_text(text):
    data = {"a": text, "b": [text], "c": {"d": {"e": text}}}

    assert core(load(dump(data))) == data


@pytest.mark.parametrize("key", [key for key in [*LIKE_YAML, *BREAKS] if key != "<<"])
def test_a_key_is_read_back_as_the_same_key(key):
    data = {"a": {key: 1}}

    assert core(load(dump(data))) == data


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -1, 10**17, 10**18, 10**30, -(10**25), 0.1, -0.0, 1e300, 5e-324),
        *([], {}, [[]], [{}], {"a": []}, {"a": {}}, [None], [[1, [2]]], [{"a": 1, "b": [2]}]),
    ],
)
def test_a_value_is_read_back_as_the_same_value(value):
    data = {"a": value}

    assert same(core(load(dump(data))), data)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
@example({"": "a\x85b"})
@example({"": 10**18})
def test_what_is_dumped_is_loaded(data):
    assert same(core(load(dump(data))), data)


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS)
@example({"": "a\x85b"})
def test_the_canonical_form_is_a_fixed_point(data):
    assert dump(core(load(dump(data)))) == dump(data)


CANONICAL = """\
name: mrr
display_name: Monthly recurring revenue
unit: 'no'
synonyms:
  - MRR
  - '1.10'
  - note
columns:
  email:
    basetype: STRING
    pii: true
result: 1.1
nothing: null
empty: []
sql: |
  SELECT month, SUM(amount)
  FROM orders
"""


def test_the_canonical_form_is_pleasant_to_read():
    data = {
        "name": "mrr",
        "display_name": "Monthly recurring revenue",
        "unit": "no",
        "synonyms": ["MRR", "1.10", "note"],
        "columns": {"email": {"basetype": "STRING", "pii": True}},
        "result": 1.1,
        "nothing": None,
        "empty": [],
        "sql": "SELECT month, SUM(amount)\nFROM orders\n",
    }

    assert dump(data).decode() == CANONICAL


def test_keys_stay_in_their_order():
    assert dump({"b": 1, "a": 2}) == b"b: 1\na: 2\n"


def test_text_beyond_ascii_is_written_as_it_is():
    assert dump({"a": "Umsätze 😀"}) == "a: Umsätze 😀\n".encode()


def test_what_is_there_twice_is_written_twice():
    shared = ["x"]

    assert dump({"a": shared, "b": shared}) == b"a:\n  - x\nb:\n  - x\n"


@pytest.mark.parametrize(
    "text", ["no", "on", "12:30", "012", "1.10", "0x1F", "2024-01-31", "~", "y"]
)
def test_other_yaml_readers_take_text_for_text_too(text):
    assert yaml.safe_load(dump({"a": text})) == {"a": text}


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(st.sampled_from("abc"), min_size=1),
        st.recursive(
            st.text(st.sampled_from("ab: 1\n")) | st.booleans() | st.integers(-999, 999),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=4,
        ),
    )
)
def test_the_canonical_form_is_yaml_to_others(data):
    document = dump(data)

    assert yaml.safe_load(document) == data
    assert core(load(json.dumps(data).encode())) == data
