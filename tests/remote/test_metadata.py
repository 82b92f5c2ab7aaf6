"""`da admin metadata show`."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("command", [("metadata", "show"), ("metadata-show",)])
def test_columns_are_shown(da, catalog, command):
    done = da("admin", *command, "orders", "--catalog", catalog.path)

    assert done.out.splitlines() == [
        "amount  NUMERIC  manual  manual",
        "month   DATE     manual  manual",
        "    The month",
    ]


def test_json_is_what_the_server_answers(da, catalog):
    found = da("admin", "metadata-show", "orders", "--json", "--catalog", catalog.path).json

    assert found["table_id"] == "orders"
    assert [column["column_name"] for column in found["columns"]] == ["amount", "month"]


def test_an_unknown_table_has_no_columns(da, catalog):
    done = da("admin", "metadata", "show", "none", "--catalog", catalog.path)

    assert (done.code, done.out) == (0, "No column metadata for table: none\n")
