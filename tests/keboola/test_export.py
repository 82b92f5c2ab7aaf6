"""Exporting a table and downloading it."""

from __future__ import annotations

import gzip

import pytest

from agnes.keboola import KeboolaError, Patience, Storage, export_table
from tests.keboola.stack import TOKEN

TABLE = "in.c-crm.company"
CALLS = ["export-async", "jobs/", "files/", "signed/1/manifest", "signed/1/1"]


def text(export):
    parts = [path.read_bytes() for path in export.files]
    return b"".join(gzip.decompress(part) if part[:2] == b"\x1f\x8b" else part for part in parts)


def test_a_whole_file_has_a_header(stack, storage, tmp_path):
    export = export_table(storage, TABLE, tmp_path)
    assert export.header
    assert text(export).startswith(b'"id","name","paid","since"\n"1","Ada"')
    assert stack.asked[0].body == b"format=rfc&gzip=1"
    assert [asked.query for asked in stack.asked if "/files/" in asked.path] == [
        {"federationToken": ["1"]}
    ]


def test_slices_come_in_order_and_have_none(stack, storage, tmp_path):
    stack.slices = 3
    export = export_table(storage, TABLE, tmp_path)
    assert not export.header
    assert len(export.files) == 3
    assert text(export).startswith(b'"1","Ada"')
    assert text(export).endswith(b'"3","","7","2026-02-01"\n')


def test_the_token_does_not_go_to_where_the_files_are(stack, storage, tmp_path):
    stack.slices = 2
    export_table(storage, TABLE, tmp_path)
    signed = [asked for asked in stack.asked if asked.path.startswith("/signed/")]
    assert len(signed) == 3
    assert all(TOKEN not in str(asked.headers) for asked in signed)
    assert all(
        asked.headers["x-storageapi-token"] == TOKEN
        for asked in stack.asked
        if not asked.path.startswith("/signed/")
    )


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [503, 0])
def test_each_call_survives_a_fault_that_passes(stack, storage, tmp_path, call, status):
    stack.slices = 2
    stack.fail(call, status, times=2)
    assert len(export_table(storage, TABLE, tmp_path).files) == 2


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_each_call_that_fails_names_the_table(stack, storage, tmp_path, call, status):
    stack.slices = 2
    stack.fail(call, status, times=99)
    with pytest.raises(KeboolaError, match=r"in\.c-crm\.company"):
        export_table(storage, TABLE, tmp_path)
    assert sum(call in path for path in stack.paths()) == (4 if status == 500 else 1)


def test_a_download_that_breaks_off_is_begun_anew(stack, storage, tmp_path):
    stack.fail("signed/1/whole", -1, times=2)
    assert text(export_table(storage, TABLE, tmp_path)).count(b"\n") == 5


def test_a_download_that_always_breaks_off_is_given_up(stack, storage, tmp_path):
    stack.fail("signed/1/whole", -1, times=99)
    with pytest.raises(KeboolaError, match="no answer"):
        export_table(storage, TABLE, tmp_path)


def test_a_job_that_fails_says_why(stack, storage, tmp_path):
    stack.job_error = "Warehouse is asleep"
    with pytest.raises(KeboolaError, match=r"in\.c-crm\.company.*Warehouse is asleep"):
        export_table(storage, TABLE, tmp_path)


def test_a_job_that_never_ends_is_given_up(stack, tmp_path):
    stack.polls = 10_000
    patience = Patience(poll=(0.01, 0.02), job=0.3)
    with (
        Storage(stack.url, TOKEN, patience) as storage,
        pytest.raises(KeboolaError, match=r"longer than 0\.3 seconds"),
    ):
        export_table(storage, TABLE, tmp_path)


@pytest.mark.parametrize("location", ["http://example.com/file.csv", "file:///etc/passwd", ""])
def test_a_file_in_the_clear_is_refused(stack, storage, tmp_path, location, monkeypatch):
    monkeypatch.setattr(stack, "file", lambda _: {"url": location, "isSliced": False})
    with pytest.raises(KeboolaError, match="not behind https"):
        export_table(storage, TABLE, tmp_path)


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"null", b'"text"'])
@pytest.mark.parametrize("call", CALLS[:4])
def test_an_answer_of_another_shape_is_an_error(stack, storage, tmp_path, call, answer):
    stack.slices = 2
    stack.fail(call, 203, times=99, content=answer)
    with pytest.raises(KeboolaError):
        export_table(storage, TABLE, tmp_path)


def test_a_signed_address_is_in_no_message(stack, storage, tmp_path):
    stack.fail("signed", 403)
    with pytest.raises(KeboolaError) as raised:
        export_table(storage, TABLE, tmp_path)
    assert "canary" not in raised.value.message
