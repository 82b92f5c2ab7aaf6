"""Telling Keboola of columns."""

from __future__ import annotations

import copy
import json

import pytest

from agnes.keboola import Pushed, full_id, push_columns
from agnes.model.table import Column
from tests.keboola.stack import TOKEN

COLUMNS = {
    "id": Column(basetype="INTEGER", description="The company's number"),
    "name": Column(description="As it is registered"),
    "paid": Column(),
}


def test_a_table_is_pushed_by_one_request_as_the_contract_says(stack, storage):
    assert push_columns(storage, "in.c-crm.company", COLUMNS) == Pushed(2)
    (asked,) = stack.asked
    assert asked.path == "/v2/storage/tables/in.c-crm.company/metadata"
    assert asked.headers["x-storageapi-token"] == TOKEN
    assert json.loads(asked.body) == {
        "provider": "ai-metadata-enrichment",
        "metadata": [],
        "columnsMetadata": {
            "id": [
                {"columnName": "id", "key": "KBC.datatype.basetype", "value": "INTEGER"},
                {"columnName": "id", "key": "KBC.description", "value": "The company's number"},
            ],
            "name": [
                {"columnName": "name", "key": "KBC.description", "value": "As it is registered"}
            ],
        },
    }


def test_what_other_providers_said_stays(stack, storage):
    table = stack.tables["in.c-crm.company"]
    before = copy.deepcopy(table.column_metadata)
    push_columns(storage, table.id, COLUMNS)
    push_columns(storage, table.id, COLUMNS)
    others = {
        name: [entry for entry in entries if entry["provider"] != "ai-metadata-enrichment"]
        for name, entries in table.column_metadata.items()
    }
    assert {name: entries for name, entries in others.items() if entries} == before
    assert len(table.column_metadata["id"]) == len(before["id"]) + 2


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_refusal_is_the_tables_own(stack, storage, status):
    stack.add("in.c-crm.deal", ["id"])
    stack.fail(r"company/metadata", status, times=9)
    failed = push_columns(storage, "in.c-crm.company", COLUMNS)
    assert failed.pushed == 0
    assert len(failed.errors) == 1
    assert "in.c-crm.company" in failed.errors[0]
    assert push_columns(storage, "in.c-crm.deal", COLUMNS) == Pushed(2)
    assert len(stack.asked) == 2


def test_a_push_that_failed_can_be_done_again(stack, storage):
    stack.fail("metadata", 500, times=4)
    assert push_columns(storage, "in.c-crm.company", COLUMNS).pushed == 0
    assert push_columns(storage, "in.c-crm.company", COLUMNS) == Pushed(2)


def test_an_answer_that_was_lost_does_no_harm(stack, storage):
    stack.fail("metadata", -1)
    assert push_columns(storage, "in.c-crm.company", COLUMNS) == Pushed(2)
    assert len(stack.tables["in.c-crm.company"].column_metadata["name"]) == 1


def test_nothing_known_is_nothing_asked(stack, storage):
    assert push_columns(storage, "in.c-crm.company", {"id": Column()}) == Pushed(0)
    assert stack.asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("company", "in.c-crm", None), "in.c-crm.company"),
        (("orders", "in.c-crm", "company"), "in.c-crm.company"),
        (("orders", "in.c-crm", "in.c-crm.company"), "in.c-crm.company"),
        (("orders", None, "in.c-crm.company"), "in.c-crm.company"),
        (("in.c-crm.company", None, None), "in.c-crm.company"),
    ],
)
def test_a_tables_full_id_has_its_bucket(address, expected):
    assert full_id(*address) == expected
