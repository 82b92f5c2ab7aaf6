"""Reading the files of others."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal

import pytest

from agnes.errors import UnavailableError, UsageError
from agnes.tables.convert import convert, describe
from tests.tables.conftest import read_parquet, types_of, write_parquet


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out.parquet"


def csv(tmp_path, text, name="in.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_columns_become_what_their_base_types_say(tmp_path, target):
    path = csv(
        tmp_path,
        "id,n,amount,rate,ok,day,at\n007,1,10.50,0.1,true,2026-01-31,2026-01-31 10:00:00\n,,,,,,\n",
    )
    words = "STRING INTEGER NUMERIC FLOAT BOOLEAN DATE TIMESTAMP".split()
    names = "id n amount rate ok day at".split()
    assert convert([path], "csv", target, dict(zip(names, words, strict=True))).rows == 2
    assert read_parquet(target)[0] == (
        "007",
        1,
        Decimal("10.50"),
        0.1,
        True,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 10),  # noqa: DTZ001  (a TIMESTAMP has no zone)
    )
    assert read_parquet(target)[1] == (None,) * 7


def test_what_is_not_said_is_looked_at(tmp_path, target):
    path = csv(
        tmp_path, "zip,n,price,odd,when\n01234,12,10.50,1e3,31.01.2026\n99,-3,7,2.5,01.02.2026\n"
    )
    convert([path], "csv", target, {})
    found = types_of(target)
    assert found["zip"] == "VARCHAR"
    assert found["n"] == "BIGINT"
    assert found["price"].startswith("DECIMAL")
    assert found["odd"] == "DOUBLE"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5"], "DECIMAL(18,2)"),
        (["0.123456"], "DECIMAL(18,6)"),
        (["12345678901234567890.5"], "DECIMAL(38,1)"),
        (["1e5"], "DOUBLE"),
        (["1" * 30 + "." + "1" * 12], "DOUBLE"),
        ([""], "DECIMAL(18,2)"),
    ],
)
def test_a_decimal_is_not_rounded(tmp_path, target, values, kind):
    convert(
        [csv(tmp_path, "v,x\n" + "".join(f"{v},a\n" for v in values))],
        "csv",
        target,
        {"v": "NUMERIC"},
    )
    assert types_of(target)["v"] == kind


def test_a_value_that_does_not_fit_is_named(tmp_path, target):
    with pytest.raises(UsageError, match="soon"):
        convert([csv(tmp_path, "day\nsoon\n")], "csv", target, {"day": "DATE"})


def test_the_same_rows_give_the_same_bytes(tmp_path, target):
    path = csv(tmp_path, "a,b\n" + "".join(f"{n},x{n}\n" for n in range(300_000)))
    convert([path], "csv", target, {})
    first = target.read_bytes()
    target.unlink()
    convert([path], "csv", target, {})
    assert target.read_bytes() == first


def test_slices_without_a_header_take_the_names_that_are_given(tmp_path, target):
    one = csv(tmp_path, '"1","","7"\n', "0.csv")
    two = tmp_path / "1.csv.gz"
    two.write_bytes(gzip.compress(b'"2",,"8.25"\n"3","a ""b"",\nc",""\n'))
    names = ["id", "it's", "paid"]
    convert([one, two], "csv", target, {"paid": "NUMERIC"}, names, plain=True)
    assert read_parquet(target) == [
        ("1", "", Decimal("7.00")),
        ("2", None, Decimal("8.25")),
        ("3", 'a "b",\nc', None),
    ]


def test_parquet_keeps_the_types_it_has_where_they_fit(tmp_path, target):
    sql = "SELECT 1::INTEGER AS id, 1.5::DECIMAL(9,4) AS amount, '2026-01-31' AS day"
    path = write_parquet(tmp_path / "in.parquet", sql)
    convert([path], "parquet", target, {"id": "INTEGER", "amount": "NUMERIC", "day": "DATE"})
    assert types_of(target) == {"id": "INTEGER", "amount": "DECIMAL(9,4)", "day": "DATE"}


@pytest.mark.parametrize("content", [b"PAR1", b"\0" * 4096, b"PAR1" + b"\xff" * 999 + b"PAR1"])
def test_what_is_no_parquet_is_an_error(tmp_path, target, content):
    path = tmp_path / "in.parquet"
    path.write_bytes(content)
    with pytest.raises((UsageError, UnavailableError)):
        convert([path], "parquet", target, {})


def test_a_name_that_duckdb_takes_for_a_pattern_is_refused(tmp_path):
    with pytest.raises(UsageError, match="pattern"):
        describe([tmp_path / "*.csv"], "csv")


def test_a_message_does_not_tell_where_the_file_is(tmp_path, target):
    path = csv(tmp_path, "day\nsoon\n")
    with pytest.raises(UsageError) as raised:
        convert([path], "parquet", target, {})
    assert str(tmp_path) not in raised.value.message


def test_columns_of_any_name_are_taken(tmp_path, target):
    path = csv(tmp_path, '"a ""b""",select,it\'s\n1,2,3\n')
    described = convert([path], "csv", target, {"it's": "STRING"})
    assert list(described.columns) == ['a "b"', "select", "it's"]
