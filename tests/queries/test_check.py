"""What may run, and what is said of what may not."""

from __future__ import annotations

import pytest

from agnes.errors import SandboxError
from agnes.queries import Queries
from agnes.queries.check import check
from agnes.sandbox import Limits


@pytest.fixture(scope="module")
def queries():
    with Queries(Limits(seconds=5), workers=1) as opened:
        yield opened


def error_of(queries, sql, tables) -> SandboxError:
    with pytest.raises(SandboxError) as raised:
        queries.run(sql, tables)
    return raised.value


REFUSED = [
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "FROM read_csv_auto('/etc/passwd')",
    "SELECT 1; SELECT 2",
    "CREATE TABLE x (a INT)",
    "ATTACH 'x.duckdb'",
    "DROP TABLE orders",
    "FROM parquet_scan('x.parquet')",
    "FROM query_table(['orders'])",
    "FROM information_schema.tables",
    "FROM duckdb_tables()",
    "FROM duckdb_columns()",
    "FROM duckdb_databases()",
    "FROM read_parquet('../../x.parquet')",
    "SELECT * FROM pragma_table_info('orders')",
    "FROM 'x.parquet'",
    'FROM "x.parquet"',
    "SELECT '\ud800'",
    "",
    "-- nothing",
    "SELECT $1",
    "SELECT " + "(" * 5000,
]


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: ascii(sql[:40]))
def test_what_is_not_one_select_of_tables_is_refused_with_a_reason(queries, tables, sql):
    error = error_of(queries, sql, tables)

    assert error.kind == "refused"
    assert error.message


def test_a_refusal_says_where_and_what_to_write_instead(queries, tables):
    error = error_of(queries, "SELECT * FROM read_csv('x')", tables)

    assert (error.position, error.hint) == (14, "read tables alone")
    assert "read_csv" in error.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 as test, 'hello' as msg",
        "WITH t AS (SELECT 1 AS a) SELECT * FROM t",
        "SELECT\n1;",
        "SELECT 'update ; drop table' AS identity, 1 AS valid_id",
        "FROM orders SELECT id QUALIFY row_number() OVER (ORDER BY id) = 1",
    ],
)
def test_a_plain_select_runs(queries, tables, sql):
    assert queries.run(sql, tables).rows


def test_sql_that_only_duckdb_can_parse_runs(queries, tables):
    assert queries.run("SELECT 5! AS x", tables).rows == ((120,),)


def test_a_table_may_be_called_like_a_file():
    check('FROM "report.csv"', {"report.csv"})
    with pytest.raises(SandboxError, match=r"'other.csv' is a file"):
        check('FROM "other.csv"', {"report.csv"})


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("FROM order", None),
        ("FROM orderz", "did you mean orders?"),
        ("FROM in.c-crm.company", None),
        ('FROM "in.c-crm"."company"', 'a name with dots needs quotes: "in.c-crm.company"'),
        ("FROM xyz", 'you may read "in.c-crm.company", orders'),
        ("SELECT amout FROM orders", "there is: amount"),
        ("SELECT upper(1, 2)", "there is: upper(string VARCHAR) -> VARCHAR"),
    ],
)
def test_what_does_not_exist_is_an_error_with_a_remedy(queries, tables, sql, hint):
    error = error_of(queries, sql, tables)

    assert error.kind == "failed"
    assert error.hint == hint


def test_a_table_that_may_not_be_read_looks_like_one_that_does_not_exist(queries, tables):
    granted = {"orders": tables["orders"]}

    hidden = error_of(queries, 'FROM "in.c-crm.company"', granted)
    unknown = error_of(queries, 'FROM "in.c-crm.nothing"', granted)

    said = hidden.message.replace("company", "nothing")
    assert (said, hidden.hint) == (unknown.message, unknown.hint)
    assert hidden.candidates == unknown.candidates == ()
    assert error_of(queries, "FROM company", granted).hint == "you may read orders"
    assert error_of(queries, "FROM xyz", {}).hint == "there is no table that you may read"
