"""Sessions with an engine: what they refuse, what they say, and what they never say."""

from __future__ import annotations

import sys
from datetime import date, datetime
from decimal import Decimal
from threading import Timer

import psycopg
import pytest

from agnes.engines import open_engine
from agnes.engines.values import type_of
from agnes.errors import SandboxError, UnavailableError, UsageError
from agnes.sandbox import Column, Limits

SECRET = "hunter2"


def failure(engine, sql: str, parameters=None) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        engine.query(sql, parameters)
    return caught.value


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "postgres:db"])
def test_a_wrong_address_is_refused_with_an_example(url):
    with pytest.raises(UsageError, match="the address of the engine must") as caught:
        open_engine(url)
    assert "postgres://" in str(caught.value.hint)


def test_without_ibis_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(UnavailableError, match="need Ibis") as caught:
        open_engine("postgres://host/db")
    assert caught.value.hint == "pip install 'agnes[engines]'"


def test_without_a_driver_the_remedy_is_named():
    with pytest.raises(UnavailableError, match="the driver for trino:// is not") as caught:
        open_engine("trino://host/db")
    assert "\n" not in caught.value.message
    assert caught.value.hint == "pip install 'ibis-framework[trino]'"


def test_where_nothing_answers_the_password_is_not_said():
    with pytest.raises(UnavailableError, match="does not answer") as caught:
        open_engine(f"postgres://ada:{SECRET}@127.0.0.1:1/db")
    assert SECRET not in caught.value.message
    assert "postgres://ada@127.0.0.1:1/db" in caught.value.message


def test_what_a_driver_says_is_said_without_the_password(postgres_url):
    url = postgres_url.replace("postgres:@", f"postgres:{SECRET}@")
    with open_engine(url) as engine:
        assert SECRET not in engine.name
        error = failure(engine, f"SELECT CAST('{SECRET}' AS DECIMAL(4, 2)) AS x")
    assert error.kind == "failed"
    assert SECRET not in error.message
    assert "***" in error.message


def test_columns_have_the_types_of_duckdb(postgres_engine, duckdb_engine):
    assert postgres_engine.columns("facts") == duckdb_engine.columns("facts")
    assert postgres_engine.columns("Facts") == duckdb_engine.columns("facts")
    assert postgres_engine.columns("in.c-crm.company")[1] == Column("seats", "BIGINT")


def test_a_table_that_is_not_there_is_named(postgres_engine):
    error = failure(postgres_engine, "SELECT n FROM nowhere")
    assert (error.kind, error.message) == (
        "failed",
        "postgres has no table 'nowhere' that can be read here",
    )


def test_a_column_that_is_not_there_is_named(postgres_engine):
    error = failure(postgres_engine, "SELECT nothing FROM facts")
    assert error.kind == "failed"
    assert 'column "nothing" does not exist' in error.message


def test_an_error_leaves_the_session_in_order(postgres_engine):
    failure(postgres_engine, "SELECT n / n AS x FROM facts WHERE n = 0")
    assert postgres_engine.query("SELECT 1 AS x").rows == ((1,),)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE facts",
        "SELECT 1; DROP TABLE facts",
        "WITH x AS (DELETE FROM facts RETURNING n) SELECT n FROM x",
        "SELECT pg_sleep(1)",
        "SELECT setting FROM pg_settings",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT LIST(n) FROM facts",
    ],
)
def test_only_a_select_that_can_be_translated_is_sent(postgres_engine, sql):
    assert failure(postgres_engine, sql).kind == "refused"


def test_the_session_cannot_write(postgres_engine):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        postgres_engine._session.connection.raw_sql("CREATE TABLE x (n INT)")


def test_a_query_that_takes_too_long_is_ended(postgres_url):
    with open_engine(postgres_url, Limits(seconds=0.2)) as engine:
        error = failure(engine, "SELECT COUNT(*) AS n FROM events a, events b, events c")
    assert (error.kind, error.message) == ("timeout", "it took longer than 0.2 seconds")


def test_a_query_is_ended_from_another_thread_and_none_is_begun_after(postgres_url):
    with open_engine(postgres_url, Limits(seconds=60)) as engine:
        Timer(0.3, engine.cancel).start()
        error = failure(engine, "SELECT COUNT(*) AS n FROM events a, events b, events c")
        assert (error.kind, error.message) == ("crashed", "the query was cancelled")
        assert failure(engine, "SELECT 1 AS x").message == "the query was cancelled"


def test_a_query_is_bound_and_not_run_when_no_rows_are_asked_for(postgres_engine):
    sql = "SELECT SUM(n / n) AS x FROM facts"
    assert failure(postgres_engine, sql).kind == "failed"
    found = postgres_engine.query(sql, limit=0)
    assert ([it.name for it in found.columns], found.rows) == (["x"], ())


def test_what_is_sent_can_be_seen(postgres_engine):
    sent = postgres_engine.compile(
        "SELECT n FROM facts WHERE day >= $day", {"day": date(2025, 1, 1)}
    )
    assert "CAST('2025-01-01' AS DATE)" in sent


def test_rows_beyond_the_limit_are_said_to_be_there(postgres_engine):
    found = postgres_engine.query("SELECT id FROM facts ORDER BY id", limit=2)
    assert (found.rows, found.truncated) == (((1,), (2,)), True)
    found = postgres_engine.query("SELECT id FROM facts ORDER BY id LIMIT 2", limit=2)
    assert (found.rows, found.truncated) == (((1,), (2,)), False)


def test_a_parameter_without_a_value_is_refused(postgres_engine):
    assert "has no value" in failure(postgres_engine, "SELECT n FROM facts WHERE n = $n").message


def test_a_parameter_that_no_literal_is_of_is_refused(postgres_engine):
    error = failure(postgres_engine, "SELECT $x AS y", {"x": [1]})
    assert (error.kind, error.message) == ("refused", "a value of type list cannot be bound")


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("date", [], "DATE"),
        ("decimal", [Decimal("1.50"), None], "DECIMAL(38,2)"),
        (None, [None], '"NULL"'),
        (None, [True, None], "BOOLEAN"),
        (None, [3], "BIGINT"),
        (None, [Decimal("1.5"), 2], "DECIMAL(38,1)"),
        (None, [datetime(2025, 1, 1)], "TIMESTAMP"),  # noqa: DTZ001
        (None, [date(2025, 1, 1)], "DATE"),
        (None, ["a"], "VARCHAR"),
    ],
)
def test_a_column_has_the_type_of_its_kind_or_of_its_values(kind, values, expected):
    assert type_of(kind, values) == expected
