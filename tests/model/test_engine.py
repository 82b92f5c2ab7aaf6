from __future__ import annotations

import pytest
from pydantic import ValidationError

from agnes.model.catalog import Settings
from agnes.model.engine import split_url, without_secrets

SECRET = "hunter2"


@pytest.mark.parametrize(
    "url",
    [
        "duckdb",
        "postgres://ada@db.example.com:5432/warehouse/marts",
        "postgresql:///warehouse?host=/run/postgresql",
        "pyspark://?spark.master=local[*]",
        "trino://ada@trino.example.com:8080/hive/default",
        "bigquery://project/dataset",
        "snowflake://ada@account/database/schema?warehouse=small",
    ],
)
def test_an_engine_has_an_address(url):
    assert Settings.model_validate({"engine": url}).engine == url
    assert without_secrets(url).removesuffix("://") == url.removesuffix("://")


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "host/db", "file:///etc/passwd", "postgres:db", "postgres://h:x/db"]
)
def test_what_is_no_address_of_an_engine_is_refused(url):
    with pytest.raises(ValidationError, match="must be"):
        Settings.model_validate({"engine": url})


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ada:{SECRET}@db.example.com/warehouse",
        f"snowflake://ada@account/db?password={SECRET}",
        f"trino://ada@host/hive?auth={SECRET}",
        f"snowflake://ada@account/db?private_key_passphrase={SECRET}",
    ],
)
def test_a_password_has_no_place_in_the_catalog_and_is_not_repeated(url):
    with pytest.raises(ValueError, match="has a password in it") as caught:
        Settings.model_validate({"engine": url})
    assert SECRET not in str(caught.value.errors()[0]["msg"])
    assert SECRET not in without_secrets(url)
    assert "ada" in without_secrets(url)


def test_a_refusal_does_not_repeat_what_may_hold_a_password():
    with pytest.raises(ValueError, match="must begin with") as caught:
        split_url(f"mysql://ada:{SECRET}@host/db")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("key", ["spark.jars", "spark.sql.hive.metastore.jars", "x"])
def test_a_catalog_sets_nothing_that_has_spark_load_code(key):
    with pytest.raises(ValidationError, match=f"sets {key} for everybody"):
        Settings.model_validate({"engine": f"pyspark://?spark.master=local&{key}=http://host/x"})
