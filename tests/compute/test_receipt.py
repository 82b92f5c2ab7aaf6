"""Receipts: kept, read, found."""

from __future__ import annotations

import json
from datetime import date

import pytest

from agnes.compute.account import answer, document
from agnes.compute.data import Files, check_unmoved, files_of, hashes_of, versions_of
from agnes.compute.receipt import find_receipt, keep, kept_in, read_receipt
from agnes.errors import AgnesError, NotFoundError
from agnes.load.certificate import written
from agnes.sql.ask import Ask
from agnes.workspace.download import hash_of
from agnes.workspace.state import stamped
from tests.compute.conftest import METRICS

MRR = METRICS["revenue/mrr"]
ROW = MRR.model_dump() | {"id": MRR.id, "commit_id": "c" * 40}


def made(engine, tables, **ask):
    return answer(engine, ROW, Ask(**ask), Files(tables))


def test_a_receipt_names_the_definition_the_data_and_the_question(engine, demo_tables):
    found, receipt = made(engine, demo_tables, by=("plan",), start=date(2025, 6, 1))
    assert receipt.metric == "revenue/mrr"
    assert (receipt.commit, receipt.definition) == ("c" * 40, written(MRR))
    assert receipt.data == {"subscriptions": hash_of(demo_tables["subscriptions"][0])}
    assert receipt.asked == Ask(("plan",), start=date(2025, 6, 1))
    assert receipt.parameters == {"start": date(2025, 6, 1)}
    assert (receipt.row_count, receipt.engine) == (len(found.result.rows), "duckdb")
    assert receipt.sql == found.derived.sql


def test_it_is_the_same_after_it_was_kept(engine, demo_tables, tmp_path):
    _, receipt = made(engine, demo_tables)
    path = keep(receipt, tmp_path / "receipts")
    assert path.name == f"{receipt.id}.json"
    assert read_receipt(path) == receipt
    assert kept_in(path.parent) == [path]


def test_what_run_printed_is_a_receipt_too(engine, demo_tables, tmp_path):
    found, receipt = made(engine, demo_tables)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document(found, receipt)))
    assert read_receipt(path) == receipt


def test_of_many_rows_it_has_the_hash_alone(engine, demo_tables):
    found, receipt = made(engine, demo_tables, grain="daily", by=("plan",))
    assert receipt.row_count == len(found.result.rows) > 1000
    assert receipt.rows is None


def test_it_is_found_by_its_name_its_beginning_or_its_path(engine, demo_tables, tmp_path):
    receipts = [made(engine, demo_tables, start=date(2025, month, 1))[1] for month in (6, 7)]
    paths = [keep(receipt, tmp_path) for receipt in receipts]
    assert find_receipt(receipts[0].id, tmp_path) == paths[0]
    assert find_receipt(f"{receipts[1].id}.json"[:-7], tmp_path) == paths[1]
    assert find_receipt(str(paths[0]), None) == paths[0]
    with pytest.raises(NotFoundError, match="2 receipts begin so"):
        find_receipt(receipts[0].id[:6], tmp_path)
    with pytest.raises(NotFoundError, match="neither a file nor in user/receipts"):
        find_receipt("nothing", tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it cannot be read as JSON"),
        ("[" * 100_000, "it cannot be read as JSON"),
        ("[]", "Input should be a dictionary"),
        ('{"receipt": {}}', "id: Field required"),
    ],
)
def test_what_is_no_receipt_is_said_to_be_none(tmp_path, content, reason):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(AgnesError, match=f"x.json is no receipt: {reason}"):
        read_receipt(path)


def test_a_receipt_of_a_newer_version_is_not_guessed_at(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"receipt": 2}')
    with pytest.raises(AgnesError, match="a receipt of version 2"):
        read_receipt(path)


def test_a_hash_that_a_workspace_noted_is_believed_while_the_file_is_untouched(tmp_path):
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"one")
    notes = {"orders": stamped(path, "noted")}
    assert hashes_of({"orders": path}, notes) == {"orders": "noted"}
    path.write_bytes(b"other")
    assert hashes_of({"orders": path}, notes) == {"orders": hash_of(path)}


def test_the_tables_of_a_query_are_named_by_their_ids(tmp_path):
    tables = {"in.c-crm.company": [tmp_path / "a"], "orders": [tmp_path / "b"]}
    found = files_of(["Company", "main.orders", "nothing"], tables)
    assert found == {"in.c-crm.company": tmp_path / "a", "orders": tmp_path / "b"}


def test_data_that_is_replaced_meanwhile_gives_no_receipt(tmp_path):
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"one")
    before = versions_of({"orders": [path]})
    check_unmoved(before, {"orders": path})
    path.write_bytes(b"other")
    with pytest.raises(AgnesError, match="the data of orders changed while"):
        check_unmoved(before, {"orders": path})
