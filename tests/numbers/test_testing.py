"""Running the tests of metrics on data."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from agnes.compute.engine import DuckDB
from agnes.errors import NotFoundError
from agnes.lint.files import folder_files
from agnes.numbers.cases import read_cases
from agnes.numbers.testing import Report, run_tests
from agnes.queries.tables import tables_in

ORDERS = """(VALUES
    (DATE '2025-01-05', 'eu', 10), (DATE '2025-02-03', 'eu', 7), (DATE '2025-02-04', 'us', 5)
) t(day, region, amount)"""
MONTH = "CAST(DATE_TRUNC('month', day) AS DATE) AS month"
TOTAL = f"""\
name: total
grain: monthly
table: orders
dimensions: [region]
sql: SELECT {MONTH}, SUM(amount) AS total FROM orders GROUP BY ALL
sql_by_region: SELECT {MONTH}, region, SUM(amount) AS total FROM orders GROUP BY ALL
"""
PATH = "metrics/sales/total.yml"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    duckdb.sql(f"FROM {ORDERS}").write_parquet(str(folder / "orders.parquet"))
    return tables_in(folder, ["orders"])


@pytest.fixture(scope="module")
def engine(tables):
    with DuckDB(tables) as opened:
        yield opened


@pytest.fixture
def catalog(tmp_path) -> Path:
    for name in ("orders", "ledger"):
        write(tmp_path, f"tables/{name}.yml", f"id: {name}\n")
    write(tmp_path, "agnes.yml", "name: Test\n")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def run(root: Path, engine, *tests: str) -> Report:
    items = "".join(f"  - {test}\n" for test in tests)
    write(root, PATH, f"{TOTAL}tests:\n{items}")
    return run_tests(engine, read_cases(folder_files(root)), ["orders"])


def outcome(root: Path, engine, test: str):
    [found] = run(root, engine, test).outcomes
    return found.status, found.reason


@pytest.mark.parametrize(
    "test",
    [
        "{period: 2025-02, equals: 12}",
        "{period: 2025-02, where: {region: us}, equals: 5}",
        "{period: 2025-02, change_within: 20%}",
        "sql: SELECT 1 FROM orders WHERE amount < 0",
        "sql: FROM total WHERE total < 0; -- none",
        "sql: FROM Total_by_region JOIN total USING (month) WHERE total.total > 12",
    ],
)
def test_what_holds_passes(catalog, engine, test):
    assert outcome(catalog, engine, test) == ("passed", None)


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("{period: 2025-02, equals: 13}", "expected 13, got 12"),
        ("{period: 2025-03, equals: 13}", "got no row (there is 2025-01-01 to 2025-02-01)"),
        ("{period: 2025-02, where: {region: uk}, equals: 5}", "got no row (there is eu, us)"),
        (
            "sql: FROM total WHERE total < 11",
            "expected no rows, got 1 row(s), the first: month 2025-01-01, total 10",
        ),
        ("sql: SELECT unnest(range(50)) AS n", "got more than 20 row(s), the first: n 0"),
    ],
)
def test_what_does_not_hold_fails_and_says_why(catalog, engine, test, reason):
    status, said = outcome(catalog, engine, test)
    assert status == "failed"
    assert reason in said


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("{period: 2025-Q1, equals: 12}", "'2025-Q1' is no monthly period; write it so: 2025-03"),
        ("{period: 2025-02, where: {colour: red}, equals: 12}", "colour"),
        ("sql: SELECT amuont FROM orders", "amuont"),
        ("sql: DELETE FROM orders", "DELETE is not a SELECT"),
        ("sql: SELECT * FROM nowhere", "nowhere does not exist"),
        ("sql: SELECT * FROM total_by_colour", "total_by_colour does not exist"),
        ("sql: SELECT * FROM 'orders.parquet'", "is a file, not a table"),
    ],
)
def test_what_cannot_be_run_is_an_error_and_the_others_go_on(catalog, engine, test, reason):
    report = run(catalog, engine, test, "{period: 2025-02, equals: 12}")
    assert [it.status for it in report.outcomes] == ["error", "passed"]
    assert reason in report.outcomes[0].reason


def test_a_table_without_data_skips_its_tests(catalog, engine):
    report = run(catalog, engine, "sql: FROM total JOIN ledger USING (month) WHERE false")
    assert [it.reason for it in report.outcomes] == ["there is no data of ledger"]
    assert (report.is_good(strict=False), report.is_good(strict=True)) == (True, False)


def test_a_table_with_the_name_of_the_metric_is_meant_where_there_is_one(catalog, engine):
    write(catalog, "tables/total.yml", "id: total\n")
    assert outcome(catalog, engine, "sql: FROM total WHERE false") == (
        "skipped",
        "there is no data of total",
    )


class Counting:
    """An engine that notes what it is asked."""

    def __init__(self, engine) -> None:
        self.engine, self.asked = engine, []

    def query(self, sql, parameters=None, limit=None):
        self.asked.append(sql)
        return self.engine.query(sql, parameters, limit)

    def columns(self, table):
        return self.engine.columns(table)


def test_each_query_of_a_metric_runs_once(catalog, engine):
    counting = Counting(engine)
    values = [f"{{period: 2025-0{month}, between: [1, 99]}}" for month in (1, 2)]
    parts = [f"{{period: 2025-02, where: {{region: {it}}}, equals: 5}}" for it in ("eu", "us")]
    assert [it.status for it in run(catalog, counting, *values, *parts).outcomes] == (
        ["passed", "passed", "failed", "passed"]
    )
    assert len(counting.asked) == 2


def test_progress_is_told_for_each_test(catalog, engine):
    told = []
    write(catalog, PATH, TOTAL + "tests: [{period: 2025-02, equals: 1}, {sql: SELECT 1}]\n")
    run_tests(engine, read_cases(folder_files(catalog)), [], lambda *done: told.append(done))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_file_that_does_not_validate_is_an_error_since_it_hides_its_tests(catalog, engine):
    write(catalog, PATH, TOTAL + "tests: [{equlas: 5}]\n")
    write(catalog, "metrics/sales/plain.yml", "name: [plain\n")
    cases = read_cases(folder_files(catalog))
    [found] = run_tests(engine, cases, ["orders"]).outcomes
    assert (found.metric, found.status, found.path, found.line) == ("sales/total", "error", PATH, 7)
    assert "unknown key `tests[0].equlas`, so its tests are not known" in found.reason


def test_tests_know_the_line_they_begin_in(catalog):
    write(catalog, PATH, TOTAL + "tests:\n  # of the ledger\n  - period: 2025-02\n    equals: 12\n")
    older = "".join(f"  {line}\n" for line in TOTAL.splitlines()).replace("total", "older")
    write(catalog, "metrics/sales/older.yml", f"-{older[1:]}  tests:\n  - sql: SELECT 1\n")
    found = read_cases(folder_files(catalog)).found
    assert [(it.metric.id, it.line) for it in found] == [("sales/older", 8), ("sales/total", 9)]


def test_metrics_are_chosen_by_id(catalog):
    write(catalog, PATH, TOTAL + "tests: [{sql: SELECT 1}]\n")
    assert len(read_cases(folder_files(catalog), ["sales/total"]).found) == 1
    with pytest.raises(NotFoundError, match="'sales/totl' not found") as caught:
        read_cases(folder_files(catalog), ["sales/totl"])
    assert caught.value.hint == "did you mean sales/total?"


def test_a_report_as_data_counts_and_tells(catalog, engine):
    said = run(catalog, engine, "{period: 2025-02, equals: 13}").as_dict()
    assert {key: said[key] for key in ("tests", "passed", "failed", "error", "skipped")} == {
        "tests": 1,
        "passed": 0,
        "failed": 1,
        "error": 0,
        "skipped": 0,
    }
    assert said["results"][0] | {"seconds": 0} == {
        "metric": "sales/total",
        "name": "2025-02: equals 13",
        "path": PATH,
        "line": 8,
        "status": "failed",
        "reason": "expected 13, got 12",
        "expected": "13",
        "got": "12",
        "seconds": 0,
    }
