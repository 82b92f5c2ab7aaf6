"""Queries that run on real data."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.demo import write_demo_data
from agnes.errors import SandboxError
from agnes.lint.data import differences, same
from agnes.lint.files import folder_files
from agnes.lint.run import Request, lint
from agnes.sandbox import Column, Result
from tests.lint.conftest import REVENUE, codes, marked, metric, table

CATALOG = Path(__file__).parents[2] / "catalog_repo"
MONTHS = "SELECT order_date AS month, region, SUM(amount) AS revenue FROM orders GROUP BY ALL"


def parquet(file: Path, rows: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder with the tables of the examples."""
    folder = tmp_path / "data"
    parquet(
        folder / "orders.parquet",
        "SELECT * FROM (VALUES ('1', 'a', 100.50, DATE '2024-01-01', 'eu'),"
        " ('2', 'b', 200, DATE '2024-01-01', 'us'), ('3', 'b', 300, DATE '2024-02-01', 'eu'))"
        " AS t(order_id, customer_id, amount, order_date, region)",
    )
    parquet(folder / "customers.parquet", "SELECT 'a' AS customer_id, 'Ada' AS name")
    return folder


@pytest.fixture
def run(find, data):
    """The findings of running a metric's queries."""

    def run(files: dict[str, str] | None = None, **keys: str):
        return find({REVENUE: metric(**keys), **(files or {})}, Request("data", data))

    return run


# The starter pack


def test_the_starter_pack_is_clean_on_the_demo_data(tmp_path):
    write_demo_data(tmp_path, start=date(2025, 1, 1), end=date(2025, 6, 30))

    assert lint(folder_files(CATALOG), Request("data", tmp_path)).diagnostics == []


# What can go wrong


def test_queries_that_run_are_fine(run):
    assert run(sql_by_region=MONTHS, dimensions="[region]") == []


def test_a_query_that_fails_on_a_value_is_told_at_its_place(run):
    sql = "SELECT SUM(CAST(region AS INTEGER)) AS x FROM orders"

    [found] = run(sql=sql)

    assert (found.code, found.severity) == ("AG601", "error")
    assert "Could not convert string 'eu' to INT32" in found.message
    assert found.line == 4


def test_one_failing_query_does_not_hide_the_others(run):
    found = run(
        {"metrics/sales/costs.yml": metric("costs", validation="{result: 1}")},
        sql="SELECT CAST(region AS INTEGER) AS x FROM orders",
        sql_by_day="SELECT 1 AS d FROM orders WHERE amount < 0",
    )

    assert [(item.path[14:], item.code) for item in found] == [
        ("costs.yml", "AG602"),
        ("revenue.yml", "AG601"),
        ("revenue.yml", "AG604"),
    ]


def test_a_query_without_rows_is_a_warning(run):
    [found] = run(sql="SELECT amount FROM orders WHERE region = 'mars'")

    assert (found.code, found.severity) == ("AG604", "warning")


def test_missing_data_is_told_once_for_each_table_of_a_metric(run, data):
    (data / "customers.parquet").unlink()
    sql = "SELECT COUNT(*) AS x FROM orders JOIN customers USING (customer_id)"

    found = run(sql=sql, sql_by_day=sql, table=None, tables="[orders, customers]")

    assert [(item.code, item.severity) for item in found] == [("AG603", "warning")]
    assert found[0].message.endswith("has no customers.parquet")


def test_a_damaged_file_is_told_by_the_queries_that_read_it(run, data):
    (data / "customers.parquet").write_bytes(b"no parquet")

    found = run({"metrics/sales/people.yml": metric(
        "people", sql="SELECT COUNT(*) AS x FROM customers", table="customers"
    )})  # fmt: skip

    assert [(item.path[14:], item.code) for item in found] == [("people.yml", "AG601")]


def test_data_that_lacks_a_column_is_told(run, data):
    parquet(data / "orders.parquet", "SELECT 1 AS total")

    assert [(item.code, item.line) for item in run()] == [("AG601", 4)]


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        ("in.c-crm.company", '"in.c-crm.company"'),
        ("in.c-crm.company", "company"),
        ("in.c-crm.company", "main.Company"),
        ("Company", "MAIN.company"),
    ],
)
def test_a_table_s_file_is_called_after_its_id_however_the_query_calls_it(run, data, id_, name):
    parquet(data / f"{id_}.parquet", "SELECT 5 AS n")
    sql = f"|\n  SELECT SUM(n) AS x FROM {name}"
    files = {f"tables/{id_}.yml": table(id_, n="INTEGER")}

    assert run(files, sql=sql, table=id_, validation="{result: 5}") == []


def test_unregistered_tables_are_read_by_the_name_in_the_query(run, data):
    parquet(data / "extra.parquet", "SELECT 5 AS n")
    keys = {"sql": "SELECT SUM(n) AS x FROM extra", "table": None, "validation": "{result: 6}"}

    assert codes(run(**keys)) == ["AG301", "AG602"]


def test_a_name_does_not_lead_out_of_the_data(run, data):
    parquet(data.parent / "secret.parquet", "SELECT 5 AS n")

    found = run(sql='SELECT SUM(n) AS x FROM "..secret"', table=None)
    found += run(sql='|\n  SELECT SUM(n) AS x FROM "../secret"', table=None)

    assert {item.code for item in found} & {"AG301", "AG403"}
    assert "AG601" not in codes(found)


def test_a_sandbox_that_does_not_work_is_an_error_of_the_run(run, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(SandboxError):
        run()


# The expected result


EXPECTED = [
    ("SELECT SUM(amount) AS x FROM orders", "{result: 600.5}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: '600.50'}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: '0,600.50'}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: 6.005e2}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: 600, tolerance: 0.01}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: 600, tolerance: 1e-2}"),
    ("SELECT SUM(amount) AS x FROM orders", "{result: about six hundred}"),
    ("SELECT SUM(amount) AS x FROM orders", "{method: By hand, tolerance: 0}"),
    ("SELECT 'x' AS k, COUNT(*) AS n FROM orders", "{result: 3, tolerance: 0}"),
    ("SELECT COUNT(*) > 2 AS many FROM orders", "{result: true}"),
    (
        "SELECT order_date, SUM(amount) AS x FROM orders GROUP BY 1",
        "{result: {2024-01-01: 300.5, 2024-02-01: 300}}",
    ),
    (
        "SELECT order_date::TIMESTAMP AS at, SUM(amount) AS x FROM orders GROUP BY 1",
        "{result: {2024-02-01: 300}}",
    ),
    (
        "SELECT region, 1 AS one, COUNT(*) AS n FROM orders GROUP BY 1",
        "{result: {eu: 2, us: 1}}",
    ),
    (
        "SELECT region = 'eu' AS is_eu, COUNT(*) AS n FROM orders GROUP BY 1",
        "{result: {true: 2, false: 1}}",
    ),
    ("SELECT 2024 AS year, NULL AS n FROM orders LIMIT 1", "{result: {2024: null}}"),
    (MONTHS, "{result: [{region: us, revenue: 200}, {month: 2024-02-01, revenue: 300}]}"),
    (MONTHS, "{result: [{month: 2024-01-01, region: eu, revenue: 100.5}]}"),
    (MONTHS, "{result: []}"),
]
UNEXPECTED = [
        (
            "SELECT SUM(amount) AS x FROM orders",
            "{result: 600}",
            ["the query gives 600.50, not 600"],
        ),
        (
            "SELECT SUM(amount) AS x FROM orders",
            "{result: 650, tolerance: 0.01}",
            ["the query gives 600.50, not 650"],
        ),
        (MONTHS, "{result: 600.5}", ["the query gives 3 rows, not one value; list rows instead"]),
        (
            "SELECT NULL AS x FROM orders LIMIT 1",
            "{result: 0}",
            ["the query gives null, not 0"],
        ),
        (
            "SELECT COUNT(*) > 9 AS many FROM orders",
            "{result: true}",
            ["the query gives false, not true"],
        ),
        (
            "SELECT region, COUNT(*) AS n FROM orders GROUP BY 1",
            "{result: {eu: 3, mars: 1}}",
            ["eu gives 2, not 3", "no rows begin with mars"],
        ),
        (MONTHS, "{result: {2024-01-01: 300.5}}", ["2 rows begin with 2024-01-01"]),
        (
            MONTHS,
            "{result: [{region: us, revenue: 300}, {colour: red}, {region: us}]}",
            ["no row has region: us, revenue: 300", "no row has colour: red"],
        ),
        (MONTHS, "{result: [300, us]}", [
            "300 is no row: write a mapping of columns to values",
            "us is no row: write a mapping of columns to values",
        ]),
    ]  # fmt: skip


@pytest.fixture
def wrong(run):
    """What is wrong with the results of several metrics, a list for each."""

    def wrong(cases):
        texts = {
            f"metrics/cases/m{n}.yml": metric(f"m{n}", sql=f"|\n  {sql}", validation=validation)
            for n, (sql, validation) in enumerate(cases)
        }
        found = [item for item in run(texts) if item.code.startswith("AG6")]
        for item in found:
            assert (item.code, item.line) == ("AG602", 6)
            assert not marked(item, texts[item.path]).startswith("validation")
        return [sorted(it.message for it in found if it.path == path) for path in texts]

    return wrong


def test_a_result_that_was_expected_is_fine(wrong):
    assert dict(zip(EXPECTED, wrong(EXPECTED), strict=True)) == {case: [] for case in EXPECTED}


def test_a_result_that_was_not_expected_is_told(wrong):
    told = wrong((sql, validation) for sql, validation, _ in UNEXPECTED)

    assert told == [sorted(messages) for _, _, messages in UNEXPECTED]


@pytest.mark.parametrize(
    ("validation", "about"),
    [
        ("{result: {eu: 5, us: 1}}", "5"),
        ("{result: {eu: 2, mars: 7}}", "7"),
        ("{result: [{region: us}, {region: mars}]}", "{"),
        ("{result: 3}", "3"),
    ],
)
def test_what_differs_is_underlined_and_not_all_of_the_result(run, validation, about):
    text = metric(
        sql="SELECT region, COUNT(*) AS n FROM orders GROUP BY region", validation=validation
    )

    [found] = run({REVENUE: text})

    assert found.code == "AG602"
    assert marked(found, text) in (about, "")  # a row's place is its first character
    assert found.column == text.split("\n")[found.line - 1].rindex(about) + 1


def test_a_query_that_does_not_bind_is_not_run_too(run):
    found = run(sql="SELECT SUM(amuont) AS x FROM orders", sql_by_region="SELECT 1 AS region")

    assert [item.code for item in found if item.severity == "error"] == ["AG501"]


def test_a_file_that_is_a_link_out_of_the_folder_is_told(run, data, tmp_path):
    (data / "orders.parquet").rename(tmp_path / "elsewhere.parquet")
    (data / "orders.parquet").symlink_to(tmp_path / "elsewhere.parquet")

    [found] = run()

    assert found.code == "AG603"
    assert "orders.parquet is a symbolic link that leads elsewhere" in found.message


def test_only_the_canonical_query_is_held_against_the_result(run):
    sql = "SELECT region, COUNT(*) AS n FROM orders GROUP BY region"

    assert run(sql_by_region=sql, dimensions="[region]", validation="{result: 600.5}") == []


# Laws

numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(alphabet="0123456789.,-e", max_size=8),
)
values = st.one_of(
    st.none(), st.booleans(), numbers, st.text(), st.dates(), st.datetimes(), st.timedeltas()
)
finite = st.one_of(
    st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15), st.decimals(-(10**15), 10**15)
)


@given(values)
def test_every_value_is_the_same_as_itself(value):
    assert same(value, value, 0.0)


@given(finite, finite, st.floats(0, 1))
def test_sameness_of_numbers_has_no_direction(one, other, tolerance):
    assert same(one, other, tolerance) == same(other, one, tolerance)


@pytest.mark.parametrize(
    ("value", "expected", "tolerance", "is_same"),
    [
        (0.03, 0.07, 0.05, False),
        (0.069, 0.07, 0.05, True),
        (Decimal("0.0007"), "0.0008", 0.01, False),
        (1040, 1000, 0.05, True),
        (1060, 1000, 0.05, False),
        (0.01, 0, 0.05, False),
        (0.1 + 0.2 - 0.3, 0, 1e-9, True),
    ],
)
def test_a_tolerance_is_a_part_of_the_number(value, expected, tolerance, is_same):
    assert same(value, expected, tolerance) is is_same


@given(finite, st.floats(0, 1), st.floats(0, 1))
def test_more_tolerance_allows_more(number, small, large):
    small, large = sorted((small, large))
    other = float(number) * 1.05

    assert same(number, other, small) <= same(number, other, large)


@given(values, values, st.floats(0, 1))
def test_any_two_values_can_be_compared(value, expected, tolerance):
    assert same(value, expected, tolerance) in (True, False)


@given(st.lists(st.tuples(st.text(max_size=3), finite), max_size=5, unique_by=lambda row: row[0]))
def test_a_result_differs_in_nothing_from_itself(rows):
    columns = (Column("k", "VARCHAR"), Column("v", "DOUBLE"))
    result = Result(columns, tuple(rows), truncated=False)

    assert list(differences(result, dict(rows))) == []
    assert list(differences(result, [{"k": k, "v": v} for k, v in rows])) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1200.50"), "1,200.50"),
        (date(2024, 1, 1), "2024-01-01"),
        (datetime(2024, 1, 1), "2024-01-01"),  # noqa: DTZ001
        (datetime(2024, 1, 1, 10, 30), "2024-01-01T10:30:00"),  # noqa: DTZ001
        (timedelta(days=1), "1 day, 0:00:00"),
        (True, True),
        (5, "5"),
        ("5", 5),
        (Decimal("1E+2"), 100),
    ],
)
def test_values_are_compared_as_people_write_them(value, expected):
    assert same(value, expected, 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("007", 7),
        ("7.0", 7),
        (True, 1),
        (0, None),
        (None, 0),
        (None, "null"),
        (1, "one"),
        (date(2024, 1, 1), 2024),
        (float("nan"), 0),
        (float("inf"), 10**300),
    ],
)
def test_text_flags_and_nulls_are_no_numbers(value, expected):
    assert not same(value, expected, 1e-9)
