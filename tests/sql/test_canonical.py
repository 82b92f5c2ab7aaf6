import pytest

from agnes.sql.canonical import canonical, canonical_expression, same_meaning

SAME = [
    ("select sum(a) from Orders", "SELECT SUM(A)\n  FROM orders -- all of them"),
    ("SELECT o.a FROM orders o", "SELECT x.a FROM orders AS x"),
    ("SELECT orders.a FROM orders", "SELECT x.a FROM orders AS x"),
    ("WITH m AS (SELECT a FROM t) SELECT a FROM m", "WITH n AS (SELECT a FROM t) SELECT a FROM n"),
    ("SELECT a FROM t WHERE b AND c AND d", "SELECT a FROM t WHERE (d AND b) AND c"),
    ("SELECT a FROM t WHERE a OR (b AND c)", "SELECT a FROM t WHERE c AND b OR a"),
    ("SELECT (a * b) + c FROM t", "SELECT a * b + c FROM t"),
    ("SELECT a FROM t WHERE a != 1", "SELECT a FROM t WHERE a <> 1"),
    ('SELECT "a" FROM "t"', "SELECT A FROM T"),
    ("SELECT a FROM t JOIN u USING (a)", "SELECT a FROM t INNER JOIN u USING (a)"),
    ("SELECT a FROM t LEFT JOIN u USING (a)", "SELECT a FROM t LEFT OUTER JOIN u USING (a)"),
    ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a ASC"),
    ("SELECT a::INT FROM t", "SELECT CAST(a AS INTEGER) FROM t"),
    ("SELECT a FROM t", "(SELECT a FROM t);"),
    (
        "SELECT a FROM t o WHERE EXISTS (SELECT 1 FROM u p WHERE p.i = o.i)",
        "SELECT a FROM t x WHERE EXISTS (SELECT 1 FROM u y WHERE y.i = x.i)",
    ),
]
DIFFERENT = [
    ("SELECT a * (b + c) FROM t", "SELECT a * b + c FROM t"),
    ("SELECT a - (b - c) FROM t", "SELECT a - b - c FROM t"),
    ("SELECT a FROM t WHERE (a OR b) AND c", "SELECT a FROM t WHERE a OR b AND c"),
    ("SELECT a FROM t WHERE NOT (a AND b)", "SELECT a FROM t WHERE NOT a AND b"),
    ("SELECT a FROM t LEFT JOIN u USING (a)", "SELECT a FROM t JOIN u USING (a)"),
    ("SELECT a / b FROM t", "SELECT a // b FROM t"),
    ("SELECT a FROM t UNION SELECT a FROM u", "SELECT a FROM t UNION ALL SELECT a FROM u"),
    ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a DESC"),
    ("SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a NULLS FIRST"),
    ("SELECT 'A' FROM t", "SELECT 'a' FROM t"),
    ("SELECT COUNT(a) FROM t", "SELECT COUNT(DISTINCT a) FROM t"),
    ("SELECT a FROM t", "SELECT DISTINCT a FROM t"),
    ('SELECT a AS "MRR" FROM t', "SELECT a AS mrr FROM t"),
    # The row of the table in one, a column in the other.
    ("SELECT o FROM orders o", "SELECT o FROM orders p"),
    # Which of two tables is asked.
    (
        "SELECT a FROM t o WHERE EXISTS (SELECT 1 FROM t p WHERE p.i = p.j)",
        "SELECT a FROM t o WHERE EXISTS (SELECT 1 FROM t p WHERE p.i = o.j)",
    ),
    ("SELECT x.a FROM t x JOIN t y ON x.i = y.j", "SELECT y.a FROM t x JOIN t y ON x.i = y.j"),
    (
        "WITH a AS (SELECT 1 AS n), b AS (SELECT 2 AS n) SELECT n FROM a",
        "WITH a AS (SELECT 1 AS n), b AS (SELECT 2 AS n) SELECT n FROM b",
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_differs_in_writing_alone_is_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) is not None
    assert same_meaning(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_in_meaning_is_not_the_same(one: str, other: str) -> None:
    assert not same_meaning(one, other)


def test_texts_that_are_no_queries_are_compared_as_texts() -> None:
    assert canonical("SELECT FROM WHERE") is None
    assert same_meaning("SELECT FROM WHERE", "SELECT FROM WHERE\n")
    assert not same_meaning("SELECT FROM WHERE", "SELECT FROM  WHERE")


def test_a_query_that_nests_deeply_is_compared_as_text() -> None:
    deep = "SELECT " + "(" * 5_000 + "a" + ")" * 5_000 + " FROM t"
    assert canonical(deep) is None


def test_a_long_chain_of_terms_is_read() -> None:
    terms = [f"a <> {number}" for number in range(1_000)]
    one, other = (" AND ".join(some) for some in (terms, reversed(terms)))
    assert same_meaning(f"SELECT a FROM t WHERE {one}", f"SELECT a FROM t WHERE {other}")


def test_expressions_have_a_canonical_form_too() -> None:
    assert canonical_expression("sum( amount )") == canonical_expression("SUM(Amount)")
    assert canonical_expression("SUM(") is None
