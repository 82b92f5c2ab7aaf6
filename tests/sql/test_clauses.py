from __future__ import annotations

import pytest

from agnes.sql.canonical import canonical_tree, read
from agnes.sql.clauses import Part, take_apart
from agnes.sql.fragment import Fragments


def parts(sql: str) -> dict[str, Part]:
    query = read(sql)
    ctes = {name: name for name in ("c", "d", "r")}
    return take_apart(canonical_tree(query, ctes), Fragments(query))


def test_a_select_is_taken_apart_into_its_clauses() -> None:
    sql = """SELECT a AS x, SUM(b) FROM t LEFT JOIN u ON t.i = u.i AND u.live
             WHERE a > 1 AND NOT c GROUP BY a HAVING SUM(b) > 0 ORDER BY 1 LIMIT 3"""
    [part] = parts(sql).values()
    assert [(it.name, it.join, it.said) for it in part.sources] == [
        ("t", None, "t"),
        ("u", "LEFT JOIN", "LEFT JOIN u ON t.i = u.i AND u.live"),
    ]
    assert {it.said for it in part.sources[1].on} == {"t.i = u.i", "u.live"}
    assert {it.said for it in part.filters["filter"]} == {"a > 1", "NOT c"}
    assert [it.said for it in part.filters["filter on groups"]] == ["SUM(b) > 0"]
    assert {name: it.said for name, it in part.outputs.items()} == {"x": "a", "#2": "SUM(b)"}
    assert {name: it.said for name, it in part.others.items()} == {
        "grouping": "GROUP BY a",
        "order of rows": "ORDER BY 1",
        "LIMIT": "LIMIT 3",
    }


@pytest.mark.parametrize(
    ("sql", "labels"),
    [
        ("SELECT 1", [""]),
        ("(SELECT 1)", [""]),
        ("WITH c AS (SELECT 1) SELECT * FROM c", ["CTE c", ""]),
        ("SELECT * FROM (SELECT 1) s", ["", "subquery s"]),
        ("SELECT * FROM (SELECT 1)", ["", "a subquery of the query"]),
        (
            "SELECT * FROM (SELECT 1), (SELECT 2)",
            ["", "a subquery of the query", "a subquery of the query (2)"],
        ),
        (
            "SELECT 1 UNION SELECT 2 UNION ALL SELECT 3",
            ["", "part 1 of the query", "part 2 of the query", "part 3 of the query"],
        ),
        (
            "WITH c AS (SELECT 1 EXCEPT SELECT 2) SELECT * FROM c",
            ["", "CTE c", "part 1 of CTE c", "part 2 of CTE c"],
        ),
        (
            "(SELECT a FROM t ORDER BY 1 LIMIT 1) UNION SELECT 2",
            ["", "part 1 of the query", "part 2 of the query"],
        ),
    ],
)
def test_each_select_has_a_label_that_says_where_it_is(sql: str, labels: list[str]) -> None:
    assert sorted(parts(sql)) == sorted(labels)


def test_columns_that_are_named_by_place_or_alias_are_what_they_stand_for() -> None:
    keys = {
        parts(f"SELECT a + 1 AS x, b FROM t ORDER BY {order}")[""].others["order of rows"].key
        for order in ("1", "x")
    }
    assert len(keys) == 1


FRAGMENTS = [
    "a",
    "a::DATE",
    "IFNULL(a, 0)",
    "COUNT(*)",
    "COUNT(DISTINCT a)",
    "(a + b) * c",
    "a IS NOT NULL",
    "NOT EXISTS (SELECT 1 FROM u WHERE u.i = t.i)",
    "a NOT IN (1, 2)",
    "a BETWEEN 1 AND 2",
    "CASE WHEN a AND b THEN 1 ELSE 0 END",
    "SUM(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d)",
    "SUM(a) OVER ()",
    "a LIKE '%  x(%'",
    "DATE '2020-01-01'",
    "a - INTERVAL 30 DAY",
    "a -> '$.b'",
    "[1, 2][1]",
    "{'a': b}",
    "-a",
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_fragment_is_what_the_author_wrote(fragment: str) -> None:
    said = parts(f"SELECT  {fragment}  AS x, z FROM t")[""].outputs["x"].said
    assert said == fragment


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_filter_is_what_the_author_wrote(fragment: str) -> None:
    [term] = parts(f"SELECT z FROM t WHERE {fragment} GROUP BY z")[""].filters["filter"]
    assert term.said in (fragment, fragment.removeprefix("(").removesuffix(")"))


def test_a_fragment_is_one_line_without_comments() -> None:
    part = parts("SELECT SUM( -- all\n  a /* of */ +\n  b) AS x FROM t")[""]
    assert part.outputs["x"].said == "SUM( a + b)"


def test_what_is_said_of_nothing_is_generated() -> None:
    assert parts("SELECT NULL AS x, TRUE AS y FROM t")[""].outputs["x"].said == "NULL"


@pytest.mark.parametrize(
    ("sql", "is_one_row"),
    [
        ("SELECT SUM(a) AS s FROM t", True),
        ("SELECT favg(a) AS s FROM t", True),
        ("SELECT 1 AS s FROM t HAVING COUNT(*) > 1", True),
        ("SELECT SUM(a) AS s FROM t GROUP BY b", False),
        ("SELECT SUM(a) OVER () AS s FROM t", False),
        ("SELECT SUM(a) FILTER (WHERE b) OVER () AS s FROM t", False),
        ("SELECT (SELECT SUM(a) FROM u) AS s FROM t", False),
        ("SELECT row_number() OVER () AS s FROM t", False),
    ],
)
def test_aggregates_without_grouping_make_one_row(sql: str, is_one_row: bool) -> None:
    assert parts(sql)[""].is_one_row is is_one_row
