"""What a profile says."""

from __future__ import annotations

import json
import time

import pytest

from agnes.errors import UnavailableError
from agnes.profile import Subject, classify_type, profile_table, source
from agnes.profile.numbers import percent, rounded

KEYS = """
table_id row_count column_count sampled columns sample_rows alerts variable_types missing_cells_pct
"""
COLUMN_KEYS = """
name type type_category completeness_pct null_count unique_count unique_pct sample_values
is_primary_key alerts
"""


def column(profile, name):
    (found,) = [entry for entry in profile["columns"] if entry["name"] == name]
    return found


def test_a_small_table(table):
    profile = profile_table(
        table(
            "SELECT * FROM (VALUES (1, 'a', 10.5, true, DATE '2026-01-01'),"
            " (2, 'b', 0, false, DATE '2026-05-01'), (3, NULL, -1, true, NULL))"
            " t(id, name, amount, ok, day)",
            primary_key=("id",),
        )
    )

    assert set(KEYS.split()) <= profile.keys()
    assert (profile["row_count"], profile["column_count"], profile["sampled"]) == (3, 5, False)
    assert profile["missing_cells_pct"] == 13.33
    assert profile["duplicate_rows"] == 0
    assert profile["variable_types"] == {"NUMERIC": 2, "STRING": 1, "BOOLEAN": 1, "DATE": 1}
    assert profile["sample_rows"][0] == {
        "id": "1", "name": "a", "amount": "10.5", "ok": "true", "day": "2026-01-01",
    }  # fmt: skip
    for entry in profile["columns"]:
        assert set(COLUMN_KEYS.split()) <= entry.keys()
    key = column(profile, "id")
    assert key["is_primary_key"]
    assert key["alerts"] == ["unique"]
    assert (key["numeric_stats"]["median"], key["numeric_stats"]["mean"]) == (2.0, 2.0)
    name = column(profile, "name")
    assert (name["completeness_pct"], name["null_count"], name["unique_count"]) == (66.67, 1, 2)
    assert name["sample_values"] == ["a", "b"]
    assert name["string_stats"]["min_length"] == 1
    assert name["string_stats"]["top_values"][0] == {"value": "a", "count": 1, "pct": 50.0}
    assert column(profile, "amount")["numeric_stats"]["negative"] == 1
    assert column(profile, "ok")["boolean_stats"] == {
        "true_count": 2, "false_count": 1, "true_pct": 66.67,
    }  # fmt: skip
    assert column(profile, "day")["date_stats"] == {
        "earliest": "2026-01-01",
        "latest": "2026-05-01",
        "span_days": 120,
        "histogram": {"bins": ["2026-Q1", "2026-Q2"], "counts": [1, 1]},
    }
    assert profile["date_range"] == {
        "earliest": "2026-01-01", "latest": "2026-05-01", "span_days": 120,
    }  # fmt: skip


def test_a_histogram_counts_every_value(table):
    profile = profile_table(table("SELECT i * 1000 AS n FROM range(100) t(i)"))

    histogram = profile["columns"][0]["numeric_stats"]["histogram"]
    assert len(histogram["bins"]) == len(histogram["counts"]) == 15
    assert sum(histogram["counts"]) == 100
    assert histogram["bins"][0] == "0-6.6K"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS a, 'x' AS b, DATE '2026-01-01' AS c, true AS d LIMIT 0",
        "SELECT NULL::INT AS a, NULL::VARCHAR AS b, NULL::TIMESTAMPTZ AS c, NULL::BOOLEAN AS d",
    ],
)
def test_no_rows_or_no_values_divide_by_nothing(table, sql):
    profile = profile_table(table(sql))

    assert [entry["unique_count"] for entry in profile["columns"]] == [0] * 4
    assert [entry["sample_values"] for entry in profile["columns"]] == [[]] * 4
    assert {entry["completeness_pct"] for entry in profile["columns"]} == {0.0}
    json.dumps(profile, allow_nan=False)


def test_an_empty_table_has_no_alerts(table):
    profile = profile_table(table("SELECT 1 AS a, 'x' AS b LIMIT 0"))

    assert (profile["row_count"], profile["missing_cells_pct"], profile["alerts"]) == (0, 0, [])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT unnest(['nan', 'inf', '-inf', '1.5', NULL])::DOUBLE AS a",
        "SELECT unnest([1e308, -1e308]) AS a",
        "SELECT unnest(['nan'])::FLOAT AS a",
        "SELECT unnest([170141183460469231731687303715884105727, -1]) AS a",
        "SELECT unnest(['99999999999999999999999999999999999999', '1'])::DECIMAL(38, 0) AS a",
        "SELECT unnest([DATE 'infinity', DATE '-infinity', DATE '2026-01-01', '-5000-01-01']) AS a",
        "SELECT unnest([TIMESTAMP 'infinity', TIMESTAMP '2026-01-01']) AS a",
        "SELECT TIMESTAMPTZ '2026-01-01 23:00:00-05' AS a",
        "SELECT TIMESTAMP_NS '2026-01-01 23:00:00' AS a",
        "SELECT [1, 2] AS a, {'x': [DATE '2026-01-01']} AS b, MAP {1: 2} AS c, '\\xFF'::BLOB AS d",
        "SELECT TIME '10:00:00' AS a, INTERVAL 1 DAY AS b, uuid() AS c, '{}'::JSON AS d",
        "SELECT 'a'::ENUM('a', 'b') AS a, 5::UHUGEINT AS b, 3::UTINYINT AS c",
        'SELECT 1 AS "select", 2 AS "it\'s ""x"" \n, 😀", 3 AS "A", 4 AS " "',
        "SELECT repeat('x', 1_000_000) AS a, chr(0) AS b",
    ],
)
def test_every_type_and_value_gives_strict_json(table, sql):
    profile = profile_table(table(sql))

    json.dumps(profile, allow_nan=False)
    assert len(json.dumps(profile)) < 20_000
    assert all(entry["unique_count"] for entry in profile["columns"])


def test_the_size_of_numbers_leaves_nan_and_infinity_out(table):
    sql = "SELECT unnest(['nan', 'inf', '1', '3'])::DOUBLE AS a"
    numbers = profile_table(table(sql))["columns"][0]["numeric_stats"]

    assert [numbers[key] for key in ("min", "max", "mean", "median")] == [1.0, 3.0, 2.0, 2.0]


def test_personal_data_leave_counts_and_no_value(table):
    profile = profile_table(
        table(
            "SELECT i AS id, 'canary' || i AS email, 770077 + i AS phone FROM range(9) t(i)",
            pii=frozenset(["email", "phone"]),
        )
    )

    text = json.dumps(profile)
    assert "canary" not in text
    assert "77007" not in text
    assert column(profile, "email")["unique_count"] == 9
    assert "string_stats" not in column(profile, "email")
    assert profile["sample_rows"][0] == {"id": "0"}


def test_alerts(table):
    profile = profile_table(
        table(
            "SELECT 1 AS constant, i AS every, CASE WHEN i < 50 THEN 'x' END AS half,"
            " CASE WHEN i < 90 THEN i % 3 END AS most, if(i < 70, 'a', 'b') AS ab,"
            " greatest(i - 60, 0) AS zeros, 'v' || (i % 60) AS many FROM range(100) t(i)"
        )
    )

    assert {entry["name"]: entry["alerts"] for entry in profile["columns"]} == {
        "constant": ["constant"],
        "every": ["unique"],
        "half": ["high_missing"],
        "most": ["missing"],
        "ab": ["imbalance"],
        "zeros": ["zeros"],
        "many": ["high_cardinality"],
    }
    assert {
        "column": "half",
        "type": "high_missing",
        "message": "half has 50.0% missing values",
    } in (profile["alerts"])


def test_a_primary_key_that_is_none_is_told(table):
    sql = "SELECT i // 2 AS a, i % 3 AS b FROM range(6) t(i)"

    assert profile_table(table(sql, primary_key=("a",)))["duplicate_rows"] == 3
    assert profile_table(table(sql, primary_key=("a", "b")))["duplicate_rows"] == 0
    assert profile_table(table(sql, primary_key=("gone",)))["duplicate_rows"] == 0


def test_a_large_table_is_sampled_and_says_so(table, monkeypatch):
    monkeypatch.setattr(source, "SAMPLE_ROWS", 100)
    profile = profile_table(
        table("SELECT i, i % 2 = 0 AS even, i % 3000 AS some FROM range(10_000) t(i)")
    )

    assert (profile["row_count"], profile["sampled"]) == (10_000, True)
    assert 50 < profile["sample_size"] < 200
    assert "median" in profile["of_sample"]
    assert "unique_count" in profile["approximate"]


def test_what_one_scan_tells_is_of_the_whole_of_a_large_table(table, monkeypatch):
    monkeypatch.setattr(source, "SAMPLE_ROWS", 100)
    profile = profile_table(
        table(
            "SELECT i, i % 2 = 0 AS even, CASE WHEN i % 10 THEN i % 3000 END AS some,"
            " 'x' || (i % 4) AS kind FROM range(10_000) t(i)"
        )
    )

    numbers = column(profile, "i")["numeric_stats"]
    assert (numbers["min"], numbers["max"], numbers["mean"]) == (0, 9_999, 4_999.5)
    assert sum(numbers["histogram"]["counts"]) == profile["sample_size"]
    assert column(profile, "i")["unique_count"] == 10_000
    assert column(profile, "i")["alerts"] == ["unique"]
    assert column(profile, "even")["boolean_stats"]["true_pct"] == 50.0
    assert column(profile, "some")["null_count"] == 1_000
    assert column(profile, "some")["unique_count"] == pytest.approx(2_700, rel=0.1)
    assert column(profile, "kind")["unique_count"] == 4
    assert sum(it["pct"] for it in column(profile, "kind")["string_stats"]["top_values"]) == (
        pytest.approx(100, abs=0.1)
    )


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ("'ada' || i || '@example.com'", "email"),
        ("'+49 170 1234' || (500 + i)", "phone"),
        ("'10.0.0.' || i", "ip"),
        ("4111111111111111 + 0 * i", "card"),
        ("'DE89370400440532013000'", "iban"),
        ("'sk_live_' || md5(i::VARCHAR)", "token"),
    ],
)
def test_what_nobody_is_to_see_is_found_by_its_values(table, values, kind):
    profile = profile_table(table(f"SELECT i AS id, {values} AS something FROM range(40) t(i)"))

    found = column(profile, "something")
    assert (found["pii"], found["sensitive"], found["sample_values"]) == (True, kind, [])
    assert not {"string_stats", "numeric_stats"} & found.keys()
    assert found["completeness_pct"] == 100
    assert profile["sample_rows"][0] == {"id": "0"}
    assert not column(profile, "id")["pii"]


def test_addresses_behind_many_values_that_say_nothing_are_found(table):
    values = "CASE WHEN i < 600 THEN 'n/a' ELSE 'canary' || i || '@example.com' END"
    profile = profile_table(table(f"SELECT {values} AS contact FROM range(640) t(i)"))

    assert profile["columns"][0]["sensitive"] == "email"
    assert "canary" not in json.dumps(profile)


def test_an_address_in_a_text_is_not_shown(table):
    values = "CASE WHEN i = 7 THEN 'write to canary@example.com' ELSE 'note ' || i END"
    profile = profile_table(table(f"SELECT {values} AS note FROM range(30) t(i)"))

    assert not profile["columns"][0]["pii"]
    assert "canary" not in json.dumps(profile)


def test_without_a_key_equal_rows_are_duplicates(table):
    assert profile_table(table("SELECT 1 AS a, NULL AS b FROM range(6)"))["duplicate_rows"] == 5
    assert profile_table(table("SELECT i AS a FROM range(6) t(i)"))["duplicate_rows"] == 0


def test_a_column_that_is_nearly_empty_still_has_a_sample(table):
    profile = profile_table(
        table("SELECT CASE WHEN i = 9_999 THEN 'x' END AS a FROM range(10_000) t(i)")
    )

    assert profile["columns"][0]["sample_values"] == ["x"]


def test_several_files_are_one_table(table, tmp_path):
    subject = table("SELECT 1 AS a")
    (tmp_path / "more.parquet").write_bytes(subject.files[0].read_bytes())

    assert (
        profile_table(Subject("t", [*subject.files, tmp_path / "more.parquet"]))["row_count"] == 2
    )


@pytest.mark.parametrize("keep", [0, 3, 100, -8])
def test_a_damaged_file_is_an_error_that_names_it(table, keep, tmp_path):
    subject = table("SELECT i, 'x' || i AS a FROM range(1000) t(i)")
    (file,) = subject.files
    file.write_bytes(file.read_bytes()[:keep])

    with pytest.raises(UnavailableError, match="table t cannot be profiled") as raised:
        profile_table(subject)
    assert str(tmp_path) not in raised.value.message


def test_what_takes_too_long_is_ended(table):
    subject = table("SELECT i, hash(i)::VARCHAR AS a, random() AS b FROM range(3_000_000) t(i)")
    started = time.monotonic()
    with pytest.raises(UnavailableError, match=r"longer than 0\.05 seconds"):
        profile_table(subject, seconds=0.05)

    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_a_table_of_a_thousand_columns(table):
    columns = ", ".join(f"i + {n} AS c{n}" for n in range(1000))
    profile = profile_table(table(f"SELECT {columns} FROM range(100) t(i)"))

    assert profile["column_count"] == 1000


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("DECIMAL(18,3)", "NUMERIC"),
        ("hugeint", "NUMERIC"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
        ("TIMESTAMP_NS", "TIMESTAMP"),
        ("TIMESTAMP[]", "STRING"),
        ("STRUCT(a TIMESTAMP)", "STRING"),
        ("DATE", "DATE"),
        ("TIME", "STRING"),
        ("BOOLEAN", "BOOLEAN"),
        ("VARCHAR", "STRING"),
        ("ENUM('DATE', 'x')", "STRING"),
    ],
)
def test_a_type_is_of_a_category(kind, category):
    assert classify_type(kind) == category


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (float("nan"), None),
        (float("-inf"), None),
        (7, 7),
        (1.005, 1.0),
        (0.00012345, 0.000123),
    ],
)
def test_numbers_are_rounded_and_finite(value, expected):
    assert rounded(value) == expected


def test_a_hundred_percent_are_all():
    assert (percent(1, 1), percent(999_999, 1_000_000), percent(0, 0)) == (100, 99.99, 0)
