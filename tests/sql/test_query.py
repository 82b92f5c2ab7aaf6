from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.sql.gate import read_query
from agnes.sql.query import Place


def reads(sql: str) -> list[str]:
    return [read.name for read in read_query(sql).reads]


def shown(sql: str, where: Place) -> str:
    return sql[where.start : where.start + where.length]


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", []),
        ("SELECT a FROM t", ["t"]),
        ("FROM t", ["t"]),
        ("TABLE t", ["t"]),
        ("SELECT * FROM u, t JOIN s ON true", ["u", "t", "s"]),
        ("SELECT * FROM t, t AS x, T", ["t"]),
        ("SELECT * FROM Orders", ["Orders"]),
        ('SELECT * FROM "in.c-crm.company"', ["in.c-crm.company"]),
        ('SELECT * FROM main."order", "größe"', ["main.order", "größe"]),
        ("SELECT * FROM db.main.t", ["db.main.t"]),
        ("SELECT (SELECT max(a) FROM u) FROM t", ["u", "t"]),
        ("SELECT a FROM t WHERE EXISTS (FROM u) AND a IN (SELECT a FROM v)", ["t", "u", "v"]),
        ("SELECT a FROM t WHERE a > ALL (SELECT a FROM u) OR a = ANY (FROM v)", ["t", "u", "v"]),
        ("SELECT a FROM t HAVING sum(a) > (SELECT a FROM u)", ["t", "u"]),
        ("SELECT a FROM t ORDER BY (SELECT a FROM u) LIMIT (SELECT a FROM v)", ["t", "u", "v"]),
        ("SELECT a FROM t UNION SELECT a FROM u EXCEPT (SELECT a FROM v)", ["t", "u", "v"]),
        ("SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.a = t.a) x", ["t", "u"]),
        ("SELECT * FROM (t JOIN u USING (a))", ["t", "u"]),
        ("SELECT * FROM (SELECT * FROM (FROM t))", ["t"]),
        ("SELECT [x FOR x IN (SELECT list(a) FROM t)], {'a': (SELECT 1 FROM u)}", ["t", "u"]),
        ("SELECT * FROM range(3), unnest([1]), (VALUES (1)) v", []),
        ("SELECT * FROM t, unnest(t.l)", ["t"]),
        ("SELECT * FROM (PIVOT t ON a IN (1) USING sum(b))", ["t"]),
        ("SELECT * FROM t PIVOT (sum(a) FOR b IN ('x'))", ["t"]),
        ("SELECT * FROM t ASOF JOIN u USING (a) POSITIONAL JOIN v", ["t", "u", "v"]),
        ("SELECT t.a, 'FROM x' -- FROM y\n FROM t /* , z */", ["t"]),
    ],
)
def test_every_table_that_is_read_is_found_once_in_order(sql, tables):
    assert reads(sql) == tables


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("WITH c AS (SELECT 1) SELECT * FROM c", []),
        ("WITH c AS (FROM t) SELECT * FROM C, c AS d", ["t"]),
        ('WITH "C" AS (FROM t) SELECT * FROM c', ["t"]),
        ("WITH c AS (FROM c) FROM c", ["c"]),
        ("WITH c AS (FROM t), d AS (FROM c) FROM d", ["t"]),
        ("WITH d AS (FROM c), c AS (FROM t) FROM d, c", ["c", "t"]),
        ("WITH RECURSIVE c AS (SELECT 1 UNION ALL FROM c) FROM c", []),
        ("WITH RECURSIVE c AS ((SELECT 1 UNION SELECT 2 WHERE EXISTS (FROM c))) FROM c", []),
        ("WITH RECURSIVE c AS (FROM c UNION SELECT 1) FROM c", ["c"]),
        ("WITH RECURSIVE c AS (SELECT 1 EXCEPT FROM c) FROM c", ["c"]),
        ("WITH RECURSIVE d AS (FROM c), c AS (FROM c) FROM d, c", ["c"]),
        ("WITH c AS (FROM t) SELECT * FROM main.c", ["t", "main.c"]),
        ("WITH c AS (FROM t) SELECT (SELECT 1 FROM c) WHERE EXISTS (FROM c)", ["t"]),
        ("WITH c AS (FROM t) SELECT * FROM (SELECT * FROM (FROM c)), LATERAL (FROM c) l", ["t"]),
        ("WITH c AS (FROM t) SELECT 1 FROM c UNION SELECT 2 FROM c", ["t"]),
        ("SELECT * FROM (WITH c AS (FROM t) FROM c), c", ["t", "c"]),
        ("SELECT * FROM c, (WITH c AS (FROM t) FROM c)", ["c", "t"]),
        ("WITH c AS (WITH d AS (FROM t) FROM d) FROM c, d", ["t", "d"]),
        ("WITH c AS (WITH c AS (FROM c) FROM c) FROM c", ["c"]),
        ("WITH c AS (FROM t), d AS (WITH c AS (FROM c) FROM c) FROM d", ["t"]),
        ("WITH c AS (FROM t), d AS (WITH c AS (FROM u) FROM c) FROM c, d", ["t", "u"]),
        ("WITH c AS (PIVOT t ON a IN (1) USING sum(b)) FROM c", ["t"]),
        ("WITH c(x) AS (VALUES (1)) SELECT x FROM c", []),
        ("FROM (FROM t) c, c", ["t", "c"]),
    ],
)
def test_a_cte_is_no_table_where_it_is_visible(sql, tables):
    assert reads(sql) == tables


BLANKS = ["\n", "\t", "\r\n", " -- ä\n", " /* 😀 */ ", "\u00a0"]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "name",
    ["t", "größe", '"😀"', '"a ""b"" c"', "main.t", 'db . "in.c-x" . ü', '"in.c-crm.company"'],
)
def test_a_table_is_where_its_name_is(name, blank):
    sql = f"SELECT 'ö', $$😀$$,{blank}\"ß\" FROM{blank}{name} AS z JOIN{blank}u USING (a)"

    assert [shown(sql, read.place) for read in read_query(sql).reads] == [name, "u"]


NAMES = st.sampled_from(["t", "u", "v", "c", "d", "main.t", '"ü"'])
LEAVES = NAMES.map("SELECT 1 FROM {}".format)


def nested(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    cte = st.builds("{} AS ({})".format, st.sampled_from(["t", "c", "d"]), below)
    ctes = st.lists(cte, min_size=1, max_size=2, unique_by=lambda cte: cte[0]).map(", ".join)
    return st.one_of(
        st.builds("WITH {} {} SELECT 1 FROM {}".format, WITHS, ctes, NAMES),
        st.builds("WITH {} {} SELECT ({}) FROM ({}) x".format, WITHS, ctes, below, below),
        st.builds("SELECT 1 FROM ({}), {}".format, below, NAMES),
        st.builds("SELECT ({}) FROM {}".format, below, NAMES),
        st.builds("({}) UNION ({})".format, below, below),
        st.builds("SELECT 1 FROM {} JOIN ({}) ON EXISTS ({})".format, NAMES, below, below),
        st.builds("SELECT 1 FROM {}, LATERAL ({}) WHERE 1 IN ({})".format, NAMES, below, below),
    )


WITHS = st.sampled_from(["", "RECURSIVE"])
QUERIES = st.recursive(LEAVES, nested, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(QUERIES)
def test_duckdb_finds_no_table_that_was_not_found(sql):
    theirs = {name.casefold() for name in duckdb.get_table_names(sql)}

    ours = {name.casefold().rpartition(".")[2] for name in reads(sql)}
    assert theirs <= ours  # DuckDB leaves out what is only in a CTE that nothing reads


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT a, t.b, s.t.c FROM t", ["a", "b", "c"]),
        ('SELECT a AS x, b y, z: c, "D" FROM t', ["x", "y", "z", "D"]),
        ("SELECT (a), ((t.b)), (sum(c)) AS z FROM t", ["a", "b", "z"]),
        ("SELECT sum(a), a + 1, 'lit', 1, CASE WHEN a THEN b END, -c FROM t", [""] * 6),
        ("SELECT a::DATE, CAST(b AS INT), l[1], unnest(l), a.upper() FROM t", [""] * 5),
        ("SELECT sum(a) OVER w AS r FROM t WINDOW w AS ()", ["r"]),
        ("SELECT a, a FROM t", ["a", "a"]),
        ("FROM t SELECT a", ["a"]),
        ("(SELECT a FROM t)", ["a"]),
        ("SELECT a AS x FROM t UNION SELECT b AS y FROM u", ["x"]),
        ("((SELECT a FROM t)) EXCEPT SELECT b FROM u", ["a"]),
        ("SELECT a, b FROM t UNION BY NAME SELECT c, B FROM u", ["a", "b", "c"]),
        ("WITH c AS (SELECT x FROM t) SELECT y FROM c", ["y"]),
    ],
)
def test_the_outputs_are_named(sql, names):
    assert read_query(sql).outputs == names


@pytest.mark.parametrize(
    "sql",
    [
        *("SELECT * FROM t", "SELECT a, t.* FROM t", "FROM t", "TABLE t", "(FROM t)"),
        *("SELECT * EXCLUDE (a) FROM t", "SELECT COLUMNS('a') FROM t", "SELECT COLUMNS(*) FROM t"),
        *("FROM (PIVOT t ON a IN (1) USING sum(b))", "SELECT a FROM t UNION BY NAME FROM u"),
    ],
)
def test_outputs_behind_a_star_are_not_known(sql):
    assert read_query(sql).outputs is None


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT a, t.b, t.s.k, (a), "a" AS "Ä", x: b FROM t',
        "SELECT a AS x FROM t UNION SELECT b FROM t",
        "SELECT a, b FROM t UNION ALL BY NAME SELECT B, s FROM t",
        "FROM t SELECT s.k AS v, b",
    ],
)
def test_duckdb_calls_the_outputs_the_same(sql):
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (a INT, b INT, s STRUCT(k INT))")
        columns = [column[0] for column in connection.execute(sql).description]

    assert read_query(sql).outputs == columns


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT a, t.B, sum(c) AS d FROM t WHERE e ORDER BY f", {"a", "b", "c", "e", "f"}),
        ("SELECT 1 FROM t JOIN u USING (k) WHERE EXISTS (SELECT x FROM v)", {"k", "x"}),
        ("SELECT a.lower().trim(), s.b.upper() FROM t", {"a", "s", "b"}),
        ("SELECT list_transform(l, x -> x + y)", {"l", "y"}),
        ("SELECT count(*) FROM t", set()),
    ],
)
def test_the_columns_that_are_mentioned(sql, names):
    assert read_query(sql).columns == names


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT a FROM t", set()),
        ("SELECT a, sum(b) FROM t GROUP BY a", {"a"}),
        ("SELECT A, sum(b) FROM t GROUP BY t.a", {"a"}),
        ("SELECT a AS x, sum(b) FROM t GROUP BY a", {"a", "x"}),
        ("SELECT a AS x, sum(b) FROM t GROUP BY x", {"x"}),
        ("SELECT a AS x, sum(a) AS y FROM t GROUP BY a", {"a", "x"}),
        ("SELECT date_trunc('month', d) AS m FROM t GROUP BY date_trunc('month', d)", {"d", "m"}),
        ("SELECT a, round(b, 1) AS r FROM t GROUP BY round(b, 1)", {"b", "r"}),
        ("SELECT a, b AS x, sum(c) FROM t GROUP BY 1, 2", {"a", "x"}),
        ("SELECT a FROM t GROUP BY 0, 2, 99999999999999999999, -1, 1.5, 'a'", set()),
        (f"SELECT a FROM t GROUP BY {'9' * 5000}", set()),
        ("SELECT a, b AS x, sum(c) AS y FROM t GROUP BY ALL", {"a", "x"}),
        ("SELECT DISTINCT a, b AS x FROM t", {"a", "x"}),
        ("SELECT DISTINCT ON (a) a, b FROM t", {"a"}),
        ("SELECT a, b FROM t GROUP BY ROLLUP (a, 2)", {"a", "b"}),
        ("SELECT a, b FROM t GROUP BY CUBE (a, b)", {"a", "b"}),
        ("SELECT a, b, c FROM t GROUP BY GROUPING SETS ((a, 2), (c), ())", {"a", "b", "c"}),
        ("SELECT a, b FROM t GROUP BY (a, b)", {"a", "b"}),
        ("SELECT x FROM (SELECT a AS x FROM t GROUP BY a)", {"a", "x"}),
        ("WITH c AS (SELECT a FROM t GROUP BY a) SELECT b FROM c GROUP BY b", {"a", "b"}),
        ("SELECT a FROM t GROUP BY a UNION SELECT b FROM t GROUP BY b", {"a", "b"}),
        ("SELECT count(DISTINCT a), sum(b) OVER (PARTITION BY c) FROM t", set()),
    ],
)
def test_what_a_query_groups_by(sql, names):
    assert read_query(sql).grouped_by == names


@pytest.mark.parametrize(
    ("sql", "stars"),
    [
        ("SELECT a FROM t", []),
        ("SELECT * FROM t", ["*"]),
        ("SELECT\r\n\t'ä', t.* , b,\n* FROM t", ["t.*", "*"]),
        ('SELECT "ü".* FROM "ü"', ['"ü".*']),
        ("SELECT COUNT(*), SUM(a * b), COLUMNS(*), a * b FROM t", []),
        ("SELECT a FROM (SELECT * FROM t) WHERE EXISTS (SELECT * FROM u)", ["*", "*"]),
        ("FROM 😀", ["😀"]),
        ("TABLE größe", ["größe"]),
        ("FROM t SELECT a", []),
    ],
)
def test_stars_are_found(sql, stars):
    assert [shown(sql, where) for where in read_query(sql).stars] == stars


def test_a_star_with_exceptions_begins_with_the_star():
    sql = "SELECT * EXCLUDE (a) FROM t"

    assert shown(sql, read_query(sql).stars[0]).startswith("*")


@pytest.mark.parametrize(
    ("sql", "terms"),
    [
        ("SELECT a FROM t", []),
        ("SELECT a FROM t ORDER BY a ASC, b DESC", []),
        ("SELECT a FROM t ORDER BY 1, b DESC, ü NULLS LAST,\r\n t.c", ["1", "ü", "t.c"]),
        ("(SELECT a FROM t ORDER BY a)", ["a"]),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY a", ["a"]),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a)", []),
        ("SELECT sum(a) OVER (ORDER BY b), list(a ORDER BY b) FROM t", []),
    ],
)
def test_terms_without_a_direction_are_found(sql, terms):
    assert [shown(sql, where) for where in read_query(sql).directionless] == terms


@pytest.mark.parametrize(
    ("sql", "limit"),
    [
        ("SELECT a FROM t", None),
        ("SELECT 'ß' FROM t LIMIT 10", "10"),
        ("SELECT a FROM t\r\nLIMIT 10 OFFSET 5", "10"),
        ("SELECT a FROM t LIMIT 10%", "10"),
        ("SELECT a FROM t FETCH FIRST 7 ROWS ONLY", "7"),
        ("SELECT a FROM t UNION SELECT b FROM u LIMIT 3", "3"),
        ("((SELECT a FROM t LIMIT 3))", "3"),
        ("(SELECT a FROM t LIMIT 3) LIMIT 2", "2"),
        ("SELECT a FROM (SELECT a FROM t LIMIT 5) WHERE a IN (SELECT b FROM t LIMIT 6)", None),
        ("(SELECT a FROM t LIMIT 5) UNION (SELECT a FROM t LIMIT 6)", None),
        ("SELECT a FROM t OFFSET 5", None),
    ],
)
def test_a_limit_of_the_result_is_found(sql, limit):
    where = read_query(sql).limit

    assert (where and shown(sql, where)) == limit


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM a, b, c AS x", ["b", "c"]),
        ('SELECT * FROM a\r\nJOIN main."ü" JOIN c', ['main."ü"', "c"]),
        ("FROM a, b", ["b"]),
        ("FROM a, b SELECT 1 WHERE a.x = b.x", []),
        ("SELECT * FROM a JOIN b USING (x), c", ["c"]),
        ("SELECT * FROM a, b WHERE a.x = b.x", []),
        ("SELECT * FROM (SELECT * FROM a, b) WHERE x", ["b"]),
        ("SELECT * FROM (SELECT * FROM a, b WHERE a.x = b.x), c", ["c"]),
        ("SELECT * FROM a JOIN b ON true LEFT JOIN c USING (x)", []),
        ("SELECT * FROM a CROSS JOIN b NATURAL JOIN c POSITIONAL JOIN d", []),
        ("SELECT * FROM a SEMI JOIN b USING (x) ASOF JOIN c ON a.x >= c.x", []),
        ("SELECT * FROM a, unnest(a.l), LATERAL (SELECT a.x), range(3)", []),
    ],
)
def test_tables_that_are_joined_without_a_condition_are_found(sql, tables):
    assert [shown(sql, where) for where in read_query(sql).crossed] == tables
