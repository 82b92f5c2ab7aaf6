from __future__ import annotations

from agnes.load.older import complete
from agnes.load.pack import metric_from_fields, table_from_fields


def metric(**fields):
    return metric_from_fields({"name": "mrr", "category": "revenue", "sql": "SELECT 1", **fields})


def test_a_metric_keeps_what_the_database_does_not_know():
    there = metric(owner="Finance", tags=["board"], inputs=["revenue/arr"], unit="EUR")

    made = complete(metric(unit="USD", description="New"), there)

    assert (made.owner, made.tags, made.inputs) == ("Finance", ["board"], ["revenue/arr"])
    assert (made.unit, made.description) == ("USD", "New")


def test_what_the_database_does_say_counts():
    assert complete(metric(owner="Sales"), metric(owner="Finance")).owner == "Sales"


def test_what_the_database_says_no_more_is_gone():
    assert complete(metric(), metric(unit="EUR")).unit is None


def test_a_table_for_some_groups_does_not_become_public():
    there = table_from_fields({"id": "salaries", "access": {"groups": ["hr"]}})

    for said in ({}, {"is_public": True}, {"is_public": False}):
        made = complete(table_from_fields({"id": "salaries", **said}), there)
        assert (made.public, made.groups) == (False, ["hr"])


def test_a_column_with_personal_data_stays_one():
    there = table_from_fields({"id": "users", "columns": {"email": {"pii": True}}})
    read = table_from_fields(
        {"id": "users", "columns": {"email": {"basetype": "STRING"}, "age": {}}}
    )

    made = complete(read, there)

    assert {name: (c.basetype, c.pii) for name, c in made.columns.items()} == {
        "email": ("STRING", True),
        "age": (None, False),
    }
