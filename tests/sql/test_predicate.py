"""Conditions on rows from whoever asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.errors import NotDerivableError
from agnes.sql.predicate import MAX_CHARACTERS, read_predicate
from agnes.sql.writing import write


@pytest.mark.parametrize(
    "text",
    [
        "region = 'EU'",
        "region IN ('EU', 'US') OR NOT is_trial",
        "amount BETWEEN 1 AND 2 AND day >= DATE '2025-01-01'",
        "LOWER(name) LIKE '%ltd' AND (a IS NULL OR b <> 'it''s')",
        "CASE WHEN a > 1 THEN b ELSE c END = 2",
        "orders.status::VARCHAR = 'paid' -- as they say",
    ],
)
def test_an_expression_over_columns_is_taken(text):
    assert read_predicate(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("1 = 1", "speaks of no column"),
        ("a = 1) OR (1 = 1", "unexpected"),
        ("a = 1; DROP TABLE t", "2 statements"),
        ("a = 1 AS b", "a column of a SELECT"),
        ("*", "a column of a SELECT"),
        ("a, b", "more than one expression"),
        ("a = 1 FROM t", "more than one expression"),
        ("a = 1 ORDER BY a", "more than one expression"),
        ("a = 1 UNION SELECT a", "more than one expression"),
        ("(SELECT a) = 1", "holds a query"),
        ("EXISTS (FROM t)", "holds a query"),
        ("a IN (SELECT b FROM t)", "holds a query"),
        ("SUM(a) > 1", "more than one row"),
        ("ROW_NUMBER() OVER () = a", "more than one row"),
        ("COLUMNS('a') = 1", "star"),
        ("read_csv('/etc/passwd') = a", "not allowed"),
        ("getenv('HOME') = a", "not allowed"),
        ("a = $start", "parameter"),
        ("a = ?", "parameter"),
        ("random() > a", "not the same tomorrow"),
        ("day < now()", "not the same tomorrow"),
        ("day < CURRENT_DATE", "not the same tomorrow"),
        ("a ~ 'b'", "would be lost"),
        ("a = 1" + " " * MAX_CHARACTERS, "characters"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text, reason):
    with pytest.raises(NotDerivableError, match=f"the condition is refused: .*({reason})"):
        read_predicate(text)


@given(st.text(alphabet="ab=<'\"()-;,*$ \n|:.", max_size=25))
def test_whatever_is_taken_stays_one_expression_when_it_is_written(text):
    try:
        tree = read_predicate(text)
    except NotDerivableError:
        return
    assert write(read_predicate(write(tree))) == write(tree)
