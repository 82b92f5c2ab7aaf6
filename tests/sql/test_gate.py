from __future__ import annotations

import json
import re
import time

import duckdb
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from agnes.sandbox.child.statement import _is_among, _nodes
from agnes.sql.gate import MAX_CHARACTERS, MAX_COLUMNS, MAX_TOKENS, read_query
from agnes.sql.names import SYSTEM_TABLES, is_file_name
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Place
from tests.conftest import FUZZ


def refusal(sql: str) -> RefusedSqlError | None:
    try:
        read_query(sql)
    except RefusedSqlError as refused:
        return refused
    return None


def problems(sql: str) -> list[tuple[str, str, str]]:
    """Every problem: its kind, its message, and the characters that it is about."""
    refused = refusal(sql)
    return [
        (p.kind, p.message, sql[p.place.start : p.place.start + p.place.length])
        for p in (refused.problems if refused else [])
    ]


ANALYTICS = """
WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b

WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n < 10) SELECT n FROM r

WITH RECURSIVE r(n, m) USING KEY (n) AS (SELECT 1, 2 UNION SELECT n+1, m FROM r WHERE n < 10)
SELECT n FROM r

WITH a AS MATERIALIZED (SELECT 1), b AS NOT MATERIALIZED (SELECT 2) SELECT * FROM a, b

SELECT sum(x) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
FROM t

SELECT sum(x) OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b RANGE BETWEEN INTERVAL 7 DAYS
PRECEDING AND CURRENT ROW EXCLUDE TIES)

SELECT first_value(x IGNORE NULLS) OVER (ORDER BY d) FROM t

SELECT x FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY b DESC) = 1

SELECT count(*) FILTER (WHERE x > 1) FROM t

SELECT a, count(*) FROM t GROUP BY ALL ORDER BY ALL

SELECT a, b, count(*) FROM t GROUP BY ROLLUP (a, b)

SELECT a, b, count(*) FROM t GROUP BY CUBE (a, b) HAVING count(*) > 1

SELECT a, b, grouping(a), count(*) FROM t GROUP BY GROUPING SETS ((a, b), (a), ())

SELECT list_transform([1,2,3], x -> x + 1)

SELECT list_transform([1,2,3], lambda x: x + 1)

SELECT list_reduce([1,2,3], lambda acc, x: acc + x)

SELECT [x * 2 FOR x IN [1,2,3] IF x > 1]

SELECT [x FOR x IN l] FROM t

SELECT {'a': 1, 'b': {'c': 2}}.b.c

SELECT MAP {'a': 1}['a'], MAP(['a'], [1])

SELECT s['a'], l[1], l[1:2], l[-1:], l[:], s.a.b FROM t

FROM t SELECT a, b WHERE a > 1 ORDER BY b LIMIT 10

FROM t

FROM t SELECT count(*) GROUP BY ALL

SELECT * EXCLUDE (a, b) FROM t

SELECT * EXCLUDE a FROM t

SELECT * REPLACE (a / 100 AS a) FROM t

SELECT * RENAME (a AS b) FROM t

SELECT t.* EXCLUDE (a) FROM t

SELECT COLUMNS('^a') FROM t

SELECT min(COLUMNS(* EXCLUDE (a))) FROM t

SELECT COLUMNS(c -> c LIKE 'a%') FROM t

SELECT * LIKE 'a%' FROM t

SELECT coalesce(*COLUMNS(*)) FROM t

SELECT * FROM a ASOF JOIN b ON a.k = b.k AND a.d >= b.d

SELECT * FROM a ASOF LEFT JOIN b USING (k, d)

SELECT * FROM a POSITIONAL JOIN b

SELECT * FROM a, LATERAL (SELECT a.x + 1 AS y) l

SELECT * FROM a LEFT JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x) l ON true

SELECT * FROM a SEMI JOIN b USING (x)

SELECT * FROM a ANTI JOIN b ON a.x = b.x

SELECT * FROM a NATURAL JOIN b

SELECT * FROM a FULL OUTER JOIN b USING (x) RIGHT JOIN c ON b.y = c.y CROSS JOIN d

SELECT * FROM t PIVOT (sum(x) FOR c IN ('a', 'b') GROUP BY d)

SELECT * FROM (PIVOT t ON c IN ('a', 'b') USING sum(x) GROUP BY d)

WITH p AS (PIVOT t ON c IN ('a', 'b') USING sum(x)) SELECT * FROM p

SELECT * FROM (UNPIVOT t ON a, b INTO NAME n VALUE v)

SELECT * FROM t UNPIVOT (v FOR n IN (a, b, c))

SELECT * FROM t UNPIVOT INCLUDE NULLS (v FOR n IN (a, b, c))

SELECT * FROM t USING SAMPLE 10%

SELECT * FROM t USING SAMPLE 10 PERCENT (bernoulli)

SELECT * FROM t USING SAMPLE reservoir(50 ROWS) REPEATABLE (100)

SELECT * FROM t TABLESAMPLE 10%

SELECT * FROM t TABLESAMPLE reservoir(20%), u

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(x, y)

SELECT current_date - INTERVAL 1 MONTH, INTERVAL '1' DAY, INTERVAL '1 day', INTERVAL (x) DAYS,
to_days(3) FROM t

SELECT date_trunc('month', d), d::DATE, d::TIMESTAMP, x::DECIMAL(18, 2), CAST(x AS HUGEINT),
TRY_CAST(x AS INTEGER) FROM t

SELECT EXTRACT(year FROM d), date_part('dow', d), d + 1, strftime(d, '%Y-%m'), year(d) FROM t

SELECT 1;

SELECT a, sum(b) FROM t GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 10 OFFSET 5

SELECT * FROM t LIMIT 10%

SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b

SELECT CASE WHEN a > 1 THEN 'x' WHEN a IS NULL THEN 'y' ELSE 'z' END FROM t

SELECT CASE a WHEN 1 THEN 'x' END FROM t

SELECT if(a, 1, 2), coalesce(a, b), nullif(a, 0), ifnull(a, b), greatest(a, b) FROM t

SELECT a FROM t UNION BY NAME SELECT b FROM u

SELECT a FROM t UNION ALL BY NAME SELECT b FROM u

SELECT a FROM t EXCEPT ALL SELECT a FROM u INTERSECT SELECT a FROM v

(SELECT a FROM t ORDER BY a LIMIT 1) UNION ALL (SELECT a FROM u ORDER BY a LIMIT 1)

SELECT a FROM t WHERE a IN (SELECT a FROM u) AND EXISTS (SELECT 1 FROM v WHERE v.a = t.a) AND b
NOT IN (1, 2)

SELECT a FROM t WHERE a = ANY (SELECT a FROM u) OR a > ALL (SELECT 1)

SELECT a FROM t WHERE (a, b) IN ((1, 2), (3, 4)) AND b BETWEEN 1 AND 2 AND c LIKE '%x' ESCAPE
'!' AND c ILIKE 'a' AND c SIMILAR TO 'a' AND c ~ 'b' AND c GLOB 'c*'

SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, a IS NOT NULL, a ISNULL, a NOTNULL FROM t

SELECT array_agg(x ORDER BY y DESC), string_agg(DISTINCT x, ', ' ORDER BY x), list(x) FROM t

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), quantile_cont(x, [0.25, 0.5]), mode(x),
median(x), arg_max(a, b), approx_count_distinct(x) FROM t

SELECT unnest([1,2,3]), unnest(s, recursive := true) FROM t

SELECT * FROM unnest([1,2,3]) AS u(x)

SELECT * FROM t, unnest(t.l) AS u(x)

SELECT * FROM range(10)

SELECT * FROM range(DATE '2024-01-01', DATE '2025-01-01', INTERVAL 1 MONTH) r(d)

SELECT * FROM generate_series(1, 10) AS g(x)

SELECT * FROM unnest([1,2]) WITH ORDINALITY AS u(x, i)

SELECT a.b.c, "a"."b" FROM s.a

SELECT * FROM "in.c-crm.company"

SELECT * FROM db.schema.tbl AS x(a, b)

SELECT x: 42, y: 'a'

SELECT a AS b, b + 1 AS c FROM t

SELECT a b FROM t u

SELECT sum(a), FROM t

SELECT a, b, FROM t,

SELECT s.a.lower().upper() FROM t s

SELECT 'a'.upper()

SELECT (SELECT max(x) FROM u) - (SELECT min(x) FROM v)

SELECT ARRAY(SELECT x FROM t), ARRAY[1, 2], [1, 2], []

SELECT a FROM t AT (VERSION => 1)

SELECT json_extract(j, '$.a'), j->'a'->>'b', j->>'$.c' FROM t

SELECT ROW(1, 2), (1, 2), struct_pack(a := 1), s.*, UNNEST(s) FROM t

SELECT a AT TIME ZONE 'UTC', a::TIMESTAMPTZ FROM t

SELECT a COLLATE NOCASE FROM t ORDER BY a COLLATE "de"

SELECT count(DISTINCT a), count(DISTINCT (a, b)), count() FROM t

SELECT x::INT[], x::STRUCT(a INT, b VARCHAR), x::MAP(INT, VARCHAR), x::INT[3], x::UNION(a INT, b
VARCHAR) FROM t

SELECT position('a' IN b), substring(a FROM 1 FOR 2), trim(BOTH 'x' FROM a), overlay(a PLACING
'b' FROM 1) FROM t

SELECT a[1].b['c'][2:3] FROM t

SELECT #1 FROM t

SELECT t FROM t

SELECT cume_dist() OVER (), ntile(4) OVER (ORDER BY a), percent_rank() OVER (ORDER BY a),
nth_value(a, 2) OVER (ORDER BY b) FROM t

SELECT sum(a) OVER (ORDER BY b ROWS 2 PRECEDING) FROM t

SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t

SELECT max(a, 3), min(a ORDER BY b), any_value(a), first(a ORDER BY b), last(a ORDER BY b) FROM
t

SELECT a FROM t WHERE a > (SELECT avg(a) FROM t) GROUP BY a HAVING sum(a) > 1 ORDER BY 1 LIMIT
(SELECT 5)

SELECT a, FROM (SELECT 1 AS a)

SELECT a FROM (FROM t SELECT a)

SELECT * FROM (FROM t)

SELECT * FROM (t JOIN u USING (x))

SELECT * FROM ((SELECT 1) UNION ALL (SELECT 2)) x

SELECT * FROM t AS OF

SELECT CAST(UNNEST(GENERATE_SERIES(MIN(a), MAX(a), INTERVAL 1 MONTH)) AS DATE) FROM t

SELECT columns, value, name, date, time, year, month, type, status, key, "order", "group" FROM t

SELECT t.date, t.timestamp, t.text, t.count, t.sum, t.first, t.last, t.position, t.comment FROM
t

SELECT a FROM t ORDER BY random() LIMIT 1

SELECT now(), today(), current_timestamp, localtime, get_current_timestamp()

SELECT * FROM show_case

SELECT date_diff('day', a, b), datediff('day', a, b), date_add(a, INTERVAL 1 DAY), a + INTERVAL
(b) MONTH, age(a, b), last_day(a) FROM t

SELECT GROUPING_ID(a, b) FROM t GROUP BY CUBE(a, b)

WITH t(a, b) AS (VALUES (1, 2), (3, 4)) SELECT * FROM t

WITH t AS (FROM u) FROM t

WITH t AS (TABLE u) FROM t

WITH a AS (WITH b AS (SELECT 1 AS x) SELECT x FROM b) SELECT x FROM a

SELECT * FROM t WHERE a NOT BETWEEN 1 AND 2 OR NOT a OR a IS TRUE OR a IS NOT FALSE OR a IS
UNKNOWN

SELECT * FROM t JOIN u ON t.a = u.a AND t.b BETWEEN u.c AND u.d JOIN v USING (x, y)

SELECT x FROM t WHERE a IN [1, 2] AND b IN l

SELECT "a.csv", "b/c" FROM t

SELECT histogram(a), list_histogram(l), map_keys(m), summary FROM t

SELECT max_by(a, b) FILTER (WHERE c), sum(a) FILTER (c > 1) FROM t

SELECT list_filter(l, x -> x > 1 AND x < y), list_aggregate(l, 'sum'), l.list_transform(x -> x +
1) FROM t

SELECT list_transform(l, (x, i) -> x + i) FROM t

SELECT a.* FROM t a

SELECT a FROM t WINDOW w AS (ORDER BY a), v AS (w ROWS 1 PRECEDING)

SELECT NOT EXISTS (FROM t)

SELECT a::VARCHAR || 'b' AS c FROM t WHERE c <> '' AND d != 1 AND e == 2

SELECT * FROM t WHERE struct_extract(s, 'a') = 1 AND (s).a = 2

SELECT 1 AS "select", 2 AS "from"

SELECT CAST(a AS ENUM('x', 'y')) FROM t

SELECT a FROM t OFFSET 5

SELECT a FROM t FETCH FIRST 5 ROWS ONLY

SELECT 5 IS NOT DISTINCT FROM 5 AS x

SELECT a FROM t GROUP BY (a, b), c

SELECT a FROM t GROUP BY ()

SELECT bar(x, 0, 100), format('{} {}', a, b), printf('%d', a), hash(a), md5(a) FROM t

SELECT TRY(a / b) FROM t

SELECT a FROM t WHERE d >= DATE '2024-01-01' AND d < current_date() AND e > now() - INTERVAL '7
days'

SELECT a // b, a % b, a ** b, a ^ b, a || b, a & b, a | b, a << 1, ~a, -a, +a, @a FROM t

SELECT a AS show, t.describe FROM t

SELECT 1 /* /* ; */ ; DROP TABLE t */

SELECT 1; ; ;

; SELECT 1

SELECT 1 FROM tables, columns

SELECT random(), uuid(), current_user, version(), now()

FROM (PIVOT t ON (a, b) IN ((1, 2)) USING sum(c))

SELECT 1 UNION VALUES (2)

SELECT "größe", größe, "Umsätze (€)" AS "ü" FROM "tür"
"""
ACCEPTED = [
    *ANALYTICS.strip().split("\n\n"),
    "SELECT 1; -- done",
    "-- a comment\nSELECT 1 /* another */ -- and one",
    "SELECT 1_000_000, 1e3, .5, 'it''s', E'a\\nb', $$x'y$$, $tag$z$tag$, TRUE, NULL",
    "SELECT DATE '2024-01-01', TIMESTAMP '2024-01-01 00:00:00', INTERVAL '1' DAY",
    "SELECT try_strptime(a, '%d'), regexp_extract(a, '(\\d+)', 1), a[1] FROM t",
    "SELECT * FROM t WHERE a = 'c:\\x.csv' AND b = 's3://y'",
    "SELECT 'a; b', \"c; d\", $$e; f$$, $x$ ; $$ $x$ FROM t -- ; g",
    "SELECT\xa0a\u2003FROM\u3000t",
    "SELECT '\u200b\u2028', \"\ufeff\" FROM t",
    "SELECT 'c:\\x.csv', a.csv, \"b.csv\" FROM a",
    "SELECT E'it\\'s; x'",
    "SELECT 'it\\' FROM t",
]

OTHER_STATEMENTS = [
    *("INSERT INTO t VALUES (1)", "INSERT OR REPLACE INTO t SELECT 1", "INSERT INTO t FROM u"),
    *("UPDATE t SET a = 1", "DELETE FROM t", "DELETE FROM t USING u WHERE t.a = u.a", "TRUNCATE t"),
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
    *(
        "CREATE TABLE x AS SELECT 1",
        "CREATE TABLE x (a INT)",
        "CREATE OR REPLACE TABLE t AS FROM u",
    ),
    *("CREATE VIEW v AS SELECT 1", "CREATE TEMP TABLE x AS FROM t", "CREATE SCHEMA s"),
    *("CREATE MACRO m(a) AS a + 1", "CREATE FUNCTION m(a) AS TABLE FROM t", "CREATE SEQUENCE s"),
    *("CREATE TYPE e AS ENUM ('a')", "CREATE INDEX i ON t (a)", "CREATE SECRET s (TYPE s3)"),
    *("DROP TABLE t", "DROP TABLE IF EXISTS t CASCADE", "DROP VIEW v", "DROP SCHEMA s"),
    *("ALTER TABLE t ADD COLUMN b INT", "ALTER TABLE t RENAME TO u", "COMMENT ON TABLE t IS 'x'"),
    *(
        "COPY t TO 'a.csv'",
        "COPY (SELECT 1) TO 'a.csv' (USE_TMP_FILE false)",
        "COPY t FROM 'a.csv'",
    ),
    *("COPY FROM DATABASE a TO b", "EXPORT DATABASE 'x'", "IMPORT DATABASE 'x'"),
    *("ATTACH 'a.db'", "ATTACH 'a.db' AS a (READ_ONLY)", "DETACH a", "USE a", "USE memory.main"),
    *("INSTALL httpfs", "FORCE INSTALL httpfs", "LOAD httpfs", "UPDATE EXTENSIONS"),
    *("SET x = 1", "SET GLOBAL threads = 1", "SET VARIABLE a = 1", "RESET x", "RESET VARIABLE a"),
    *("PRAGMA version", "PRAGMA database_list", "PRAGMA enable_profiling", "PRAGMA show_tables"),
    *(
        "CALL duckdb_settings()",
        "CALL pragma_version()",
        "CHECKPOINT",
        "FORCE CHECKPOINT",
        "VACUUM",
    ),
    *("ANALYZE", "BEGIN", "BEGIN TRANSACTION", "COMMIT", "ROLLBACK", "START TRANSACTION", "ABORT"),
    *("PREPARE p AS SELECT 1", "EXECUTE p", "EXECUTE p(1)", "DEALLOCATE p", "KILL 1"),
    *(
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "GRANT ALL ON t TO u",
        "REVOKE ALL ON t FROM u",
    ),
    *("SHOW TABLES", "SHOW ALL TABLES", "SHOW", "SHOW DATABASES", "SHOW t", "DESCRIBE", "DESC t"),
    *("DESCRIBE t", "DESCRIBE SELECT 1", "DESCRIBE 'a.csv'", "SUMMARIZE t", "SUMMARIZE SELECT 1"),
]
PIVOTS = ["PIVOT t ON a USING sum(b)", "PIVOT t ON a IN (1) USING sum(b)", "UNPIVOT t ON a, b"]

DISGUISES = [
    *("{}", " \n\t{} ;", "{};", ";{}", "-- x\n{}", "/* x */ {} -- y", "/* /* x */ */ {}", "({})"),
    *("(({}))", "\u00a0{}", "SELECT 1; {}", "SELECT 1;;{};", "{}; SELECT 1", "SELECT ';'; {}"),
    *("SELECT 1 /* ; */ ; {}", 'SELECT ";" ; {}', "SELECT $$;$$ ; {}", "SELECT '\\'; {} --'"),
    *("SELECT '''' ; {}", "SELECT 1 --;\n; {}", "SELECT 1 /* /* */ */ ; {} /* */"),
    *("WITH x AS ({}) SELECT * FROM x", "WITH x AS MATERIALIZED ({}) FROM x"),
    *("WITH x AS (SELECT 1), y AS ({}) SELECT 1", "WITH RECURSIVE x AS ({}) SELECT 1"),
    *("WITH x AS ({} RETURNING *) FROM x", "WITH x AS (WITH y AS ({}) FROM y) FROM x"),
    *(
        "WITH x AS (SELECT 1) {}",
        "SELECT * FROM ({})",
        "SELECT * FROM ({} RETURNING *) x",
        "FROM ({})",
    ),
    *("SELECT * FROM t, ({})", "SELECT * FROM t JOIN ({}) ON true", "FROM t, LATERAL ({})"),
    *("SELECT ({})", "SELECT ({} RETURNING a)", "SELECT EXISTS ({})", "SELECT ARRAY({})"),
    *("SELECT a IN ({}) FROM t", "SELECT a = ANY ({}) FROM t", "SELECT 1 UNION {}"),
    *("SELECT 1 UNION ALL ({})", "{} UNION SELECT 1", "SELECT 1 LIMIT ({})", "SELECT f({})"),
    *(
        "SELECT [{}]",
        "SELECT {{'a': ({})}}",
        "SELECT f(x -> ({}))",
        "EXPLAIN {}",
        "PREPARE p AS {}",
    ),
]


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_other_statement_passes_in_any_disguise(disguise):
    for statement in OTHER_STATEMENTS:
        sql = disguise.format(statement)
        assert problems(sql) or (is_made_of_names(statement) and not objection(sql)), sql


def is_made_of_names(statement: str) -> bool:
    """Whether it is a table with an alias where a table may stand: `FROM (LOAD httpfs)`."""
    return re.fullmatch(r"\w+( \w+(\(1\))?| '[^']*')?", statement) is not None


@pytest.mark.parametrize("disguise", ["{}", "{};", "({})", "SELECT 1; {}", "-- x\n{}"])
def test_pivot_is_no_query_of_its_own(disguise):
    for statement in PIVOTS:
        assert problems(disguise.format(statement)), statement


@pytest.mark.parametrize("statement", [*OTHER_STATEMENTS, *PIVOTS])
def test_each_other_statement_is_called_by_its_name(statement):
    word = re.split(r"\W", statement)[0]

    assert ("statement", f"{word} is not a SELECT", word) in problems(f"  -- a\n{statement}")


@pytest.mark.parametrize(
    ("sql", "message", "where"),
    [
        ("SELECT 1; SELECT 2", "there are 2 statements", "SELECT"),
        ("; SELECT 'ä;';;\n drop TABLE t;", "there are 2 statements", "drop"),
        ("SELECT 1; -- ;\nFROM t; SELECT 3", "there are 3 statements", "FROM"),
        ("WITH x AS (DELETE FROM t RETURNING *) FROM x", "DELETE is not a SELECT", None),
        ("SELECT * FROM t WHERE a IN (SHOW TABLES)", "SHOW is not a SELECT", "SHOW"),
        ("SELECT (describe t)", "DESCRIBE is not a SELECT", "describe"),
        ("SELECT EXISTS (DESC t)", "DESC is not a SELECT", "DESC"),
        ("FROM (SUMMARIZE t)", "SUMMARIZE is not a SELECT", "SUMMARIZE"),
        ("SELECT a INTO b FROM t", "INTO has no place in a query that only reads", None),
        ("SELECT a FROM t FOR UPDATE", "FOR UPDATE has no place in a query that only reads", None),
        ("SELECT a, $1 FROM t", "a parameter has no value here", "$1"),
        ("SELECT 'ü' FROM t LIMIT ?", "a parameter has no value here", "?"),
        ("SELECT $name", "a parameter has no value here", "$name"),
        ("FROM (PIVOT t ON a)", "PIVOT does not say which values become columns", None),
        (
            "WITH p AS (PIVOT t ON a IN (1), b USING sum(c)) FROM p",
            "PIVOT does not say which values become columns",
            None,
        ),
        (
            "FROM (PIVOT t ON a IN (SELECT b FROM u) USING sum(c))",
            "PIVOT does not say which values become columns",
            None,
        ),
        ("((SELECT1)) UNION (SELECT 2)", "PAREN is not a SELECT", None),
        ("", "there is no query", ""),
        (" ; -- SELECT 1\n;", "there is no query", ""),
        ("VALUES (1)", "VALUES is not a SELECT", "VALUES"),
        ("hello", "HELLO is not a SELECT", "hello"),
        ("1 + 1", "this is not a SELECT", ""),
    ],
)
def test_what_is_not_one_select_is_refused_with_its_place(sql, message, where):
    [(kind, found, shown)] = problems(sql)

    assert (kind, found) == ("statement", message)
    assert where is None or shown == where


AROUND_TABLES = [
    *("FROM {}", "SELECT * FROM {} AS x", "TABLE {}", "SELECT * FROM t JOIN {} USING (a)"),
    *("SELECT * FROM t, {}", "SELECT a IN (FROM {}) FROM t", "SELECT (SELECT a FROM {})"),
    *("WITH x AS (FROM {}) FROM x", "SELECT 1 UNION (TABLE {})", "FROM ({})", "FROM (({}) x)"),
    *("FROM (PIVOT {} ON a IN (1))", "FROM (UNPIVOT {} ON a)", "FROM t, LATERAL (FROM {}) l"),
    *("SELECT 1 WHERE EXISTS (FROM {})", "SELECT [x FOR x IN (SELECT list(a) FROM {})]"),
]


@pytest.mark.parametrize(
    "file",
    [
        *("'a.csv'", '"a.csv"', "a.csv", '"a"."csv"', 'a."csv"', "s.t.parquet", "'a'", "'*'"),
        *('"*.parquet"', '"a.CSV"', '"a.csv.gz"', "a.csv.gz", '"a.tsv"', '"a.json"', '"a.ndjson"'),
        *('"a.jsonl"', '"a.xlsx"', '"a.db"', '"a.duckdb"', '"a.shp"', '"a.gpkg"', '"a.fgb"'),
        *('"a.avro"', '"/etc/passwd"', "'/etc/passwd'", '"~/x"', '"../x"', '"data/**"', '"C:\\x"'),
        *('"http://x.org/a"', '"s3://b/k"', '"gcs://b"', '"hf://datasets/x"', '"md:x"', '"a?.csv"'),
        *("'größe.csv'", '"file:a"', '"/dev/stdin"', '"[a].csv"', "E'a.csv'", "$$a.csv$$"),
        *("main.'a.csv'", "ONLY 'a.csv'"),
    ],
)
def test_no_file_passes_for_a_table(file):
    for query in AROUND_TABLES:
        assert problems(query.format(file)), query


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("SELECT 'ä'\r\nFROM 'b.csv' AS x", "'b.csv'"),
        ("FROM a .\n csv", "a .\n csv"),
        ('SELECT * FROM t JOIN "x/y" USING (a)', '"x/y"'),
    ],
)
def test_a_file_is_pointed_at(sql, where):
    [(kind, message, shown)] = problems(sql)

    assert (kind, shown) == ("access", where)
    assert message.endswith("is a file, not a table")


@pytest.mark.parametrize("name", ["a.csv", "s.t.parquet"])
def test_duckdb_takes_an_unquoted_name_for_a_file(tmp_path, monkeypatch, name):
    """Or else the gate would not have to."""
    monkeypatch.chdir(tmp_path)
    duckdb.execute(f"COPY (SELECT 7 AS a) TO '{name}'")

    assert duckdb.execute(f"FROM {name}").fetchall() == [(7,)]
    assert problems(f"FROM {name}")


FINE_IN_FROM = {"range", "generate_series", "unnest", "json_each", "json_tree"}


def table_functions() -> list[str]:
    rows = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions()"
        " WHERE function_type IN ('table', 'table_macro')"
    ).fetchall()
    return sorted({name for (name,) in rows} - FINE_IN_FROM)


@pytest.mark.parametrize(
    "name", [*table_functions(), "sqlite_scan", "postgres_query", "iceberg_scan", "st_read", "x"]
)
def test_table_functions_are_refused_in_from(name):
    for query in (
        *(f"FROM {name}('a')", f"SELECT 1 FROM t, {name.upper()} (t) AS x(a)", f'FROM "{name}"()'),
        *(f"FROM t, LATERAL {name}(t.a)", f"SELECT * FROM system.main.{name}('a')"),
    ):
        assert problems(query), query


@pytest.mark.parametrize("name", ["read_csv", "glob", "duckdb_settings", "checkpoint", "query"])
def test_a_table_function_is_refused_wherever_it_stands(name):
    for call in (f"{name}('a')", f"{name}()", f"{name} (t)", f"{name}(a := 1)", f"main.{name}(1)"):
        for query in (
            *AROUND_TABLES,
            *("FROM LATERAL {} x", "FROM t, LATERAL {}", "FROM ROWS FROM ({})", "FROM t, {} x(a)"),
        ):
            assert problems(query.format(call)), query.format(call)


def test_a_table_function_is_pointed_at():
    [(kind, message, where)] = problems("SELECT 'ä' FROM\r\n t, read_csv('x') AS y")

    assert (kind, message) == ("access", "the table function read_csv is not allowed here")
    assert where.startswith("read_csv")


HARMLESS = {"error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"}


def functions_with_effects() -> list[str]:
    rows = duckdb.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE has_side_effects"
        " OR starts_with(function_name, '__internal')"
    ).fetchall()
    return sorted({name for (name,) in rows} - HARMLESS)


@pytest.mark.parametrize(
    "name",
    [
        *functions_with_effects(),
        *("getenv", "getvariable", "current_setting", "set_config", "pg_sleep", "read_text"),
        *("read_blob", "get_block_size", "json_execute_serialized_sql", "json_serialize_plan"),
        *("pg_get_viewdef", "pg_get_constraintdef"),
    ],
)
def test_functions_that_act_or_tell_of_the_system_are_refused(name):
    for call in (
        *(f"{name}('a')", f"{name.upper()} ('a', 1)", f'"{name}"()', f"main.{name}('a')"),
        *(f"'a'.{name}()", f"f({name}('a'))", f"f(x -> {name}(x))", f"{name}('a') OVER ()"),
        *(
            f"[x FOR x IN l IF {name}(x)]",
            f"{{'a': {name}('a')}}",
            f"CASE WHEN {name}() THEN 1 END",
        ),
    ):
        assert problems(f"SELECT {call} FROM t"), call
    for query in (
        "WHERE {}",
        "ORDER BY {}",
        "GROUP BY {}",
        "LIMIT {}",
        "QUALIFY {}",
        ", range({})",
    ):
        assert problems(f"SELECT 1 FROM t {query.format(f'{name}(1)')}")


@pytest.mark.parametrize(
    "table",
    [
        *("DUCKDB_TABLES", '"duckdb_views"', "sqlite_master"),
        *("pragma_database_list", "pg_class", "information_schema.tables", "pg_catalog.x"),
        *("system.main.x", "temp.x", "Temp.main.x", '"information_schema"."tables"'),
    ],
)
def test_the_systems_own_tables_are_refused(table):
    [(kind, message, _)] = problems(f"SELECT * FROM t JOIN {table} ON true")

    assert (kind, "a table of the system, is not allowed here" in message) == ("access", True)


def test_the_systems_own_tables_are_those_that_duckdb_has():
    rows = duckdb.execute(
        "SELECT view_name FROM duckdb_views() WHERE internal"
        " AND schema_name <> 'information_schema'"
    ).fetchall()

    assert {name for (name,) in rows} <= SYSTEM_TABLES


@pytest.mark.parametrize(
    "name", ["pg_customers", "sqlite_orders", "duckdb_usage", "pragma_x", "pg_stat_costs"]
)
def test_a_table_may_be_called_much_like_the_systems(name):
    assert not problems(f"SELECT a FROM {name}")
    with pytest.raises(duckdb.CatalogException):
        duckdb.execute(f"FROM {name}")


CTE = "WITH {0} AS (SELECT 1 AS a) "


@pytest.mark.parametrize("name", ["pg_class", '"revenue.json"', '"a/b"', "duckdb_tables"])
def test_a_cte_may_have_any_name_where_it_is_visible(name):
    for sql in (
        CTE + "SELECT a FROM {0}",
        CTE + "SELECT a FROM (SELECT a FROM {0}) AS x",
        "SELECT a FROM (" + CTE + "SELECT a FROM {0}) AS x",
        CTE + ", b AS (SELECT a FROM {0}) SELECT a FROM b",
        "WITH RECURSIVE {0} AS (SELECT 1 AS a UNION SELECT a FROM {0}) SELECT a FROM {0}",
    ):
        assert not problems(sql.format(name))
        assert objection(sql.format(name)) is None
        assert duckdb.execute(sql.format(name)).fetchall() == [(1,)]
    for sql in (
        "SELECT a FROM (" + CTE + "SELECT a FROM {0}) AS x, {0}",
        "WITH {0} AS (SELECT a FROM {0}) SELECT a FROM {0}",
        "WITH b AS (SELECT a FROM {0}), {0} AS (SELECT 1 AS a) SELECT a FROM b",
        CTE + "SELECT a FROM main.{0}",
    ):
        assert problems(sql.format(name))


FILE_NAMES = ["revenue.json", "in.c-crm.json", "file.CSV", "x.parquet"]


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_quoted_name_of_a_file_passes_for_those_who_look_for_the_table(name):
    read_query(f'FROM "{name}"', file_names=True)
    read_query(f'FROM main."{name}"', file_names=True)
    assert is_file_name(name)
    for sql in (f"FROM '{name}'", f'FROM "x/{name}"', f'FROM s."{name}"', "FROM a.csv"):
        with pytest.raises(RefusedSqlError):
            read_query(sql, file_names=True)


@pytest.mark.parametrize("sql", ACCEPTED)
def test_analysts_sql_is_accepted_and_is_one_select_to_duckdb(sql):
    read_query(sql)

    assert [statement.type.name for statement in duckdb.extract_statements(sql)] == ["SELECT"]


@pytest.mark.parametrize(
    ("sql", "message", "where"),
    [
        ("SELECT a FROM", "expected table name at the end", "FROM"),
        ("SELECT a FROM t WHERE", "something is missing at the end", "WHERE"),
        ("SELECT a FROM t WHERE a = = 1", "something is missing before '='", "="),
        ("SELECT a b c", "'c' is unexpected here", "c"),
        ("SELECT 'ä',\r\n\tgröße b 😀 FROM t", "'😀' is unexpected here", "😀"),
        ("SELECT a\r\nFROM t)", "')' is unexpected here", ")"),
        ("SELECT (a", "expected ) at the end", "a"),
        ("SELECT l[1", "expected ] at the end", "1"),
        ("SELECT CAST(a INT)", "expected AS after CAST before 'INT'", "INT"),
        ("SELECT\r\n 'a", "' is opened and never closed", "'"),
        ('SELECT "ä', '" is opened and never closed', '"'),
        ("SELECT $$ä", "$$ is opened and never closed", "$"),
        ("SELECT '/*', a /* b", "a quote or a comment is opened and never closed", "/*"),
        ("SELECT 0x1F FROM t", "DuckDB reads this as 0 and a name", "0x1F"),
        ("SELECT x'A?'", "this is no hexadecimal number", "x'"),
        ("SELEC sum(a) FROM t", "SELEC begins no query", "SELEC"),
        ("-- all\nWIHT b AS (SELECT 1) SELECT a FROM b", "WIHT begins no query", "WIHT"),
        ("SELECT 1 FROM\u200b t", "the character U+200B is not allowed here", "\u200b"),
        ("SELECT 1\x00", "the character U+0000 is not allowed here", "\x00"),
        ("FROM a.b.c.d", "the name of a table has three parts at most", "a.b.c.d"),
        ("SELECT {: 1}", "the query cannot be read", ""),
    ],
)
def test_a_mistake_is_explained_with_its_place(sql, message, where):
    assert problems(sql) == [("syntax", message, where)]


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT `a b` FROM `orders`", 'write "a b"'),
        ("SELECT a FROM `orders`", 'write "orders"'),
        ("SELECT a FROM in.c-crm.company", 'quote the name: "in.c-crm.company"'),
        ("SELECT a FROM t, in.c-crm.company AS c", 'quote the name: "in.c-crm.company"'),
        ("SELEC sum(a) FROM t", "did you mean SELECT?"),
        ("FORM t SELECT a", "did you mean FROM?"),
        ("SELECT 5! FROM t", "write factorial(n)"),
        ("SELECT a FROM t-x", None),
        ("SELECT a b c", None),
    ],
)
def test_who_knows_another_dialect_is_told_what_to_write(sql, hint):
    refused = refusal(sql)

    assert refused
    assert [problem.hint for problem in refused.problems] == [hint]


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("SELECT a FROM t WHERE d > :start", ":start"),
        ("SELECT a FROM t FOR  UPDATE", "FOR  UPDATE"),
        ("SELECT $1", "$1"),
        ("SELECT a FROM t WHERE a = $name", "$name"),
        ("SELECT a FROM t WHERE a = ?", "?"),
    ],
)
def test_what_has_no_place_in_the_tree_is_pointed_at_all_the_same(sql, where):
    assert [shown for _, _, shown in problems(sql)] == [where]


@pytest.mark.parametrize("sql", ["SELECT x'AB'", "SELECT X'00ff' AS a FROM t WHERE x = x''"])
def test_blobs_are_values(sql):
    assert not problems(sql)
    assert duckdb.extract_statements(sql)


@pytest.mark.parametrize("blank", ["\u200b", "\u2060", "\ufeff"])
def test_what_only_duckdb_takes_for_a_blank_hides_no_table(blank):
    sql = f"FROM {blank} sqlite_master"

    assert objection(sql) == "it reads sqlite_master"
    assert problems(sql)


def test_every_problem_is_told():
    sql = "SELECT getenv('a') FROM 'b.csv', read_csv('c'), duckdb_views"

    assert [kind for kind, _, _ in problems(sql)] == ["access"] * 4


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 -- " + "x" * MAX_CHARACTERS,
        "SELECT 1" + " + 1" * (MAX_TOKENS // 2),
        "SELECT x FROM (SELECT 1 AS x" + ", 1" * MAX_COLUMNS + ")",
        "SELECT a" + ".a" * 400 + " FROM orders",
    ],
)
def test_a_text_has_a_size(sql):
    assert [kind for kind, _, _ in problems(sql)] == ["size"]
    assert not problems("SELECT 1 -- ".ljust(MAX_CHARACTERS, "x"))


NESTED = {
    "brackets": ("SELECT ", "(", "1", ")"),
    "tables in brackets": ("FROM ", "(", "t", ")"),
    "queries": ("", "SELECT * FROM (", "SELECT 1", ")"),
    "scalar queries": ("", "SELECT (", "SELECT 1", ")"),
    "open brackets": ("SELECT ", "(", "", ""),
    "lists": ("SELECT ", "[", "1", "]"),
    "open lists": ("SELECT ", "[", "", ""),
    "structs": ("SELECT ", "{'a': ", "1", "}"),
    "open structs": ("SELECT ", "{'a':{", "", ""),
    "arrays": ("SELECT ", "ARRAY[", "1", "]"),
    "maps": ("SELECT ", "MAP {1: ", "1", "}"),
    "cases": ("SELECT ", "CASE WHEN a THEN ", "1", " END"),
    "open cases": ("SELECT ", "CASE WHEN ", "", ""),
    "calls": ("SELECT ", "f(1, ", "1", ")"),
    "dates": ("SELECT ", "DATE(", "1", ")"),
    "decimals": ("SELECT ", "DECIMAL(", "1", ")"),
    "rows": ("SELECT ", "ROW(1, ", "1", ")"),
    "struct types": ("SELECT 1::", "STRUCT(a ", "INT", ")"),
    "dates in lists": ("SELECT ", "[DATE(", "1", ")]"),
    "casts": ("SELECT ", "CAST(", "1", " AS INT)"),
    "lambdas": ("SELECT ", "f(x -> ", "1", ")"),
    "python's lambdas": ("SELECT ", "f(lambda x: ", "1", ")"),
    "intervals": ("SELECT ", "INTERVAL (", "1", ") DAY"),
    "joins without a condition": ("FROM t", " JOIN t", "", ""),
    "joins with late conditions": ("FROM t", " JOIN t", "", " ON true"),
    "joins in brackets": ("FROM ", "(t JOIN ", "t", ")"),
    "laterals": ("FROM t", ", LATERAL (FROM t", "", ")"),
    "CTEs": ("", "WITH a AS (", "SELECT 1", ") FROM a"),
    "more CTEs": ("WITH a AS (SELECT 1)", ", b AS (FROM a)", "", ""),
    "pivots": ("FROM ", "(PIVOT ", "t", " ON a IN (1) USING sum(b))"),
    "INs": ("SELECT ", "a IN (", "1", ")"),
    "windows": ("SELECT ", "sum(", "1", ") OVER ()"),
    "comprehensions": ("SELECT ", "[x FOR x IN ", "y", "]"),
    "indexes": ("SELECT a", "[1]", "", ""),
    "indexes in indexes": ("SELECT ", "a[", "1", "]"),
    "names": ("SELECT a", ".a", "", ""),
    "methods": ("SELECT a", ".f()", "", ""),
    "methods of methods": ("SELECT ", "a.f(", "1", ")"),
    "casts in a row": ("SELECT a", "::INT", "", ""),
    "arrows": ("SELECT a", "->'b'", "", ""),
    "sums": ("SELECT 1", "+1", "", ""),
    "conditions": ("SELECT a WHERE a", " AND a", "", ""),
    "signs": ("SELECT ", "- ", "1", ""),
    "NOTs": ("SELECT ", "NOT ", "a", ""),
    "BETWEENs": ("SELECT a", " BETWEEN 1 AND 2", "", ""),
    "UNIONs": ("SELECT 1", " UNION SELECT 1", "", ""),
    "UNIONs in brackets": ("", "(", "SELECT 1", " UNION SELECT 1)"),
    "SELECTs": ("", "SELECT ", "1", ""),
    "statements": ("SELECT 1", ";SELECT 1", "", ""),
    "semicolons": ("SELECT 1", ";", "", ""),
    "comments": ("SELECT 1", "/*", "", "*/"),
    "quotes": ("SELECT ", "'", "", ""),
    "dollars": ("SELECT ", "$a$", "", ""),
    "stars": ("SELECT ", "*, ", "a", ""),
    "groups": ("SELECT a GROUP BY ", "ROLLUP(", "a", ")"),
}


@pytest.mark.parametrize("size", [20, 60, 400])
@pytest.mark.parametrize(("start", "left", "middle", "right"), NESTED.values(), ids=NESTED.keys())
def test_a_short_text_takes_no_long_time(start, left, middle, right, size):
    assert seconds(start + left * size + middle + right * size) < 1


@pytest.mark.parametrize(
    ("start", "part"),
    [
        *(("SELECT 1", "+1"), ("SELECT a", ".f()"), ("SELECT a", "[1]"), ("SELECT ", "[")),
        *(("SELECT DATE(a)", ",DATE(a)"), ("SELECT 'a'", ",\x01''")),
    ],
)
def test_a_text_of_full_size_takes_a_few_seconds_at_most(start, part):
    assert seconds((start + part * MAX_CHARACTERS)[:MAX_CHARACTERS]) < 10


@pytest.mark.parametrize(
    "sql",
    [
        "WITH " + ", ".join(f"a{at} AS (FROM t)" for at in range(1000)) + " SELECT 1",
        f"SELECT {', '.join(f'a{at} AS c{at}' for at in range(800))} FROM t GROUP BY ALL",
        (
            f"SELECT {', '.join(f'a + {at} AS c{at}' for at in range(800))} FROM t"
            f" GROUP BY {', '.join(f'c{at}' for at in range(800))}"
        ),
    ],
    ids=["CTEs", "all columns", "groups"],
)
def test_a_large_query_is_understood_in_a_few_seconds(sql):
    assert not problems(sql)
    assert seconds(sql) < 5


def seconds(sql: str) -> float:
    """Of the processor: reading a text and asking everything about it."""
    start = time.process_time()
    try:
        query = read_query(sql)
    except RefusedSqlError:
        return time.process_time() - start
    assert isinstance(query.reads, list)
    assert query.outputs is None or isinstance(query.outputs, list)
    assert isinstance(query.columns | query.grouped_by, set)
    assert isinstance(query.stars + query.directionless + query.crossed, list)
    assert query.limit is None or isinstance(query.limit, Place)
    return time.process_time() - start


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "CASE WHEN a THEN " * 20 + "1" + " END" * 20,
        "SELECT " + "(" * 30 + "1" + ")" * 30,
        "SELECT 1" + " UNION ALL SELECT 1" * 1000,
        "SELECT a" + " OR a = 1" * 1000 + " FROM t",
        "SELECT " + ", ".join(f"DATE(a{at}).strftime('%Y').upper().trim()" for at in range(200)),
        "SELECT ROW(1, ROW(2, ROW(3, [DATE(DATE(DATE(a)))])))",
        "FROM a" + " JOIN b ON a.x = b.x LEFT JOIN c USING (y) NATURAL JOIN d" * 30,
        "FROM a JOIN b JOIN c JOIN d JOIN e ON true ON true ON true ON true",
        "SELECT " + "list_transform(l, x -> " * 20 + "x" + ")" * 20,
    ],
)
def test_what_people_write_is_not_too_much(sql):
    assert not problems(sql)


WORDS = [
    *r"""
    SELECT FROM WITH RECURSIVE AS TABLE VALUES SHOW TABLES DESCRIBE SUMMARIZE DESC PIVOT
    UNPIVOT INSERT INTO UPDATE DELETE SET MERGE USING COPY TO EXPORT IMPORT ATTACH DETACH CALL
    EXECUTE PREPARE EXPLAIN ANALYZE PRAGMA CHECKPOINT BEGIN COMMIT DROP CREATE REPLACE VIEW
    ALL DATABASES ( ) , ; . * + - :: := => -> ->> = < [ ] { } : ? $1 $a @ # ! ~ | || & ' '' "
    "" `a` /* */ -- \ E' $$ $a$ U&' x' b' r' 'a.csv' "a.csv" a.csv a b t 1 1.5 .5 'x' "q"
    read_csv('a') range(3) getenv('A') nextval('s') sqlite_master duckdb_settings()
    information_schema.tables FOR IN ON JOIN LATERAL ASOF POSITIONAL CROSS WHERE GROUP BY
    ORDER HAVING QUALIFY LIMIT OFFSET UNION EXCEPT INTERSECT NOT AND OR IS NULL CASE WHEN THEN
    ELSE END CAST TRY_CAST INTERVAL DATE EXISTS ANY ARRAY STRUCT MAP COLUMNS EXCLUDE OVER
    PARTITION FILTER WITHIN DISTINCT SAMPLE LAMBDA x ROWS ORDINALITY MATERIALIZED RETURNING
    GRANT LOAD INSTALL VACUUM USE TEMP IF LOCK KILL COMMENT CACHE
    """.split(),
    *("\n", "\r", "\t", "\x0b", "\x0c", "\x00", "\x1f", "\x85", "\u00a0", "\u1680", "\u2003"),
    *("\u200b", "\u2028", "\u2060", "\ufeff", "-- a\n", "/* a */", "/* /* */"),
]
CORPUS = [
    *ACCEPTED,
    *OTHER_STATEMENTS,
    *PIVOTS,
    *(start + left * 3 for start, left, *_ in NESTED.values()),
]
TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/|\w+|\s+|.""", re.S
)
TOKENS = [TOKEN.findall(sql) for sql in CORPUS]


def mutate(tokens: list[str], edits: list[tuple[int, int, list[str]]]) -> str:
    changed = list(tokens)
    for place, deleted, inserted in edits:
        at = place % (len(changed) + 1)
        changed[at : at + deleted] = [" ", *inserted, " "]
    return "".join(changed)


CUTS = st.builds(
    lambda tokens, start, length: tokens[start % len(tokens) :][:length],
    st.sampled_from(TOKENS),
    st.integers(0, 60),
    st.integers(1, 12),
)
PIECES = st.one_of(
    st.sampled_from(WORDS).map(lambda word: [word]),
    CUTS,
    st.sampled_from(CORPUS).map(lambda sql: ["(", sql, ")"]),
)
EDITS = st.tuples(st.integers(0, 60), st.integers(0, 2), PIECES)
TEMPLATES = [
    *(AROUND_TABLES + DISGUISES),
    *("SELECT {} FROM t", "SELECT a FROM t WHERE {}", "SELECT f(x -> {})", "SELECT [{}, 1]"),
    *("SELECT a {} FROM t", "SELECT a FROM t {}", "FROM t {} SELECT a", "WITH x AS {} FROM x"),
]
PARTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(ACCEPTED),
    st.sampled_from(OTHER_STATEMENTS + PIVOTS),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=3).map(" ".join),
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join),
    st.builds(mutate, st.sampled_from(TOKENS), st.lists(EDITS, min_size=1, max_size=3)),
    st.builds(mutate, st.sampled_from(TOKENS[: len(ACCEPTED)]), EDITS.map(lambda edit: [edit])),
    st.builds(str.format, st.sampled_from(TEMPLATES), PARTS),
    st.builds(
        lambda outer, inner, part: outer.format(inner.format(part)),
        *(st.sampled_from(TEMPLATES), st.sampled_from(TEMPLATES), PARTS),
    ),
)


EFFECTS = set(functions_with_effects())
FORBIDDEN_TABLE = re.compile(
    r"(^|\.)(information_schema|pg_catalog|system|temp)\.|sqlite_master$|\.(csv|parquet|json)$",
    re.IGNORECASE,
)


def objection(sql: str) -> str | None:
    """What DuckDB's own parser sees in a text that the gate must not let through."""
    try:
        types = [statement.type.name for statement in duckdb.extract_statements(sql)]
        if types != ["SELECT"]:
            return f"it is {types}"
        [[tree]] = duckdb.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    except duckdb.Error:
        return None
    nodes = _nodes(json.loads(tree))
    return next((found for node in nodes if (found := objection_to(*node))), None)


def objection_to(node, ctes) -> str | None:
    kind = str(node.get("type"))
    path = ".".join(node["qualified_name"]["path"]) if kind == "BASE_TABLE" else ""
    path = "" if _is_among(path.lower(), ctes) else path
    called = str(node.get("function_name")).lower()
    if kind == "TABLE_FUNCTION":
        called = node["function"]["function_name"].lower()
        return None if called in FINE_IN_FROM else f"it calls {called}"
    if called in EFFECTS:
        return f"it calls {called}"
    if FORBIDDEN_TABLE.search(path):
        return f"it reads {path}"
    if kind in ("SHOW_REF", "VALUE_PARAMETER") or re.match("(INSERT|UPDATE|DELETE|MERGE)", kind):
        return f"it has a {kind}"
    return None


@settings(
    max_examples=FUZZ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(TEXTS)
@example("SELECT (SHOW TABLES)")
@example("SELECT ARRAY(SUMMARIZE t)")
@example("FROM LATERAL glob('*')")
@example("FROM view('t')")
@example("SELECT * FROM ROWS FROM (read_csv('a'))")
@example("SELECT * FROM (PIVOT t ON c USING sum(x))")
@example("SELECT E'\\'; DROP TABLE t; --'")
@example("SELECT '\\'; DROP TABLE t; --'")
def test_whatever_passes_is_one_select_of_tables_to_duckdb(sql):
    refused = refusal(sql)

    event("refused" if refused else "accepted")
    assert refused or objection(sql) is None
    assert seconds(sql) < 1
    for problem in refused.problems if refused else []:
        assert 0 <= problem.place.start <= problem.place.start + problem.place.length <= len(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SHOW TABLES",
        "FROM a.csv",
        "DROP TABLE t",
        "SELECT 1; SELECT 2",
        "FROM glob('*')",
        "SELECT $1",
    ],
)
def test_the_fuzz_would_notice(sql):
    assert objection(sql)


def test_a_lateral_that_breaks_off_is_refused():
    assert problems("FROM t, LATERAL main.")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text(st.sampled_from("SELECT1'\"-/*$;()\n\r\t\x00\u200b\ud800é")))
def test_no_text_makes_it_stumble(sql):
    refused = refusal(sql)

    assert refused is None or refused.problems


def test_only_parameters_that_have_a_value_may_be_used():
    sql = "SELECT a FROM t WHERE a >= $start AND a < $end"
    assert read_query(sql, parameters=["start", "end"]).sql == sql
    with pytest.raises(RefusedSqlError, match="a parameter has no value here") as caught:
        read_query(sql, parameters=["start"])
    assert sql[caught.value.problems[0].place.start :] == "$end"
