from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.sql.expression import AGGREGATES, check_expression


def said(text: str) -> list[tuple[str, str]]:
    """Every problem: its message, and the characters that it is about."""
    return [
        (problem.message, text[problem.place.start : problem.place.start + problem.place.length])
        for problem in check_expression(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("SUM(amount)", "sum(o.amount)", "SUM(a + b * 2)", "SUM(DISTINCT a)", "COUNT(*)"),
        *("COUNT()", "COUNT(DISTINCT a)", "count(DISTINCT CASE WHEN a = 'x' THEN b END)"),
        *("SUM(a) / COUNT(b)", "SUM(a) / NULLIF(COUNT(DISTINCT b), 0) * 100.0", "-MAX(a)"),
        *("MAX(d) - MIN(d)", "ROUND(AVG(a), 2)", "COALESCE(SUM(a), 0)", "CAST(SUM(a) AS INT)"),
        *("SUM(a)::DECIMAL(18, 2)", "SUM(a) FILTER (WHERE b > 1)", "COUNT(*) FILTER (b)"),
        *("MEDIAN(a)", "quantile_cont(a, 0.95)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)"),
        *("mode() WITHIN GROUP (ORDER BY a)", "arg_max(a, b)", "max_by(a, b)", "max(a, 3)"),
        *("first(a ORDER BY b)", "string_agg(DISTINCT a, ', ' ORDER BY a)", "list(a)[1]"),
        *("SUM(a) OVER (PARTITION BY b ORDER BY c)", "SUM(a) / SUM(SUM(a)) OVER ()"),
        *("CASE WHEN COUNT(a) > 0 THEN SUM(a) END", "SUM(CASE WHEN a THEN b ELSE 0 END)"),
        *("sum(a).round(2)", "a.sum()", "main.sum(a)", '"sum"(a)', "list_sum(list(a))"),
        *("list_transform(list(a), x -> x + 1)", "{'n': COUNT(*)}", "[MIN(a), MAX(a)]"),
        *("SUM(größe)", 'SUM("Umsatz (€)")', "SUM(a) -- net\n", "/* net */\r\n\tSUM(a)"),
        *("COUNT(*) FILTER (WHERE a IN (SELECT b FROM t))", "count_if(a > 1)", "bool_and(a)"),
    ],
)
def test_a_calculation_over_aggregates_is_fine(text):
    assert check_expression(text) == []


@pytest.mark.parametrize(
    "text", ["amount", "1", "lower(a)", "a + b", "list_sum(a)", "greatest(a, b)", "*", "a.lower()"]
)
def test_what_aggregates_nothing_is_none(text):
    assert said(text) == [("it aggregates nothing", text)]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SUM(a) + b", ["b"]),
        ("b * SUM(a) / t.c", ["b", "t.c"]),
        ("'ä' || größe || COUNT(*)", ["größe"]),
        ("\r\n\tSUM(a)\r\n/ b", ["b"]),
        ("CASE WHEN a THEN SUM(b) ELSE c END", ["a", "c"]),
        ("SUM(a) OVER (PARTITION BY b) + c", ["c"]),
        ("list_transform(list(a), x -> x + y)", ["y"]),
        ('ROUND(SUM(a), "Ö")', ['"Ö"']),
    ],
)
def test_columns_outside_of_an_aggregate_are_pointed_at(text, columns):
    found = sorted(check_expression(text), key=lambda problem: problem.place.start)

    at = [p.place for p in found]
    assert [text[place.start : place.start + place.length] for place in at] == columns
    assert all("is outside of an aggregate" in problem.message for problem in found)


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("SUM(a), SUM(b)", "it has 2 columns", "SUM(a), SUM(b)"),
        ("SUM(a) FROM t", "it is a query, not an expression", "SUM(a) FROM t"),
        ("SUM(a) WHERE b", "it is a query, not an expression", "SUM(a) WHERE b"),
        ("SUM(a) ORDER BY 1", "it is a query, not an expression", "SUM(a) ORDER BY 1"),
        ("SUM(a) GROUP BY b", "it is a query, not an expression", "SUM(a) GROUP BY b"),
        ("SUM(a) LIMIT 1", "it is a query, not an expression", "SUM(a) LIMIT 1"),
        ("DISTINCT SUM(a)", "it is a query, not an expression", "DISTINCT SUM(a)"),
        ("1 UNION SELECT SUM(a)", "it is a query, not an expression", "1 UNION SELECT SUM(a)"),
        ("SUM(a) AS total", "it names its column", "SUM(a) AS total"),
        ("total: SUM(a)", "it names its column", "total: SUM(a)"),
        ("SUM(a); DROP TABLE t", "there are 2 statements", "DROP"),
        ("SUM(getenv('HOME'))", "the function getenv is not allowed here", "getenv('HOME'"),
        ("SUM((SELECT a FROM 'b.csv'))", "'b.csv' is a file, not a table", "'b.csv'"),
        ("SUM(?)", "a parameter has no value here", "?"),
        ("SUM(a))", "')' is unexpected here", ")"),
        ("SUM(a", "expected ) at the end", "a"),
        ("SUM('a", "' is opened and never closed", "'"),
        ("größe größe größe", "'größe' is unexpected here", "größe"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text, message, where):
    assert said(text) == [(message, where)]


@pytest.mark.parametrize("text", ["", " \n", "-- nothing"])
def test_nothing_is_no_expression(text):
    assert len(check_expression(text)) == 1


def functions(kind: str) -> list[str]:
    rows = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = ?", [kind]
    ).fetchall()
    return sorted(name for (name,) in rows)


def test_every_aggregate_of_duckdb_is_known():
    assert set(functions("aggregate")) <= AGGREGATES


def test_everything_that_is_taken_for_an_aggregate_is_one_of_duckdbs():
    macros = dict(
        duckdb.execute(
            "SELECT function_name, macro_definition FROM duckdb_functions()"
            " WHERE function_type = 'macro'"
        ).fetchall()
    )
    aggregates = set(functions("aggregate"))

    for name in AGGREGATES - aggregates:
        called = macros[name].replace('"', "").replace("(", " ").split()
        assert set(called) & (aggregates | AGGREGATES)


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_each_aggregate_is_recognized(name):
    assert any(not check_expression(f"{name}({arguments})") for arguments in ("a", "a, b", "a, 1"))


@pytest.mark.parametrize("name", functions("window"))
def test_a_window_function_aggregates_nothing(name):
    assert check_expression(f"{name}(a, 1) OVER (ORDER BY b)")


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("SUM(a)b+, '\"\n;-/*.ü")))
def test_every_place_is_within_the_text(text):
    for problem in check_expression(text):
        assert 0 <= problem.place.start <= problem.place.start + problem.place.length <= len(text)
