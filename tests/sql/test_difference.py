"""Two queries, and what is said of their difference."""
# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.load.document import read_document
from agnes.model.layout import Slot
from agnes.model.metric import Metric
from agnes.sql.canonical import same_meaning
from agnes.sql.difference import Difference, differences
from tests.conftest import FUZZ

BASE = "SELECT DATE_TRUNC('month', o.day) AS month, SUM(o.amount) AS mrr FROM orders o WHERE o.status = 'paid' GROUP BY 1 ORDER BY 1"
JOIN = "SELECT a.x AS x, SUM(b.y) AS y FROM a JOIN b ON a.i = b.i AND b.live GROUP BY a.x"
LOGIC, ADDED, GONE = "logic", "output added", "output gone"
OF_BASE = [  # what is replaced, by what, and what is said
    ("'paid'", "'paid' AND NOT o.test", (LOGIC, "filter added", None, "NOT o.test")),
    ("'paid'", "'open'", (LOGIC, "filter altered", "o.status = 'paid'", "o.status = 'open'")),
    ("WHERE o.status = 'paid' ", "", (LOGIC, "filter removed", "o.status = 'paid'", None)),
    (
        "orders o",
        "orders o JOIN plans p ON p.id = o.plan_id",
        (LOGIC, "join added", None, "JOIN plans p ON p.id = o.plan_id"),
    ),
    (
        "SUM(o.amount)",
        "AVG(o.amount)",
        (LOGIC, "aggregate changed in mrr", "SUM(o.amount)", "AVG(o.amount)"),
    ),
    (
        "SUM(o.amount)",
        "SUM(DISTINCT o.amount)",
        (LOGIC, "aggregate changed in mrr", "SUM(o.amount)", "SUM(DISTINCT o.amount)"),
    ),
    (
        "SUM(o.amount)",
        "SUM(o.amount) FILTER (WHERE o.x)",
        (LOGIC, "aggregate changed in mrr", "SUM(o.amount)", "SUM(o.amount) FILTER (WHERE o.x)"),
    ),
    (
        "SUM(o.amount)",
        "SUM(o.net)",
        (LOGIC, "source column changed in mrr", "SUM(o.amount)", "SUM(o.net)"),
    ),
    (
        "SUM(o.amount)",
        "SUM(o.amount) / 100",
        (LOGIC, "calculation changed in mrr", "SUM(o.amount)", "SUM(o.amount) / 100"),
    ),
    (
        "SUM(o.amount)",
        "SUM(SUM(o.amount)) OVER ()",
        (LOGIC, "window changed in mrr", "SUM(o.amount)", "SUM(SUM(o.amount)) OVER ()"),
    ),
    (
        "'month'",
        "'week'",
        (
            LOGIC,
            "calculation changed in month",
            "DATE_TRUNC('month', o.day)",
            "DATE_TRUNC('week', o.day)",
        ),
    ),
    ("orders o", "invoices o", (LOGIC, "source table changed", "orders o", "invoices o")),
    (
        "GROUP BY 1",
        "GROUP BY 1, o.plan",
        (LOGIC, "grouping changed", "GROUP BY 1", "GROUP BY 1, o.plan"),
    ),
    ("ORDER BY 1", "ORDER BY 1 LIMIT 5", (LOGIC, "LIMIT added", None, "LIMIT 5")),
    ("ORDER BY 1", "ORDER BY 1 OFFSET 5", (LOGIC, "OFFSET added", None, "OFFSET 5")),
    (
        "ORDER BY 1",
        "ORDER BY 1 DESC",
        (LOGIC, "order of rows changed", "ORDER BY 1", "ORDER BY 1 DESC"),
    ),
    (" ORDER BY 1", "", (LOGIC, "order of rows removed", "ORDER BY 1", None)),
    (
        "SELECT DATE",
        "SELECT DISTINCT DATE",
        (LOGIC, "DISTINCT added", None, "SELECT DISTINCT month, mrr"),
    ),
    (
        " ORDER",
        " HAVING SUM(o.amount) > 0 ORDER",
        (LOGIC, "filter on groups added", None, "SUM(o.amount) > 0"),
    ),
    ("AS mrr", "AS revenue", (GONE, "output column renamed", "mrr", "revenue")),
    (", SUM(o.amount) AS mrr", "", (GONE, "output column removed", "SUM(o.amount) AS mrr", None)),
    (
        "SUM(o.amount)",
        "CAST(SUM(o.amount) AS INT)",
        (GONE, "output column mrr retyped", "SUM(o.amount)", "CAST(SUM(o.amount) AS INT)"),
    ),
    ("AS mrr", "AS mrr, COUNT(*) AS n", (ADDED, "output column added", None, "COUNT(*) AS n")),
    ("AS mrr", "AS mrr, o.plan", (ADDED, "output column added", None, "o.plan")),
]
PAIRS = [  # old, new, and what is said, each with its kind
    (JOIN, JOIN.replace("JOIN", "LEFT JOIN"), [(LOGIC, "join kind changed for b")]),
    (JOIN, JOIN.replace("JOIN", "ASOF JOIN"), [(LOGIC, "join kind changed for b")]),
    (JOIN, JOIN.replace(" AND b.live", ""), [(LOGIC, "condition of the join with b removed")]),
    (JOIN, JOIN.replace("b.live", "b.dead"), [(LOGIC, "condition of the join with b altered")]),
    (JOIN, JOIN.replace("JOIN b", "JOIN c b"), [(LOGIC, "source table changed")]),
    (JOIN, JOIN.replace("FROM a JOIN b", "FROM b a JOIN a b"), [(LOGIC, "order of joins changed")]),
    (
        JOIN,
        "SELECT a.x AS x, SUM(a.y) AS y FROM a GROUP BY a.x",
        [(LOGIC, "join removed"), (LOGIC, "source column changed in y")],
    ),
    ("SELECT x FROM a, b", "SELECT x FROM b", [(LOGIC, "source removed")]),
    (
        "SELECT x FROM t WHERE d >= '20' AND d < '21'",
        "SELECT x FROM t WHERE d >= '21' AND d < '22'",
        [(LOGIC, "filter altered"), (LOGIC, "filter altered")],
    ),
    (
        "SELECT x FROM t WHERE a OR b",
        "SELECT x FROM t WHERE a AND b",
        [(LOGIC, "filter removed"), (LOGIC, "filter added"), (LOGIC, "filter added")],
    ),
    # A new column that makes other rows is no addition alone.
    (
        "SELECT m, SUM(x) AS s FROM t GROUP BY ALL",
        "SELECT m, p, SUM(x) AS s FROM t GROUP BY ALL",
        [(ADDED, "output column added"), (LOGIC, "grouping changed")],
    ),
    (
        "SELECT m, p, SUM(x) AS s FROM t GROUP BY 1, 2",
        "SELECT p, m, SUM(x) AS s, n FROM t GROUP BY 1, 4",
        [
            (ADDED, "output column added"),
            (LOGIC, "order of the columns changed"),
            (LOGIC, "grouping changed"),
        ],
    ),
    (
        "SELECT DISTINCT m FROM t",
        "SELECT DISTINCT m, p FROM t",
        [(ADDED, "output column added"), (LOGIC, "DISTINCT changed")],
    ),
    ("SELECT m FROM t", "SELECT m, UNNEST(l) AS u FROM t", [(LOGIC, "output column added")]),
    (
        "SELECT 1 AS x FROM t",
        "SELECT 1 AS x, COUNT(*) AS n FROM t",
        [(ADDED, "output column added"), (LOGIC, "grouping changed")],
    ),
    (
        "SELECT a FROM t",
        "SELECT a, (SELECT MAX(b) FROM u) AS m FROM t",
        [(ADDED, "output column added")],
    ),
    (
        "SELECT a FROM t",
        "SELECT a, SUM(x) FILTER (WHERE y) OVER () AS m FROM t",
        [(ADDED, "output column added")],
    ),
    (
        "SELECT a, b FROM t ORDER BY 2",
        "SELECT a, c, b FROM t ORDER BY 2",
        [(ADDED, "output column added"), (LOGIC, "order of rows changed")],
    ),
    (
        "SELECT a, b FROM t ORDER BY 2",
        "SELECT a, c, b FROM t ORDER BY 3",
        [(ADDED, "output column added")],
    ),
    (
        "SELECT SUM(x) AS s FROM t GROUP BY p ORDER BY s",
        "SELECT SUM(x) AS r FROM t GROUP BY p ORDER BY r",
        [(GONE, "output column renamed")],
    ),
    ("SELECT a, b FROM t", "SELECT b, a FROM t", [(LOGIC, "order of the columns changed")]),
    (
        "SELECT a AS x, b AS y FROM t",
        "SELECT b AS x, a AS y FROM t",
        [(LOGIC, "source column changed in x"), (LOGIC, "source column changed in y")],
    ),
    (
        "SELECT a FROM t",
        "SELECT b FROM t",
        [(GONE, "output column removed"), (ADDED, "output column added")],
    ),
    (
        "SELECT * FROM t",
        "SELECT * EXCLUDE (a) FROM t",
        [(GONE, "output column removed"), (ADDED, "output column added")],
    ),
    # CTEs and subqueries.
    (
        "SELECT a FROM t",
        "WITH c AS (SELECT a FROM t) SELECT a FROM c",
        [(LOGIC, "CTE c added"), (LOGIC, "source table changed")],
    ),
    (
        "WITH c AS (SELECT a FROM t) SELECT a FROM c",
        "WITH d AS (SELECT a FROM t WHERE z) SELECT a FROM d",
        [(LOGIC, "filter added in CTE d")],
    ),
    (
        "WITH c AS (SELECT a FROM t) SELECT a FROM c",
        "WITH c AS (SELECT a, b FROM t) SELECT a FROM c",
        [(LOGIC, "column added in CTE c")],
    ),
    (
        "WITH c AS (SELECT a FROM t) SELECT a FROM c",
        "WITH c AS MATERIALIZED (SELECT a FROM t) SELECT a FROM c",
        [(LOGIC, "the query changed")],
    ),
    (
        "SELECT s.a FROM (SELECT a FROM t) s",
        "SELECT s.a FROM (SELECT a FROM t WHERE b) s",
        [(LOGIC, "filter added in subquery s")],
    ),
    (
        "SELECT a FROM (SELECT a FROM t)",
        "SELECT a FROM (SELECT a FROM u)",
        [(LOGIC, "source table changed in a subquery of the query")],
    ),
    (
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.i = t.i)",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.j = t.i)",
        [(LOGIC, "filter altered")],
    ),
    (
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT n FROM r",
        [(LOGIC, "filter altered in part 2 of CTE r")],
    ),
    # UNION and the like.
    (
        "SELECT a FROM t",
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        [(LOGIC, "set operation added"), (LOGIC, "part 2 of the query added")],
    ),
    (
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        "SELECT a FROM t",
        [(LOGIC, "set operation removed"), (LOGIC, "part 2 of the query removed")],
    ),
    (
        "SELECT a FROM t UNION ALL SELECT a FROM u",
        "SELECT a FROM t UNION SELECT a FROM u",
        [(LOGIC, "set operation changed")],
    ),
    (
        "SELECT a FROM t EXCEPT SELECT a FROM u",
        "SELECT a FROM t INTERSECT SELECT a FROM u",
        [(LOGIC, "set operation changed")],
    ),
    (
        "SELECT a FROM t UNION SELECT a FROM u LIMIT 3",
        "SELECT a FROM t UNION SELECT a FROM u LIMIT 4",
        [(LOGIC, "LIMIT changed")],
    ),
    (
        "SELECT a FROM t EXCEPT (SELECT a FROM u UNION SELECT a FROM v)",
        "SELECT a FROM t EXCEPT (SELECT a FROM u UNION SELECT a FROM w)",
        [(LOGIC, "source table changed in part 2 of part 2 of the query")],
    ),
    # What is done to a table before it is read.
    (
        "SELECT * FROM t TABLESAMPLE 10%",
        "SELECT * FROM t TABLESAMPLE 20%",
        [(LOGIC, "source t changed")],
    ),
    (
        "SELECT * FROM t PIVOT (SUM(x) FOR y IN ('a'))",
        "SELECT * FROM t PIVOT (SUM(x) FOR y IN ('b'))",
        [(LOGIC, "source t changed")],
    ),
    (
        "SELECT a FROM t USING SAMPLE 10",
        "SELECT a FROM t USING SAMPLE 20",
        [(LOGIC, "sampling changed")],
    ),
    (
        "SELECT a FROM range(3) r(a)",
        "SELECT a FROM range(4) r(a)",
        [(LOGIC, "source table changed")],
    ),
    # Windows and the rest.
    (
        "SELECT SUM(a) OVER w AS s FROM t WINDOW w AS (PARTITION BY b)",
        "SELECT SUM(a) OVER w AS s FROM t WINDOW w AS (PARTITION BY c)",
        [(LOGIC, "named window changed")],
    ),
    (
        "SELECT SUM(a) OVER (PARTITION BY b) AS s FROM t",
        "SELECT SUM(a) OVER (PARTITION BY c) AS s FROM t",
        [(LOGIC, "window changed in s")],
    ),
    (
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY c) = 1",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY d) = 1",
        [(LOGIC, "filter on windows altered")],
    ),
    (
        "SELECT DISTINCT ON (a) a, b FROM t",
        "SELECT DISTINCT ON (b) a, b FROM t",
        [(LOGIC, "DISTINCT changed")],
    ),
    (
        "SELECT a, SUM(b) AS s FROM t GROUP BY ROLLUP (a)",
        "SELECT a, SUM(b) AS s FROM t GROUP BY CUBE (a)",
        [(LOGIC, "grouping changed")],
    ),
    (
        "SELECT SUM(a) AS s FROM t",
        "SELECT SUM(a) AS s FROM t GROUP BY b",
        [(LOGIC, "grouping added")],
    ),
    (
        "SELECT a AS x, b AS x FROM t",
        "SELECT a AS x, c AS x FROM t",
        [(LOGIC, "the query changed")],
    ),
    (
        "SELECT a FROM t",
        "SELECT a FROM",
        [(LOGIC, "compared as text: the new query cannot be read as SQL")],
    ),
    (
        "SELECT a FROM",
        "SELECT a FROM t",
        [(LOGIC, "compared as text: the old query cannot be read as SQL")],
    ),
    (
        "DELETE FROM t",
        "SELECT a FROM read_csv('x')",
        [(LOGIC, "compared as text: the old and the new query cannot be read as SQL")],
    ),
]
WRITING = [
    (BASE, BASE.lower().replace("'month'", "'month'")),
    (BASE, BASE.replace(" ", "\n  ")),
    (BASE, f"{BASE};"),
    (BASE, f"-- Revenue\n{BASE} /* of the month */"),
    (BASE, BASE.replace("o.", "orders.").replace("orders o", "orders")),
    (BASE, BASE.replace("o.status", '"o"."status"')),
    (JOIN, JOIN.replace("a.i = b.i AND b.live", "b.live AND (a.i = b.i)")),
    (JOIN, JOIN.replace("JOIN", "INNER JOIN").replace("FROM a", "FROM a AS a")),
]  # fmt: skip


def told(found: list[Difference]) -> list[tuple[str, str]]:
    return [(it.kind, it.what) for it in found]


@pytest.mark.parametrize(("old", "new", "said"), OF_BASE)
def test_what_moved_is_said_with_both_fragments_as_they_are_written(old, new, said) -> None:
    assert BASE.count(old) == 1
    [found] = differences(BASE, BASE.replace(old, new))
    assert (found.kind, found.what, found.old, found.new) == said


@pytest.mark.parametrize(("old", "new", "said"), PAIRS)
def test_everything_that_moved_is_said(old: str, new: str, said) -> None:
    assert sorted(told(differences(old, new))) == sorted(said)


@pytest.mark.parametrize(("old", "new", "_said"), PAIRS)
def test_the_way_back_is_as_grave(old: str, new: str, _said) -> None:
    def is_grave(found: list[Difference]) -> bool:
        return any(it.kind == LOGIC for it in found)

    there, back = differences(old, new), differences(new, old)
    assert bool(there) == bool(back)
    if is_grave(there) != is_grave(back):  # nothing but outputs comes or goes
        assert {it.kind for it in there + back} <= {LOGIC, ADDED, GONE}
        assert "UNNEST" in new
    assert {ADDED: GONE, GONE: ADDED}.keys() >= {it.kind for it in there + back} - {LOGIC}


@pytest.mark.parametrize(("old", "new"), WRITING)
def test_what_is_only_written_differently_is_writing(old: str, new: str) -> None:
    assert told(differences(old, new)) == [("writing", "written differently, the same query")]


def test_the_same_text_differs_in_nothing() -> None:
    for sql in (BASE, "", "SELECT (", "no sql"):
        assert differences(sql, sql) == []


def test_blank_space_around_is_writing_even_of_what_is_no_query() -> None:
    assert told(differences("SELECT (", " SELECT (\n")) == [("writing", "blank space")]


def test_the_order_of_what_is_said_follows_the_query() -> None:
    old = "SELECT " + ", ".join(f"a{at} AS x{at}" for at in range(20)) + " FROM t"
    found = differences(old, old.replace("a", "b"))
    assert [it.what for it in found] == [f"source column changed in x{at}" for at in range(20)]


PACK = Path(__file__).parents[2] / "catalog_repo" / "metrics"
QUERIES = [
    sql
    for path in sorted(PACK.glob("*/*.yml"))
    for metric in [read_document(Slot("", "metric", f"{path.parent.name}/{path.stem}"), path.read_bytes()).value]
    if isinstance(metric, Metric)
    for sql in (metric.sql, *metric.sql_variants.values())
]  # fmt: skip
WORDS = "SELECT FROM WHERE AND OR NOT ( ) , . * = <> 1 'x' a b t u JOIN LEFT ON USING GROUP BY ORDER LIMIT DISTINCT SUM COUNT UNION ALL WITH AS CASE WHEN THEN END OVER NULL IS IN :: - + / \" ' -- ; FILTER HAVING QUALIFY EXCEPT".split()


@settings(max_examples=max(10, FUZZ // 20), deadline=None)
@given(st.sampled_from(QUERIES), st.integers(0, 2**32).map(random.Random))
def test_no_change_of_a_query_is_an_exception_or_goes_unsaid(sql: str, dice: random.Random) -> None:
    words = sql.split()
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(words))
        match dice.randrange(4):
            case 0:
                words[at] = dice.choice(WORDS)
            case 1:
                words.insert(at, dice.choice(WORDS))
            case 2 if len(words) > 1:
                del words[at]
            case _:
                other = dice.randrange(len(words))
                words[at], words[other] = words[other], words[at]
    new = " ".join(words)
    found = differences(sql, new)
    assert bool(found) == (sql != new)
    if not same_meaning(sql, new):
        assert "writing" not in {it.kind for it in found}
    back = differences(new, sql)
    assert ("writing" in {it.kind for it in found}) == ("writing" in {it.kind for it in back})


@settings(max_examples=max(10, FUZZ // 20), deadline=None)
@given(st.sampled_from(QUERIES), st.sampled_from(QUERIES))
def test_any_two_queries_are_compared(one: str, other: str) -> None:
    found = differences(one, other)
    assert bool(found) == (one != other)
    for it in found:
        assert it.what
        assert it.old != it.new or it.kind == "writing"


@settings(max_examples=max(10, FUZZ // 20), deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_texts_that_are_no_sql_are_compared_too(one: str, other: str) -> None:
    assert bool(differences(one, other)) == (one != other)
    assert differences(f"SELECT {one}", f"SELECT {other}") or one == other
