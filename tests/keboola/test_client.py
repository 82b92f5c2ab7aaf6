"""Requests to a stack: bounded tries, and a token that goes nowhere else."""

from __future__ import annotations

import logging
import time

import pytest

from agnes.errors import UsageError
from agnes.keboola import KeboolaError, Patience, Storage, list_tables, read_table
from agnes.keboola.client import stack_url
from tests.keboola.conftest import FAST
from tests.keboola.stack import TOKEN, running


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(stack, storage, status):
    stack.fail("tables", status, times=3)
    assert [table.id for table in list_tables(storage)] == ["in.c-crm.company"]
    assert len(stack.asked) == 4


def test_tries_are_bounded(stack, storage):
    stack.fail("tables", 503, times=100)
    with pytest.raises(KeboolaError, match="503") as raised:
        list_tables(storage)
    assert len(stack.asked) == FAST.tries
    assert raised.value.status == 503


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_not_tried_again_and_names_the_table(stack, storage, status):
    stack.fail("tables", status, times=100)
    with pytest.raises(KeboolaError, match=r"in\.c-crm\.company.*as the test wishes") as raised:
        read_table(storage, "in.c-crm.company")
    assert len(stack.asked) == 1
    assert raised.value.status == status


def test_retry_after_is_honoured(stack, storage):
    stack.fail("tables", 429, headers={"Retry-After": "1"})
    started = time.monotonic()
    list_tables(storage)
    assert 1 <= time.monotonic() - started < 2


def test_a_long_retry_after_is_not_waited_for(stack):
    stack.fail("tables", 503, times=9, headers={"Retry-After": "3600"})
    patience = Patience(tries=3, longest=0.2, seconds=1)
    started = time.monotonic()
    with Storage(stack.url, TOKEN, patience) as storage, pytest.raises(KeboolaError):
        list_tables(storage)
    assert time.monotonic() - started < 2


def test_a_connection_that_breaks_is_tried_again(stack, storage):
    stack.fail("tables", 0, times=2)
    assert list_tables(storage)


def test_a_slow_answer_is_given_up(stack, caplog):
    stack.fail("tables", 200, times=9, seconds=0.6)
    with (
        Storage(stack.url, TOKEN, Patience(tries=2, backoff=0.01, seconds=0.2)) as storage,
        pytest.raises(KeboolaError, match="too long"),
    ):
        list_tables(storage)


def test_nobody_there_is_said_without_a_traceback():
    with running() as gone:
        url = gone.url
    with (
        Storage(url, TOKEN, Patience(tries=2, backoff=0.01)) as storage,
        pytest.raises(KeboolaError, match="no answer"),
    ):
        list_tables(storage)


def test_a_redirect_is_not_followed_and_the_token_stays(stack, storage):
    with running() as elsewhere:
        location = f"{elsewhere.url}/v2/storage/tables".replace("127.0.0.1", "localhost")
        stack.fail("tables", 302, headers={"Location": location})
        with pytest.raises(KeboolaError, match="redirect to localhost"):
            list_tables(storage)
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://connection.keboola.com",
        "http://127.0.0.1.example.com",
        "ftp://connection.keboola.com",
        "https://user@connection.keboola.com",
        "https://connection.keboola.com/v2",
        "https://connection.keboola.com?x=1",
        "https://",
        "",
    ],
)
def test_the_token_travels_to_a_stack_over_https_only(url):
    with pytest.raises(UsageError, match="KBC_STACK_URL"):
        Storage(url, TOKEN)


def test_an_address_may_lack_its_scheme_and_end_with_a_slash():
    assert stack_url("connection.keboola.com/") == "https://connection.keboola.com"


def test_an_answer_that_is_no_json_is_an_error(stack, storage):
    stack.tables.clear()
    stack.fail("tables", 203, content=b"<html>")
    with pytest.raises(KeboolaError, match="no JSON"):
        list_tables(storage)


def test_the_token_is_in_no_message_and_no_log(stack, storage, caplog):
    caplog.set_level(logging.DEBUG, "agnes")
    caplog.set_level(logging.INFO)
    stack.fail("tables", 400, content=b'{"error": "bad token %s"}' % TOKEN.encode())
    with pytest.raises(KeboolaError) as raised:
        list_tables(storage)
    assert "canary" not in f"{raised.value.message}{raised.value!r}{caplog.text}".lower()


def test_columns_come_with_what_a_person_said_of_them(storage):
    (table,) = list_tables(storage)
    assert (table.bucket, table.name) == ("in.c-crm", "company")
    assert (table.description, table.primary_key) == ("Companies", ["id"])
    assert table.columns["id"].basetype == "INTEGER"
    assert table.columns["id"].description == "Number"
    assert table.columns["paid"].basetype == "NUMERIC"
    assert table.columns["name"].basetype is None
