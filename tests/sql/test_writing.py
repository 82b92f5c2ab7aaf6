"""Trees back into text."""

from __future__ import annotations

import pytest

from agnes.sql.gate import read_query
from agnes.sql.writing import identifier, survives, write
from tests.compute.conftest import METRICS

QUERIES = [sql for it in METRICS.values() for sql in (it.sql, *it.sql_variants.values())]


@pytest.mark.parametrize("sql", QUERIES)
def test_every_starter_query_survives_and_is_written_the_same_twice(sql):
    query = read_query(sql)
    assert survives(query)
    assert write(read_query(write(query.tree)).tree) == write(query.tree)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ANY_VALUE(a, b) FROM t",  # the reader forgets b
        "SELECT a ~ 'x' FROM t",  # is written as another function
        "SELECT today() FROM t",
    ],
)
def test_a_query_that_would_lose_something_does_not(sql):
    assert not survives(read_query(sql))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("region", "region"),
        ("order", '"order"'),
        ("in.c-crm", '"in.c-crm"'),
        ('a"b', '"a""b"'),
        ("2nd", '"2nd"'),
    ],
)
def test_names_have_quotes_where_they_need_them(name, written):
    assert write(identifier(name)) == written
