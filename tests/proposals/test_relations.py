"""Keys and references, by name."""

from __future__ import annotations

import pytest

from agnes.proposals.relations import key_of, reference_of, uses_of


@pytest.mark.parametrize(
    ("table_id", "registered", "columns", "expected"),
    [
        ("orders", "order_no", ["id", "order_no"], "order_no"),
        ("orders", "day, shop", ["id"], None),
        ("orders", "", ["name", "id"], "id"),
        ("orders", None, ["customer_id", "order_id"], "order_id"),
        ("in.c-crm.companies", None, ["companyId"], "companyId"),
        ("orders", None, ["customer_id"], None),
    ],
)
def test_the_key_of_a_table(table_id, registered, columns, expected):
    assert key_of({"id": table_id, "primary_key": registered}, columns) == expected


KEYS = {"users": "id", "in.c-crm.accounts": "account_id", "orders": "order_id"}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("user_id", ("users", "id")),
        ("requester_user_id", ("users", "id")),
        ("accountId", ("in.c-crm.accounts", "account_id")),
        ("id", None),
        ("order_id", None),
        ("plan_id", None),
    ],
)
def test_what_a_column_refers_to(column, expected):
    assert reference_of("orders", column, KEYS) == expected


def test_metrics_read_columns_in_roles():
    metric = {
        "id": "revenue/mrr",
        "table_name": "orders",
        "tables": None,
        "expression": "SUM(Amount)",
        "dimensions": ["region"],
        "time_column": "paid_at",
        "unit": "USD",
    }

    uses = uses_of([metric, metric | {"table_name": "others"}], "in.c-shop.orders")

    roles = {name: use[0].role for name, use in uses.items()}
    assert roles["amount"] == "measure"
    assert (roles["region"], roles["paid_at"], len(uses["amount"])) == ("dimension", "time", 1)
