"""Base types from values: on labelled tables, and case by case."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.values.basetype import guess
from tests.values.corpus import HELD_OUT, TABLES, labelled

CASES = [
    ("ZipCode", "VARCHAR", "94107 10001 60614 73301 98101", "STRING"),
    ("code_postal", "VARCHAR", "75001 13001 69001 01000", "STRING"),
    ("customer_zip", "BIGINT", "94107 10001 60614 7030", "STRING"),
    ("PhoneNumber__c", "VARCHAR", "+14155550101 +14155550102 +420777123456", "STRING"),
    ("phone", "BIGINT", "4155550101 4155550102", "STRING"),
    ("AccountId", "VARCHAR", "0015g00000XyZ12AAB 0015g00000XyZ13AAC", "STRING"),
    ("KUNNR", "VARCHAR", "0000100012 0000100013", "STRING"),
    ("isDeleted", "VARCHAR", "true false false", "BOOLEAN"),
    ("HasOptedOutOfEmail", "VARCHAR", "0 1 0 0", "BOOLEAN"),
    ("is_primary", "BIGINT", "0 1 0 0", "BOOLEAN"),
    ("newsletter", "VARCHAR", "on off on", "BOOLEAN"),
    ("aktivni", "VARCHAR", "ano ne ano", "BOOLEAN"),
    ("LOEKZ", "VARCHAR", "X||||X||", "BOOLEAN"),
    ("has_children", "VARCHAR", "Y Y Y Y N", "BOOLEAN"),
    ("children", "BIGINT", "0 1 0 2", "INTEGER"),
    ("num_errors", "BIGINT", "0 1 0 1", "INTEGER"),
    ("quantity", "VARCHAR", "1 0 1 1", "INTEGER"),
    ("gender", "VARCHAR", "M F F M", "STRING"),
    ("country", "VARCHAR", "NO NO SE NO", "STRING"),
    ("LastModifiedDate", "VARCHAR", "2024-01-31T10:00:00.000+0000", "TIMESTAMP"),
    ("created", "VARCHAR", "1706695200 1706781600 1709251200", "TIMESTAMP"),
    ("createdAt", "BIGINT", "1706695200123 1706781600456", "TIMESTAMP"),
    ("event_time", "DOUBLE", "1706695200.123 1706781600.5", "TIMESTAMP"),
    ("ERDAT", "VARCHAR", "20240131 20231224 20220601", "DATE"),
    ("datum", "VARCHAR", "31.1.2024 24.12.2023", "DATE"),
    ("Order Date", "VARCHAR", "1/31/2024 12/24/2023", "DATE"),
    ("Order Date", "VARCHAR", "1/5/24 12/4/23", "DATE"),
    ("Order Date", "VARCHAR", "45322 45284 44713", "DATE"),
    ("Ship Date", "BIGINT", "45322 45284 44713", "DATE"),
    ("timestamp", "VARCHAR", "Jan 31, 2024 10:00 AM|Feb 1, 2024 9:30 PM", "TIMESTAMP"),
    ("date", "VARCHAR", "Wed, 31 Jan 2024|Thu, 1 Feb 2024", "DATE"),
    ("month", "VARCHAR", "2024-01 2024-02", "STRING"),
    ("month", "VARCHAR", "202401 202402", "INTEGER"),
    ("year", "VARCHAR", "2024 2023", "INTEGER"),
    ("week", "VARCHAR", "2024-W01 2024-W02", "STRING"),
    ("time", "VARCHAR", "14:30 09:15", "STRING"),
    ("duration", "VARCHAR", "PT1H30M PT5M", "STRING"),
    ("elapsed", "VARCHAR", "1:02:03 0:00:59", "STRING"),
    ("price", "VARCHAR", "$1,234.50|$12.00", "NUMERIC"),
    ("preis", "VARCHAR", "1.234,50 €|12,00 €", "NUMERIC"),
    ("cena", "VARCHAR", "1 234,50 Kč|99,00 Kč", "NUMERIC"),
    ("Amount (USD)", "VARCHAR", "(1,234.50)|12.00", "NUMERIC"),
    ("UnitPrice", "DOUBLE", "12.5 3.99 100.0", "NUMERIC"),
    ("total_amount", "DECIMAL(18,2)", "12.50 3.99", "NUMERIC"),
    ("amount_in_cents", "BIGINT", "1250 399", "INTEGER"),
    ("lat", "VARCHAR", "50.0755 52.52", "FLOAT"),
    ("x", "DOUBLE", "0.123456789 12.3456789", "FLOAT"),
    ("p_value", "VARCHAR", "1.2e-05 3.4E-10", "FLOAT"),
    ("temperature", "DOUBLE", "21.5 22.25", "FLOAT"),
    ("tweet_id", "VARCHAR", "1750000000000000001 1750000000000000513", "INTEGER"),
    ("tweet_id", "BIGINT", "1750000000000000001 1750000000000000513", "INTEGER"),
    ("user_id", "BIGINT", "1 2 3 17", "INTEGER"),
    ("user_id", "DOUBLE", "1.0 2.0 3.0 17.0", "INTEGER"),
    ("id", "VARCHAR", "101 102 103", "INTEGER"),
    ("uuid", "VARCHAR", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "STRING"),
    ("sha256", "VARCHAR", "9f86d081884c7d659a2feaa0c55ad015", "STRING"),
    ("payload", "VARCHAR", '{"a": 1}|{"a": [1, 2]}', "STRING"),
    ("tags", "VARCHAR[]", "[a, b]|[]", "STRING"),
    ("address", "STRUCT(street VARCHAR, zip VARCHAR)", "{'street': x, 'zip': 1}", "STRING"),
    ("version", "VARCHAR", "1.2.3 1.10.0", "STRING"),
    ("app_version", "VARCHAR", "1.2 1.10", "STRING"),
    ("os_version", "DOUBLE", "10.1 11.2", "STRING"),
    ("sku", "VARCHAR", "100-20 100-30", "STRING"),
    ("ean", "VARCHAR", "4006381333931 5901234123457", "STRING"),
    ("currency", "VARCHAR", "EUR USD", "STRING"),
    ("clock", "TIME", "10:00:00 11:00:00", "STRING"),
    ("status", "VARCHAR", "200 404 500", "INTEGER"),
    ("ip", "VARCHAR", "10.0.0.1 10.0.0.2", "STRING"),
    ("coordinates", "VARCHAR", "50.07,14.43|52.52,13.40", "STRING"),
    ("name", "VARCHAR", "Ada|Grace|Zoë", "STRING"),
    ("tax_id", "VARCHAR", "123456789 987654321", "STRING"),
    ("weight", "VARCHAR", "1.5 kg|2 kg", "STRING"),
    ("day", "DOUBLE", "20240115.0 20240116.0", "DATE"),
    ("🦆", "VARCHAR", "quack|", "STRING"),
]  # fmt: skip


def values(text):
    return text.split("|") if "|" in text else text.split(" ")


@pytest.mark.parametrize(("name", "type_", "text", "expected"), CASES, ids=lambda it: str(it)[:30])
def test_a_column_that_people_have(name, type_, text, expected):
    assert guess(name, type_, values(text) * 5).basetype == expected


def test_the_corpus_is_as_large_and_various_as_is_asked_for():
    columns = labelled()

    assert len(TABLES) >= 30
    assert len(columns) >= 300
    assert len({column.label for column in columns}) == 7
    assert TABLES.keys() >= HELD_OUT


@pytest.mark.parametrize("held_out", [False, True])
def test_how_sure_it_is_holds_on_labelled_columns(held_out):
    right, all_ = Counter(), Counter()
    for column in labelled(held_out=held_out):
        found = guess(column.name, column.type, column.values)
        all_[found.confidence] += 1
        right[found.confidence] += found.basetype == column.label

    assert right["high"] >= 0.99 * all_["high"]
    assert right["medium"] >= 0.9 * all_["medium"]
    assert all_["high"] >= 0.7 * all_.total()


def test_a_name_that_says_nothing_does_not_make_it_surer_than_it_may_be():
    right = Counter()
    for column in labelled():
        found = guess("column7", column.type, column.values)
        right[found.confidence, found.basetype == column.label] += 1

    assert right["high", True] >= 99 * right["high", False]


@pytest.mark.parametrize(
    ("type_", "expected"),
    [("VARCHAR", "STRING"), ("BIGINT", "INTEGER"), ("DOUBLE", "FLOAT"), ("DATE", "DATE")],
)
def test_without_values_there_is_the_type_and_it_is_not_sure(type_, expected):
    found = guess("x", type_, [None, "", "N/A"])

    assert found.basetype == expected
    assert found.confidence == ("high" if type_ == "DATE" else "low")


def test_days_up_to_the_12th_do_not_say_whether_they_or_the_months_come_first():
    unsure = guess("due", "VARCHAR", ["01/02/2024", "03/04/2024"] * 10)
    sure = guess("due", "VARCHAR", ["01/02/2024", "13/04/2024"] * 10)

    assert (unsure.basetype, unsure.confidence) == ("DATE", "medium")
    assert (sure.basetype, sure.confidence) == ("DATE", "high")
    assert "day/month/year" in sure.evidence[0]


def test_evidence_says_what_was_seen_and_shows_no_value():
    found = guess("price", "VARCHAR", ["$1,234.50", "$12.00"] * 10 + ["oops"])

    assert found.evidence == (
        "20 of 21 values are numbers",
        "with a currency",
        "thousands are grouped",
    )


def test_few_values_leave_more_open():
    assert guess("created_at", "VARCHAR", ["2024-01-31"]).confidence == "medium"


NUMBERS = st.text("0123456789+-(),.' %$€eE", max_size=20)


@given(
    st.text(max_size=20),
    st.sampled_from(["VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(38,0)", "HUGEINT", "BLOB"]),
    st.lists(st.none() | st.text(max_size=30) | NUMBERS, max_size=8),
)
def test_any_column_gets_an_answer(name, type_, texts):
    assert guess(name, type_, texts).evidence
