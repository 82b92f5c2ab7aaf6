"""What the rules say of columns, and of which they say nothing."""

from __future__ import annotations

import pytest

from agnes.describe import Rules
from agnes.describe.facts import Use
from agnes.describe.vocabulary import singular
from tests.describe.conftest import column, table

SAID = [
    (column("order_id", "INTEGER", is_key=True), "Unique order: the key of the table"),
    (
        column("account_id", refers_to="accounts.id", refers_surely=True),
        "The account, refers to accounts",
    ),
    (
        column("requester_user_id", refers_to="in.c-crm.users.id"),
        "The requester user, refers to in.c-crm.users",
    ),
    (column("billing_email", sensitive="email"), "E-mail address (billing)"),
    (column("is_trial", "BOOLEAN"), "Whether the order is trial"),
    (column("hasAttachments", "BOOLEAN"), "Whether the order has attachments"),
    (column("paid", "BOOLEAN"), "Whether the order is paid"),
    (column("created_at", "TIMESTAMP"), "Time at which the order was created"),
    (
        column("shipped_on", "DATE", empty=40),
        "Day on which the order was shipped, empty until then",
    ),
    (column("contract_start", "DATE"), "Day on which the contract starts"),
    (column("birth_date", "DATE"), "Date of birth"),
    (column("amount_cents", "INTEGER"), "Amount, in the smallest unit of the currency"),
    (column("price_eur", "NUMERIC"), "Price in EUR"),
    (
        column("total_amount", "NUMERIC", uses=[Use("revenue/total", "measure", "USD")]),
        "Total amount in USD",
    ),
    (column("duration_ms", "INTEGER"), "Duration in milliseconds"),
    (column("item_count", "INTEGER"), "Number of items"),
    (column("num_of_retries", "INTEGER"), "Number of retries"),
    (column("lat", "FLOAT"), "Latitude in degrees, north is positive"),
    (
        column("country", values=["DE", "CZ"], distinct=90),
        "Country, as its code of two letters (ISO 3166)",
    ),
    (
        column("status", values=["paid", "open"], distinct=2),
        "Status: open or paid",
    ),
]
SILENT = [
    column("foo"),
    column("total_amount", "NUMERIC"),
    column("notes", values=["a", "b"], distinct=400),
    column("first_name", values=["Ada", "Grace"], distinct=2),
    column("x", "FLOAT"),
    column("value", "BOOLEAN"),
    column("date", "DATE"),
    column("🦆"),
    column("a\nb"),
    column("select"),
]


@pytest.mark.parametrize(("facts", "expected"), SAID, ids=lambda it: getattr(it, "name", ""))
def test_what_is_known_is_said(facts, expected):
    assert Rules().describe(table(facts))[facts.name].description == expected


@pytest.mark.parametrize("facts", SILENT, ids=lambda it: ascii(it.name))
def test_of_what_is_not_known_nothing_is_said(facts):
    assert Rules().describe(table(facts)) == {}


def test_an_amount_is_in_the_currency_that_a_neighbor_says():
    said = Rules().describe(table(column("price", "NUMERIC"), column("currency_code")))

    assert said["price"].description == "Price, in the currency that currency_code says"


def test_only_what_is_wanted_is_described():
    facts = table(column("created_at", "DATE"), column("paid_at", "DATE"))

    said = Rules().describe(type(facts)("orders", None, facts.columns, frozenset(["paid_at"])))

    assert said.keys() == {"paid_at"}


@pytest.mark.parametrize(
    ("several", "one"),
    [
        ("orders", "order"),
        ("companies", "company"),
        ("order items", "order item"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("status", "status"),
        ("data", "data"),
    ],
)
def test_one_of_several(several, one):
    assert singular(several) == one
