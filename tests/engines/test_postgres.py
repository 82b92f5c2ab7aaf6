"""The same SQL gives the same on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.compute.conftest import METRICS
from tests.engines.equality import (
    CONSTRUCTS,
    PARAMETERS,
    STARTER,
    TEXTS,
    assert_derived_equal,
    assert_equal,
    starter_sql,
)


@pytest.mark.parametrize(("metric_id", "variant"), STARTER)
def test_every_starter_query_gives_what_duckdb_gives(
    postgres_engine, duckdb_engine, metric_id, variant
):
    sql = starter_sql(metric_id, variant)
    assert_equal(postgres_engine.query(sql), duckdb_engine.query(sql))


@pytest.mark.parametrize("metric_id", METRICS)
def test_what_is_derived_gives_what_duckdb_gives(postgres_engine, duckdb_engine, metric_id):
    assert_derived_equal(postgres_engine, duckdb_engine, METRICS[metric_id])


@pytest.mark.parametrize("sql", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_that_engines_understand_differently_gives_what_duckdb_gives(
    postgres_engine, duckdb_engine, sql
):
    assert_equal(postgres_engine.query(sql), duckdb_engine.query(sql))


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_the_value_and_the_type_it_was_given(postgres_engine, duckdb_engine, name):
    column = "id" if name == "nothing" else name
    sql = f"SELECT id FROM facts WHERE {column} = ${name} ORDER BY id"
    bound = {name: PARAMETERS[name]}
    assert_equal(postgres_engine.query(sql, bound), duckdb_engine.query(sql, bound))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_bound_stays_a_text(postgres_engine, text):
    assert postgres_engine.query("SELECT $text AS x", {"text": text}).rows == ((text,),)
