"""SQL for other engines: what is put in another way, and what is refused by its name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from agnes.demo.schema import SCHEMAS
from agnes.errors import UntranslatableError, UsageError
from agnes.sql.problem import RefusedSqlError
from agnes.sql.transpile import DIALECTS, translate, transpile
from tests.compute.conftest import METRICS

COLUMNS = {
    "day": "DATE",
    "moment": "TIMESTAMP",
    "amount": "DECIMAL(18,2)",
    "ratio": "DOUBLE",
    "n": "BIGINT",
    "name": "VARCHAR",
    "flag": "BOOLEAN",
    "odd": "STRUCT(a INTEGER)",
}


def schema(table: str) -> dict[str, str]:
    return COLUMNS


def said(sql: str, dialect: str = "postgres", **parameters) -> str:
    """A translation on one line."""
    return " ".join(transpile(sql, dialect, parameters, schema).split())


def refused(sql: str, dialect: str = "postgres") -> str:
    with pytest.raises(UntranslatableError) as caught:
        transpile(sql, dialect, {}, schema)
    assert dialect in caught.value.message
    assert caught.value.construct in caught.value.message
    return caught.value.construct


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_dialect_quotes_is_a_whole_table_name(dialect):
    text = transpile('SELECT n FROM main."in.c-crm.company"', dialect, {}, schema)
    [table] = sqlglot.parse_one(text, dialect=dialect).find_all(exp.Table)
    assert "in.c-crm.company" in table.sql(dialect=dialect)


def test_a_division_is_one_of_doubles():
    assert "CAST(n AS DOUBLE) / CAST(2 AS DOUBLE)" in said("SELECT n / 2 FROM t", "snowflake")


def test_a_division_by_zero_does_not_become_null():
    assert "NULLIF" not in said("SELECT n / ratio FROM t")


def test_texts_are_compared_by_their_bytes_in_postgres():
    assert 'MIN("name" COLLATE "C")' in said("SELECT MIN(name) AS x FROM t")
    assert '"name" COLLATE "C" < ' in said("SELECT name < 'a' AS x FROM t")
    assert 'ORDER BY "name" COLLATE "C"' in said("SELECT name FROM t ORDER BY name")
    assert "COLLATE" not in said("SELECT MIN(n) AS x, MAX(day) AS y FROM t ORDER BY x")


def test_a_text_beside_a_date_is_a_date():
    range_ = "day BETWEEN '2025-01-01' AND '2025-01-31'"
    assert "CAST('2025-01-31' AS DATE)" in said(f"SELECT n FROM t WHERE {range_}", "trino")
    assert "DATE" in said("SELECT n FROM t WHERE day = '2025-01-01'", "spark")
    assert refused("SELECT n FROM t WHERE day > '1/2/2025'") == "CAST of text to DATE"


def test_nothing_is_ordered_last_as_in_duckdb():
    assert "NULLS LAST" in said("SELECT n FROM t ORDER BY n DESC", "postgres")
    assert "NULLS LAST" in said("SELECT n FROM t ORDER BY n ASC", "spark")


def test_the_greatest_of_nothing_is_what_is_there():
    assert "COALESCE(GREATEST" in said("SELECT GREATEST(n, 1) AS x FROM t", "trino")


def test_trino_groups_by_the_place_of_an_alias_and_not_of_a_column():
    sql = "SELECT DATE_TRUNC('month', day) AS m, name, SUM(n) FROM t GROUP BY m, name"
    text = said(sql, "trino")
    assert 'GROUP BY 1, "name"' in text


def test_without_filter_what_is_left_out_becomes_null():
    text = said("SELECT COUNT(DISTINCT n) FILTER (WHERE flag) AS x FROM t", "bigquery")
    assert "COUNT(DISTINCT CASE WHEN `flag` THEN `n` END)" in text
    text = said("SELECT COUNT(*) FILTER (WHERE flag) AS x FROM t", "snowflake")
    assert "COUNT(CASE WHEN flag THEN 1 END)" in text


@pytest.mark.parametrize(
    ("sql", "construct"),
    [
        ("SELECT LIST(n) FROM t", "LIST"),
        ("SELECT ARG_MAX(n, day) FROM t", "ARG_MAX"),
        ("SELECT STRING_AGG(name, ',') FROM t", "STRING_AGG"),
        ("SELECT APPROX_COUNT_DISTINCT(n) FROM t", "APPROX_COUNT_DISTINCT"),
        ("SELECT n // 2 FROM t", "//"),
        ("SELECT MY_FUNCTION(n) FROM t", "MY_FUNCTION"),
        ("SELECT TRY_CAST(name AS INT) FROM t", "TRY_CAST"),
        ("SELECT CAST(ratio AS INT) FROM t", "CAST of double to INT"),
        ("SELECT CAST(name AS DATE) FROM t", "CAST of text to DATE"),
        ("SELECT CAST(ratio AS VARCHAR) FROM t", "CAST of double to TEXT"),
        ("SELECT name || n FROM t", "|| of what is not known to be text"),
        (
            "SELECT name LIKE 'a\\_b' FROM t",
            "LIKE of a pattern that is computed or has a backslash",
        ),
        ("SELECT MEDIAN(amount) FROM t", "MEDIAN of what is not known to be a DOUBLE or INTEGER"),
        ("SELECT moment - moment FROM t", "- of what is not known to be numbers"),
        ("SELECT DATE_DIFF('week', day, day) FROM t", "DATE_DIFF by WEEK"),
        ("SELECT DATE_TRUNC('decade', day) FROM t", "DATE_TRUNC by DECADE"),
        ("SELECT EXTRACT(dow FROM day) FROM t", None),
        ("SELECT * EXCLUDE (n) FROM t", "* EXCLUDE"),
        ("SELECT n, COUNT(*) FROM t GROUP BY CUBE (n)", None),
        ("SELECT n FROM t SEMI JOIN u USING (n)", "SEMI JOIN"),
        ("SELECT n FROM t ASOF JOIN u USING (n)", "JOIN METHOD"),
        ("SELECT [1, 2] FROM t", "ARRAY"),
        ("SELECT odd.a FROM t TABLESAMPLE 10%", None),
        ("SELECT n FROM t LIMIT 10%", None),
        ("SELECT UNNEST([1, 2]) FROM t", "UNNEST"),
        ("SELECT n, UNNEST(GENERATE_SERIES(1, 3)) FROM t", "UNNEST beside other columns"),
        (
            "SELECT UNNEST(GENERATE_SERIES(MIN(day), MAX(day), INTERVAL 1 MONTH)) FROM t",
            "GENERATE_SERIES by months from a day that may be the 29th or later",
        ),
        ("SELECT MIN(odd) FROM t", "MIN of values of an unknown type"),
        ("WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a) FROM a", None),
        ("SELECT SUM(n ORDER BY day) FROM t", "ORDER BY within SUM"),
        ("SELECT n FROM t ORDER BY ALL", None),
        ("SELECT CAST(n AS HUGEINT) FROM t", "CAST of integer to INT128"),
        ("SELECT DISTINCT ON (n) n, day FROM t ORDER BY day", "DISTINCT ON"),
    ],
)
def test_what_has_no_equal_elsewhere_is_refused_by_its_name(sql, construct):
    assert construct in (refused(sql), None)


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("SELECT MEDIAN(ratio) FROM t", "trino"),
        ("SELECT MEDIAN(ratio) FROM t", "bigquery"),
        ("SELECT DATE_DIFF('minute', moment, moment) FROM t", "bigquery"),
        ("SELECT BOOL_AND(flag) FILTER (WHERE n > 1) FROM t", "snowflake"),
    ],
)
def test_what_one_engine_lacks_is_refused_there(sql, dialect):
    refused(sql, dialect)
    transpile(sql, "postgres", {}, schema)


def test_what_depends_on_a_type_is_refused_where_the_type_is_not_known():
    with pytest.raises(UntranslatableError, match="AVG of what is not known") as caught:
        transpile("SELECT AVG(n) FROM t", "postgres")
    assert caught.value.hint == "write CAST(... AS DOUBLE)"


def test_a_name_that_means_two_kinds_has_none():
    sql = "WITH a AS (SELECT name AS n FROM t) SELECT a.n < 'x' AS y, AVG(t.n) AS z FROM a, t"
    with pytest.raises(UntranslatableError, match="AVG"):
        transpile(sql, "postgres", {}, schema)


def test_only_one_select_that_reads_tables_is_translated():
    for sql in ("DROP TABLE t", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')"):
        with pytest.raises(RefusedSqlError):
            transpile(sql, "postgres", {}, schema)


def test_the_columns_have_the_names_and_kinds_that_duckdb_gives_them():
    sql = "SELECT DATE_TRUNC('month', day) AS Month, n / 2 AS half, SUM(amount) FROM t GROUP BY ALL"
    found = translate(sql, "spark", {}, schema)
    assert found.names == ["Month", "half", ""]
    assert found.kinds == ["timestamp", "double", "decimal"]


def test_rows_are_limited_by_the_smaller_limit():
    for written, wanted in [("", 7), (" LIMIT 3", 3), (" LIMIT 30", 7)]:
        text = translate(f"SELECT n FROM t{written}", "postgres", {}, schema, rows=7).sql
        assert text.split()[-1] == str(wanted)


LITERALS = {
    "$x": [
        (None, "NULL"),
        (True, "TRUE"),
        (-3, "( -3 )"),
        (Decimal("-0.50"), "CAST('-0.50' AS DECIMAL(2, 2))"),
        (1.5, "CAST('1.5' AS DOUBLE PRECISION)"),
        (date(2025, 1, 31), "CAST('2025-01-31' AS DATE)"),
        (datetime(2025, 1, 31, 12), "CAST('2025-01-31 12:00:00' AS TIMESTAMP)"),  # noqa: DTZ001
        (
            datetime(2025, 1, 31, 12, tzinfo=UTC),
            "CAST('2025-01-31 12:00:00+00:00' AS TIMESTAMPTZ)",
        ),
    ]
}


@pytest.mark.parametrize(("value", "text"), LITERALS["$x"])
def test_a_parameter_becomes_a_literal_of_its_type(value, text):
    assert said("SELECT $x AS y FROM t", x=value) == f'SELECT {text} AS "y" FROM "t"'


@pytest.mark.parametrize("value", [float("nan"), Decimal("inf"), b"x", [1], "\0", Decimal(10**40)])
def test_what_has_no_literal_is_not_bound(value):
    with pytest.raises(UsageError):
        said("SELECT $x AS y FROM t", x=value)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_that_is_bound_is_read_as_that_text_in_every_dialect(text):
    for dialect in DIALECTS:
        written = transpile("SELECT $x AS y FROM t", dialect, {"x": text}, schema)
        tree = sqlglot.parse_one(written, dialect=dialect)
        [found] = tree.expressions
        assert isinstance(found.this, exp.Literal)
        assert found.this.name == text


@pytest.mark.parametrize("dialect", ["postgres", "spark", "snowflake"])
def test_every_starter_query_is_sql_there(dialect, demo_schema):
    for metric in METRICS.values():
        for sql in [metric.sql, *metric.sql_variants.values()]:
            sqlglot.parse_one(transpile(sql, dialect, {}, demo_schema), dialect=dialect)


def test_trino_and_bigquery_lack_the_median_alone(demo_schema):
    for dialect in ("trino", "bigquery"):
        lacking = set()
        for metric_id, metric in METRICS.items():
            try:
                transpile(metric.sql, dialect, {}, demo_schema)
            except UntranslatableError:
                lacking.add(metric_id)
        assert lacking == {"operations/support_resolution_time"}


@pytest.fixture(scope="module")
def demo_schema():
    return SCHEMAS.__getitem__
