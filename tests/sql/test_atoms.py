from __future__ import annotations

import pytest

from agnes.sql.atoms import atoms

BASE = """\
WITH paid AS (SELECT id, amount FROM orders WHERE status = 'paid' AND amount > 0)
SELECT month, SUM(p.amount) AS mrr
FROM paid AS p LEFT JOIN days AS d ON d.id = p.id
WHERE d.year > 2020
GROUP BY month ORDER BY month
"""


def new_since(old: str, new: str) -> list[tuple[str, str]]:
    """The clauses of `new` that `old` does not have."""
    now = atoms(new)
    before = set(atoms(old, now).items)
    return [(atom.label, atom.clause) for atom in now.items if atom not in before]


def test_every_clause_is_told_as_the_query_says_it():
    assert [(atom.label, atom.clause, atom.text) for atom in atoms(BASE).items] == [
        ("CTE paid", "column id", "id"),
        ("CTE paid", "column amount", "amount"),
        ("CTE paid", "source", "FROM orders"),
        ("CTE paid", "filter", "status = 'paid'"),
        ("CTE paid", "filter", "amount > 0"),
        ("", "column month", "month"),
        ("", "column mrr", "SUM(p.amount) AS mrr"),
        ("", "source", "FROM paid"),
        ("", "join", "LEFT JOIN days"),
        ("", "condition of the join with days", "d.id = p.id"),
        ("", "filter", "d.year > 2020"),
        ("", "grouping", "GROUP BY month"),
        ("", "order of rows", "ORDER BY month"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("paid", "settled"),
        ("AS p ", "AS q "),
        ("SELECT", "select"),
        ("status = 'paid' AND amount > 0", "amount > 0 AND (status = 'paid')"),
        ("\n", "\n  "),
    ],
)
def test_what_means_the_same_is_not_new(old, new):
    text = BASE.replace(old, new)
    if new == "settled":
        text = text.replace("'settled'", "'paid'")
    if new == "AS q ":
        text = text.replace("p.", "q.")
    assert new_since(BASE, text) == new_since(text, BASE) == []


@pytest.mark.parametrize(
    ("old", "new", "clause"),
    [
        ("amount > 0", "amount > 1", ("CTE paid", "filter")),
        ("d.year > 2020", "d.year > 2021", ("", "filter")),
        ("SUM(p.amount)", "AVG(p.amount)", ("", "column mrr")),
        ("LEFT JOIN", "JOIN", ("", "join")),
        ("d.id = p.id", "d.id = p.id AND d.open", ("", "condition of the join with days")),
        ("ORDER BY month", "ORDER BY month DESC", ("", "order of rows")),
        ("FROM orders", "FROM bookings", ("CTE paid", "source")),
    ],
)
def test_one_change_is_one_new_clause(old, new, clause):
    assert new_since(BASE, BASE.replace(old, new)) == [clause]


def test_a_cte_that_comes_before_the_others_leaves_them_alone():
    more = BASE.replace("WITH paid", "WITH days AS (SELECT id, year FROM calendar), paid")
    assert {label for label, _ in new_since(BASE, more)} == {"CTE days", ""}
    assert ("", "column mrr") not in new_since(BASE, more)


def test_a_cte_never_passes_for_the_table_of_its_name():
    new = "WITH orders AS (SELECT 1 AS a) SELECT a FROM orders"
    assert ("", "source") in new_since("SELECT a FROM orders", new)


def test_renamed_ctes_are_followed_through_several_versions():
    versions = [BASE]
    for name in ("settled", "done", "final"):
        last = versions[-1].replace("'paid'", "'PAID'")
        for old in ("paid", "settled", "done"):
            last = last.replace(f"WITH {old} ", f"WITH {name} ").replace(
                f"FROM {old} ", f"FROM {name} "
            )
        versions.append(last.replace("'PAID'", "'paid'"))
    later = newest = atoms(versions[-1])
    for sql in reversed(versions[:-1]):
        later = atoms(sql, later)
        assert set(later.items) == set(newest.items)


def test_the_alias_of_a_subquery_is_only_a_name():
    old = "SELECT s.a FROM (SELECT a FROM t WHERE a > 1) AS s"
    assert new_since(old, old.replace("s.", "x.").replace("AS s", "AS x")) == []
    assert new_since(old, old.replace("a > 1", "a > 2")) == [("subquery s", "filter")]


def test_a_union_around_it_leaves_a_query_as_it_was():
    alone = "SELECT a FROM t WHERE a > 1"
    union = f"{alone} UNION ALL SELECT b FROM u"
    assert new_since(alone, union) == [
        ("", "set operation"),
        ("part 2 of the query", "column b"),
        ("part 2 of the query", "source"),
    ]
    assert new_since(union, alone) == []


def test_an_aggregate_without_groups_gives_one_row():
    new = new_since("SELECT SUM(a) AS s FROM t GROUP BY b", "SELECT SUM(a) AS s FROM t")
    assert new == [("", "grouping")]


def test_two_names_never_become_one():
    newest = atoms("WITH b AS (SELECT 1 AS x) SELECT x FROM b")
    later = atoms("WITH a AS (SELECT 1 AS x) SELECT x FROM a", newest)
    both = atoms("WITH a AS (SELECT 1 AS x), b AS (SELECT 2 AS x) SELECT x FROM a", later)
    assert sorted(both.ctes.values()) == ["(b)", "(b) (2)"]


def test_equal_terms_are_counted():
    old = "SELECT 1 AS a, 2 AS b FROM t JOIN t AS u ON TRUE"
    new = f"{old} JOIN t AS v ON TRUE"
    assert ("", "join") in new_since(old, new)


def test_a_text_that_is_no_query_is_one_clause():
    assert [atom.clause for atom in atoms("DROP TABLE t").items] == ["text"]
    assert new_since("DROP TABLE t", " DROP TABLE t\n") == []
