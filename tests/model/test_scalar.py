from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agnes.model.scalar import Plain, core, is_ambiguous, plain

NULLS = ["", "~", "null", "Null", "NULL"]
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False}
NUMBERS = {
    "0": 0,
    "-0": 0,
    "7": 7,
    "+7": 7,
    "-7": -7,
    "0.0": 0.0,
    "1.10": 1.1,
    "1.": 1.0,
    ".5": 0.5,
    "-.5": -0.5,
    "1e3": 1000.0,
    "1E+3": 1000.0,
    "-2.5e-1": -0.25,
    "0x1F": 31,
    "0o17": 15,
}
TEXTS = [
    *("no", "No", "NO", "yes", "on", "off", "y", "n"),  # Norway is a country
    *("12:30", "1:1:1", "190:20:30.15"),
    *("012", "-012", "00", "0123.5", "08"),  # account numbers and zip codes
    *("2024-01-31", "2024-13-45", "2024-01-31T10:00:00Z"),
    *("1_000", "0b1", "0X1F", "0o8", "0xG"),
    *(".inf", "-.Inf", ".nan", ".NaN", "inf", "nan", "1e400", "-1e999"),  # JSON has none of them
    *(".", "+", "-", "e3", "1e", "1.5.2", "--1", "1 ", " 1", "1\n"),
    *("tRUE", "nULL", "truefalse", "~~", "nil", "None"),
    *("١", "１", "½"),  # digits, but not to YAML  # noqa: RUF001
    *("=", "<<", "USD", "SELECT 1"),
]


@pytest.mark.parametrize("text", NULLS)
def test_a_null_is_none(text):
    assert plain(text) is None


@pytest.mark.parametrize(("text", "value"), [*BOOLEANS.items(), *NUMBERS.items()])
def test_the_core_schema_gives_a_boolean_or_a_number(text, value):
    meaning = core(plain(text))

    assert (meaning, type(meaning)) == (value, type(value))


@pytest.mark.parametrize("text", [*BOOLEANS, *NUMBERS])
def test_the_text_of_a_boolean_or_a_number_is_kept(text):
    assert plain(text) == text
    assert isinstance(plain(text), Plain)


@pytest.mark.parametrize("text", TEXTS)
def test_everything_else_is_text(text):
    meaning = core(plain(text))

    assert isinstance(meaning, str)
    assert meaning == text


@pytest.mark.parametrize(
    "digits",
    ["999999999999999999", "1234567890123456789", "12345678901234567890", "9" * 400, "9" * 5000],
    ids=lambda digits: f"{len(digits)} digits",
)
def test_a_long_number_loses_no_digit(digits):
    meaning = core(plain(digits))

    assert not isinstance(meaning, float)
    assert meaning == (int(digits) if isinstance(meaning, int) else digits)


def test_core_looks_into_lists_and_mappings():
    data = {"a": [Plain("1"), {"b": Plain("true"), "c": "1"}], "d": None}

    assert core(data) == {"a": [1, {"b": True, "c": "1"}], "d": None}


def test_core_leaves_quoted_text_alone():
    assert core("1.10") == "1.10"


@pytest.mark.parametrize(
    "text", [*NULLS, *BOOLEANS, "7", "1.10", "1e3", "y", "N", "no", "Yes", "ON", "off"]
)
def test_text_that_a_reader_may_take_for_something_else_is_ambiguous(text):
    assert is_ambiguous(text)


@pytest.mark.parametrize("text", ["USD", "nope", "northern", "1 month", "a: b", "true north"])
def test_ordinary_text_is_not_ambiguous(text):
    assert not is_ambiguous(text)


@given(st.integers(-(10**17), 10**17))
def test_every_integer_is_read_back(number):
    assert core(plain(str(number))) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_back(number):
    meaning = core(plain(repr(number)))

    assert isinstance(meaning, float)
    assert meaning == number


@given(st.text(st.sampled_from("0123456789+-.eExo_:"), max_size=30))
@example("1" * 19)
def test_no_digits_are_lost(text):
    meaning = core(plain(text))

    if isinstance(meaning, int):
        assert meaning == int(text, 0)
    elif isinstance(meaning, float):
        assert "." in text or "e" in text.lower()
    else:
        assert meaning == (text or None)


@given(st.text())
def test_what_is_not_null_keeps_its_text(text):
    assert plain(text) == (None if text in NULLS else text)


@given(st.text())
def test_core_of_core_is_core(text):
    assert core(core(plain(text))) == core(plain(text))
