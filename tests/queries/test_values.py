"""Rows as strict JSON."""

from __future__ import annotations

import json
import math

import pytest

from agnes.errors import SandboxError
from agnes.queries.values import document, plain
from agnes.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


VALUES = [
    ("NULL", None),
    ("true", True),
    ("9007199254740991", 2**53 - 1),
    ("-9007199254740992", "-9007199254740992"),
    ("170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ("repeat('9', 5000)::BIGNUM", "9" * 5000),
    ("0.1::FLOAT", 0.10000000149011612),
    ("'nan'::DOUBLE", None),
    ("'-inf'::DOUBLE", None),
    ("['inf'::FLOAT, 1]", [None, 1]),
    ("12.50::DECIMAL(10, 2)", 12.5),
    ("12::DECIMAL(10, 0)", 12),
    ("1234567890123456.78::DECIMAL(18, 2)", "1234567890123456.78"),
    ("0.0000000000000000001::DECIMAL(38, 19)", 1e-19),
    ("chr(0) || 'é😀'", "\0é😀"),
    ("DATE '2026-01-31'", "2026-01-31"),
    ("DATE '-5000-01-01'", "5001-01-01 (BC)"),
    ("DATE 'infinity'", "9999-12-31"),
    ("TIMESTAMP '2026-01-31 12:00:00.5'", "2026-01-31T12:00:00.500000"),
    ("TIMESTAMPTZ '2026-01-31 12:00:00+02'", "2026-01-31T10:00:00+00:00"),
    ("TIME '10:30:00'", "10:30:00"),
    ("INTERVAL '1 month 2 hours 1.5 seconds'", "P30DT2H1.5S"),
    ("INTERVAL '-90 seconds'", "-PT1M30S"),
    ("INTERVAL 0 DAYS", "P0D"),
    ("'a\\xFF'::BLOB", "Yf8="),
    ("'0b6cd0b0-5dbb-4c0a-b3a9-5b1f0a0c1d2e'::UUID", "0b6cd0b0-5dbb-4c0a-b3a9-5b1f0a0c1d2e"),
    ("'[1, {}]'::JSON", "[1, {}]"),
    ("[[1, NULL], []]", [[1, None], []]),
    ("{'a': DATE '2026-01-31', 'b': [1.5::DECIMAL(3, 1)]}", {"a": "2026-01-31", "b": [1.5]}),
    ("MAP {1: 'x', 2: 'y'}", {"1": "x", "2": "y"}),
    ("MAP {DATE '2026-01-31': 1}", {"2026-01-31": 1}),
    ("MAP {[1]: 2}", {"key": [[1]], "value": [2]}),
    ("'101'::BIT", "101"),
    ("[" * 200 + "1" + "]" * 200, ...),
]


@pytest.mark.parametrize(("sql", "expected"), VALUES, ids=[sql[:40] for sql, _ in VALUES])
def test_every_type_has_a_form_in_strict_json(sandbox, sql, expected):
    text = document(sandbox.query(f"SELECT {sql} AS x")).decode()

    read = json.loads(text, parse_constant=pytest.fail)
    assert read["columns"] == ["x"]
    assert expected is ... or read["rows"] == [[expected]]


def test_the_answer_says_how_many_rows_and_whether_there_are_more(sandbox):
    answer = json.loads(document(sandbox.query("SELECT i, i AS i FROM range(9) t(i)", 2)))

    assert answer == {
        "columns": ["i", "i_1"],
        "types": ["BIGINT", "BIGINT"],
        "rows": [[0, 0], [1, 1]],
        "row_count": 2,
        "truncated": True,
    }


@pytest.mark.parametrize("depth", [300, 480, 700, 950])
def test_a_value_of_any_depth_is_returned_or_is_an_error(sandbox, depth):
    try:
        json.loads(document(sandbox.query("SELECT " + "[" * depth + "1" + "]" * depth)))
    except SandboxError as error:
        assert error.message  # noqa: PT017
    assert sandbox.query("SELECT 1").rows == ((1,),)


def test_keys_that_are_no_text_become_text():
    assert plain({None: 1, True: 2, math.nan: 3}) == {"null": 3, "true": 2}
