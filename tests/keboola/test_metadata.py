"""Telling Keboola what is known of columns: by one request, or one for each column."""

from __future__ import annotations

import copy
import json

import pytest

from agnes.keboola import KeboolaError, Patience, Storage, full_id, push_columns
from tests.keboola.stack import TOKEN, running

TABLE = "in.c-crm.company"
OURS = "ai-metadata-enrichment"
WORDS = {
    "id": {"KBC.datatype.basetype": "INTEGER", "KBC.description": "The company's number"},
    "name": {"KBC.description": "As it is registered"},
}


def test_a_table_is_pushed_by_one_request_as_the_contract_says(stack, storage):
    assert push_columns(storage, TABLE, WORDS) == {}
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
    table = stack.tables[TABLE]
    before = copy.deepcopy(table.column_metadata)
    push_columns(storage, TABLE, WORDS)
    push_columns(storage, TABLE, WORDS)
    others = {
        name: [entry for entry in entries if entry["provider"] != OURS]
        for name, entries in table.column_metadata.items()
    }
    assert {name: entries for name, entries in others.items() if entries} == before
    assert stack.said(TABLE, OURS) == WORDS


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_tried_again_and_names_the_table(stack, storage, status):
    stack.fail("metadata", status, times=9)
    with pytest.raises(KeboolaError, match=r"in\.c-crm\.company") as raised:
        push_columns(storage, TABLE, WORDS)
    assert (raised.value.status, len(stack.asked)) == (status, 1)


@pytest.mark.parametrize("status", [404, 405])
def test_a_stack_that_does_not_know_whole_tables_is_told_column_by_column(stack, storage, status):
    stack.bulk = status
    assert push_columns(storage, TABLE, WORDS) == {}
    assert stack.said(TABLE, OURS) == WORDS
    assert [asked.path.removeprefix("/v2/storage/tables/") for asked in stack.asked] == [
        "in.c-crm.company/metadata",
        "in.c-crm.company/columns/id/metadata",
        "in.c-crm.company/columns/name/metadata",
    ]
    assert json.loads(stack.asked[1].body) == {
        "provider": "ai-metadata-enrichment",
        "metadata": [
            {"key": "KBC.datatype.basetype", "value": "INTEGER"},
            {"key": "KBC.description", "value": "The company's number"},
        ],
    }


@pytest.mark.parametrize("bulk", [0, 404])
def test_a_column_that_is_not_taken_is_named_and_the_others_are_taken(stack, storage, bulk):
    stack.bulk, stack.refused = bulk, {"id"}
    errors = push_columns(storage, TABLE, WORDS)
    assert list(errors) == ["id"]
    assert stack.said(TABLE, OURS) == {"name": WORDS["name"]}


def test_what_is_wrong_with_one_column_does_not_hide_the_others(stack, storage):
    strange = WORDS | {"gone": {"KBC.description": "Not there"}}
    errors = push_columns(storage, TABLE, strange)
    assert list(errors) == ["gone"]
    assert "404" in errors["gone"]
    assert stack.said(TABLE, OURS) == WORDS


def test_what_would_fail_for_all_columns_is_not_asked_for_each(stack, storage):
    stack.bulk = 404
    stack.fail("columns/id", 403)
    errors = push_columns(storage, TABLE, WORDS)
    assert "403" in errors["id"]
    assert "not tried" in errors["name"]
    assert len(stack.asked) == 2


def test_a_push_that_failed_can_be_done_again(stack, storage):
    stack.fail("metadata", 500, times=4)
    with pytest.raises(KeboolaError, match="500"):
        push_columns(storage, TABLE, WORDS)
    assert push_columns(storage, TABLE, WORDS) == {}


@pytest.mark.parametrize("status", [0, -1, 408, 429, 500, 503])
def test_what_may_pass_is_tried_again(stack, storage, status):
    stack.fail("metadata", status, times=2)
    assert push_columns(storage, TABLE, WORDS) == {}
    assert stack.said(TABLE, OURS) == WORDS
    assert len(stack.asked) == 3


def test_a_page_in_place_of_an_answer_is_an_error(stack, storage):
    stack.fail("metadata", 200, content=b"<html>Please sign in</html>")
    with pytest.raises(KeboolaError, match="no JSON"):
        push_columns(storage, TABLE, WORDS)


def test_the_token_follows_no_redirect(stack, storage):
    with running() as elsewhere:
        stack.fail("metadata", 307, headers={"Location": f"{elsewhere.url}/v2/storage"})
        with pytest.raises(KeboolaError, match="redirect"):
            push_columns(storage, TABLE, WORDS)
        assert elsewhere.asked == []


def test_an_answer_that_does_not_come_is_an_error(stack):
    stack.fail("metadata", 200, times=9, seconds=0.4)
    with (
        Storage(stack.url, TOKEN, Patience(tries=2, backoff=0.01, seconds=0.1)) as storage,
        pytest.raises(KeboolaError, match="too long"),
    ):
        push_columns(storage, TABLE, WORDS)


def test_a_column_with_a_slash_in_its_name_is_still_one_column(stack, storage):
    stack.bulk = 404
    stack.add(TABLE, ["a/b"])
    assert push_columns(storage, TABLE, {"a/b": WORDS["name"]}) == {}
    assert stack.said(TABLE, OURS) == {"a/b": WORDS["name"]}


def test_nothing_known_is_nothing_asked(stack, storage):
    assert push_columns(storage, TABLE, {}) == {}
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
