from __future__ import annotations

import pytest

from agnes.lineage.definition import Definition, Reading, read
from agnes.model.metric import Metric

COLUMNS = {"orders": ["id", "amount"], "users": ["id", "name"]}


def metric(**fields: object) -> Metric:
    return Metric.model_validate(
        {"name": "mrr", "category": "revenue", "sql": "SELECT amount FROM orders", **fields}
    )


def test_a_definition_is_made_of_a_metric_with_its_variants_and_tables():
    given = metric(
        sql_by_user="SELECT name FROM users",
        table="orders",
        tables=["orders", "users"],
        inputs=["revenue/arr"],
        meta={"used_by": ["Board report", "Sales dashboard"]},
    )
    assert Definition.of_metric(given) == Definition(
        "revenue/mrr",
        ("SELECT amount FROM orders", "SELECT name FROM users"),
        ("revenue/arr",),
        ("orders", "users"),
        ("Board report", "Sales dashboard"),
    )


@pytest.mark.parametrize(
    ("meta", "used_by"),
    [
        ({}, ()),
        ({"used_by": "Board report"}, ("Board report",)),
        ({"used_by": ["Board report", "Board report", " ", 7, None]}, ("Board report",)),
        ({"used_by": {"name": "Board report"}}, ()),
    ],
)
def test_used_by_is_a_text_or_a_list_of_texts(meta, used_by):
    assert Definition.of_metric(metric(meta=meta)).used_by == used_by


def test_a_reading_covers_the_variants_too():
    found = read(
        Definition("a/b", ("SELECT amount FROM orders", "SELECT name FROM users")), COLUMNS
    )
    assert found == Reading(
        {"orders": {"amount"}, "users": {"name"}}, {"amount": [("orders", "amount")]}
    )


def test_sql_that_cannot_be_read_reads_the_tables_that_it_names():
    found = read(Definition("a/b", ("SELEC amount FROM Users",), (), ("orders", "gone")), COLUMNS)
    assert found == Reading({"orders": {"*"}, "users": {"*"}, "gone": {"*"}}, {}, sure=False)


def test_a_mention_is_the_last_part_of_an_id():
    definition = Definition("a/b", ("SELECT 1 FROM Company",))
    assert definition.mentions("in.c-crm.company")
    assert not definition.mentions("in.c-crm.companies")
