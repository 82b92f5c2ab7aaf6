"""The same SQL gives the same on Spark, with a driver and executors of their own processes.

PySpark is large and needs Java: `make test-spark` installs it beside the other requirements.
"""

from __future__ import annotations

import shutil
import time
from importlib.util import find_spec
from urllib.parse import urlencode

import pytest

from agnes.engines import open_engine
from agnes.errors import SandboxError
from agnes.sandbox import Limits
from tests.compute.conftest import METRICS
from tests.engines.data import fill_spark
from tests.engines.equality import (
    CONSTRUCTS,
    PARAMETERS,
    STARTER,
    TEXTS,
    assert_derived_equal,
    assert_equal,
    starter_sql,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(find_spec("pyspark") is None, reason="PySpark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.xdist_group("spark"),
]


@pytest.fixture(scope="module")
def spark_engine(tables, tmp_path_factory):
    settings = {
        "spark.master": "local-cluster[2,1,1024]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.locality.wait": "0s",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    with open_engine(f"pyspark://?{urlencode(settings)}", Limits(120, rows=200_000)) as engine:
        fill_spark(engine._session._spark, tables)
        yield engine


@pytest.mark.parametrize(("metric_id", "variant"), STARTER)
def test_every_starter_query_gives_what_duckdb_gives(
    spark_engine, duckdb_engine, metric_id, variant
):
    sql = starter_sql(metric_id, variant)
    assert_equal(spark_engine.query(sql), duckdb_engine.query(sql))


@pytest.mark.parametrize("metric_id", METRICS)
def test_what_is_derived_gives_what_duckdb_gives(spark_engine, duckdb_engine, metric_id):
    assert_derived_equal(spark_engine, duckdb_engine, METRICS[metric_id])


@pytest.mark.parametrize("sql", CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_that_engines_understand_differently_gives_what_duckdb_gives(
    spark_engine, duckdb_engine, sql
):
    assert_equal(spark_engine.query(sql), duckdb_engine.query(sql))


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_the_value_and_the_type_it_was_given(spark_engine, duckdb_engine, name):
    column = "id" if name == "nothing" else name
    sql = f"SELECT id FROM facts WHERE {column} = ${name} ORDER BY id"
    bound = {name: PARAMETERS[name]}
    assert_equal(spark_engine.query(sql, bound), duckdb_engine.query(sql, bound))


def test_texts_that_are_bound_stay_texts(spark_engine):
    bound = {f"t{at}": text for at, text in enumerate(TEXTS)}
    found = spark_engine.query(f"SELECT {', '.join(f'${name} AS {name}' for name in bound)}", bound)
    assert found.rows == (tuple(TEXTS),)


def test_instants_do_not_depend_on_the_time_zone_of_this_machine(
    spark_engine, duckdb_engine, monkeypatch
):
    sql = "SELECT id, DATE_TRUNC('hour', moment) AS x FROM facts ORDER BY id"
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert_equal(spark_engine.query(sql), duckdb_engine.query(sql))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_overflow_is_an_error(spark_engine):
    with pytest.raises(SandboxError) as caught:
        spark_engine.query("SELECT SUM(id * 9000000000000000000) AS x FROM facts")
    assert caught.value.kind == "failed"


def test_a_query_that_takes_too_long_is_ended(spark_engine, monkeypatch):
    monkeypatch.setattr(spark_engine._session, "limits", Limits(5))
    with pytest.raises(SandboxError, match="longer than 5 seconds") as caught:
        spark_engine.query(
            "SELECT COUNT(*) AS n FROM events AS a, events AS b WHERE a.event_id + b.event_id < 0"
        )
    assert caught.value.kind == "timeout"
