"""What is proposed of tables, from their data."""

from __future__ import annotations

import pytest

from agnes.describe import Rules, Said
from agnes.errors import NotFoundError, UnavailableError
from agnes.model.proposal import Proposal
from tests.proposals.conftest import discovered
from tests.queries.conftest import write_parquet


class Broken:
    name = "broken"

    def describe(self, _table):
        raise UnavailableError("nobody there")


class Chatty:
    name = "chatty"

    def __init__(self):
        self.seen = {}

    def describe(self, table):
        self.seen[table.id] = table
        return {name: Said("Said by a model", "medium") for name in table.wanted}


def test_columns_that_are_not_known_are_proposed_with_evidence(shop):
    found = discovered(shop, Rules())

    orders = found.proposal.tables["orders"]
    assert orders.sampled == 500
    assert {name: it.basetype for name, it in orders.columns.items()} == {
        "order_id": "INTEGER",
        "customer_id": "STRING",
        "total": "NUMERIC",
        "created_at": "TIMESTAMP",
        "paid": "BOOLEAN",
        "code": "STRING",
    }
    assert orders.columns["customer_id"].description == "The customer, refers to customers"
    assert "refers to customers.customer_id: all of its values are there" in (
        orders.columns["customer_id"].evidence
    )
    assert "metric revenue/total uses it as its time" in orders.columns["created_at"].evidence
    assert "the catalog says INTEGER, the values look like BOOLEAN" in (
        orders.columns["paid"].evidence
    )
    assert (found.problems, found.notes) == ({}, [])
    Proposal.model_validate(found.proposal.to_yaml())


def test_personal_data_are_marked_and_shown_to_nobody(shop):
    chatty = Chatty()

    email = discovered(shop, chatty).proposal.tables["customers"].columns["email"]

    assert email.pii
    facts = {it.name: it for it in chatty.seen["customers"].columns}
    assert (facts["email"].sensitive, facts["email"].samples) == ("email", [])
    assert "@" not in " ".join(email.evidence)


def test_what_the_catalog_marks_as_personal_is_shown_to_nobody_either(shop):
    shop.write("tables/customers.yml", "id: customers\ncolumns:\n  customer_id: {pii: true}\n")
    shop.commit()
    chatty = Chatty()

    proposed = discovered(shop, chatty, "customers").proposal.tables["customers"]

    facts = {it.name: it for it in chatty.seen["customers"].columns}
    assert facts["customer_id"].samples == []
    assert proposed.columns["customer_id"].pii


def test_descriptions_that_are_there_stay(shop):
    chatty = Chatty()

    proposed = discovered(shop, chatty, "orders").proposal.tables["orders"]

    assert "note" not in proposed.columns
    assert "note" not in chatty.seen["orders"].wanted
    assert proposed.columns["total"].description == "Said by a model"


def test_where_nothing_is_open_nothing_is_proposed(shop):
    known = discovered(shop, Chatty()).proposal
    for table_id, table in known.tables.items():
        lines = "".join(
            f"  {name}: {{basetype: {it.basetype}, description: x, pii: {str(it.pii).lower()}}}\n"
            for name, it in table.columns.items()
        )
        note = "  note: {basetype: STRING, description: x}\n" if table_id == "orders" else ""
        shop.write(f"tables/{table_id}.yml", f"id: {table_id}\ncolumns:\n{lines}{note}")
    shop.commit()

    assert discovered(shop, Chatty()).columns == []


def test_a_describer_that_fails_leaves_it_to_the_rules(shop):
    found = discovered(shop, Broken())

    assert found.notes == ["described by rules only: customers, orders: nobody there"]
    assert found.proposal.tables["orders"].columns["order_id"].description


def test_a_table_that_is_not_registered_names_the_nearest(shop):
    with pytest.raises(NotFoundError) as error:
        discovered(shop, Rules(), "order")

    assert "orders" in error.value.hint


def test_what_cannot_be_read_is_named_and_the_others_go_on(shop):
    data = shop.path / "data" / "parquet"
    customers = data / "customers.parquet"
    customers.write_bytes(customers.read_bytes()[:200])
    shop.write("tables/elsewhere.yml", "id: elsewhere\n")
    shop.commit()

    found = discovered(shop, Rules())

    assert "customers.parquet" in found.problems["customers"]
    assert str(data) not in found.problems["customers"]
    assert found.problems["elsewhere"] == "no data at hand"
    assert found.proposal.tables.keys() == {"orders"}


def test_files_of_no_registered_table_are_told(shop):
    write_parquet(shop.path / "data" / "parquet" / "stray.parquet", "SELECT 1 AS x")

    assert "stray" in discovered(shop, Rules()).notes[0]


def test_odd_columns_are_columns_too(shop):
    write_parquet(
        shop.path / "data" / "parquet" / "customers.parquet",
        """SELECT 1 AS "select", 2 AS "a""b", 3 AS "🦆", 4 AS "two
lines", {'a': [1]} AS nested, NULL::INTEGER AS nothing, 'x'::BLOB AS bytes, 5 AS n, 6 AS c0""",
    )

    columns = discovered(shop, Rules(), "customers").proposal.tables["customers"].columns

    assert list(columns) == [
        *("select", 'a"b', "🦆", "two\nlines", "nested", "nothing", "bytes", "n", "c0")
    ]
    assert columns["nested"].basetype == "STRING"
    assert (columns["nothing"].basetype, columns["nothing"].confidence) == ("INTEGER", "low")


def test_an_empty_table_is_proposed_with_little_confidence(shop):
    write_parquet(
        shop.path / "data" / "parquet" / "customers.parquet",
        "SELECT 'x' AS name, 1::BIGINT AS age WHERE false",
    )

    table = discovered(shop, Rules(), "customers").proposal.tables["customers"]

    assert table.sampled == 0
    assert {it.confidence for it in table.columns.values()} == {"low"}
