"""`da metrics test`, as its users see it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import duckdb
import pytest

SOLD = """\
name: sold
grain: monthly
table: orders
sql: SELECT month, SUM(amount) AS sold FROM orders GROUP BY month
tests:
"""
PATH = "metrics/sales/sold.yml"
PASSES, FAILS = "  - {period: 2025-03, equals: 12}\n", "  - {period: 2025-03, equals: 13}\n"
SKIPPED = "  - {name: ledger, sql: FROM ledger}\n"


@pytest.fixture
def sold(here):
    """The catalog with data beside it, and a metric to write tests for."""
    folder = here.path / "data/parquet"
    folder.mkdir(parents=True)
    rows = "SELECT DATE '2025-03-01' AS month, 12 AS amount"
    duckdb.sql(rows).write_parquet(str(folder / "orders.parquet"))
    here.write("tables/ledger.yml", "id: ledger\n")

    def write(*tests: str):
        here.write(PATH, SOLD + "".join(tests))
        return here

    return write


def test_each_test_has_a_line_and_a_failure_says_where_and_why(da, sold):
    sold(PASSES, FAILS, SKIPPED)
    done = da("metrics", "test")
    assert done.code == 1
    assert done.out.splitlines() == [
        "ok       sales/sold  2025-03: equals 12",
        "FAILED   sales/sold  2025-03: equals 13",
        f"         {PATH}:7: expected 13, got 12",
        "skipped  sales/sold  ledger",
        f"         {PATH}:8: there is no data of ledger",
        "3 test(s): 1 passed, 1 failed, 1 skipped",
    ]


@pytest.mark.parametrize(
    ("tests", "options", "code"),
    [
        ([PASSES], [], 0),
        ([PASSES, SKIPPED], [], 0),
        ([PASSES, SKIPPED], ["--strict"], 1),
        ([FAILS], [], 1),
        (["  - {sql: SELECT nothing FROM orders}\n"], [], 1),
        (["  - {equlas: 5}\n"], [], 1),
    ],
)
def test_the_exit_code_says_whether_all_is_well(da, sold, tests, options, code):
    sold(*tests)
    assert da("metrics", "test", *options).code == code


def test_json_is_all_there_is_on_stdout(da, sold):
    sold(PASSES, FAILS)
    done = da("metrics", "test", "--json")
    assert (done.code, done.json["tests"], done.json["failed"]) == (1, 2, 1)
    assert [(it["status"], it["line"]) for it in done.json["results"]] == [
        ("passed", 6),
        ("failed", 7),
    ]


def test_the_working_tree_is_tested_unless_a_commit_is_named(da, sold):
    sold(PASSES).commit()
    sold(FAILS)
    assert da("metrics", "test").code == 1
    assert da("metrics", "test", "--rev", "HEAD").code == 0
    assert "no commit is called 'v9'" in da("metrics", "test", "--rev", "v9").err


def test_junit_has_paths_as_seen_from_here(da, sold, monkeypatch, tmp_path):
    here = sold(FAILS)
    monkeypatch.chdir(here.path.parent)
    done = da("metrics", "test", "--catalog", here.path, "--junit", tmp_path / "results.xml")
    [case] = ET.parse(tmp_path / "results.xml").getroot().iter("testcase")
    assert case.attrib["file"] == f"{here.path.name}/{PATH}"
    assert f"{here.path.name}/{PATH}:6: expected 13" in done.out


def test_a_file_that_cannot_be_written_is_an_error(da, sold):
    sold(PASSES)
    done = da("metrics", "test", "--junit", "no/such/folder.xml")
    assert (done.code, done.err.splitlines()[0]) == (
        1,
        "error: cannot write no/such/folder.xml: No such file or directory",
    )


def test_without_tests_nothing_is_needed(da, here):
    done = da("metrics", "test")
    assert (done.code, done.out) == (0, "")
    assert "no metric has tests" in done.err


def test_without_data_there_is_an_error(da, sold):
    here = sold(PASSES)
    (here.path / "data/parquet/orders.parquet").unlink()
    done = da("metrics", "test")
    assert (done.code, done.out) == (1, "")
    assert "data not found" in done.err


def test_an_unknown_metric_is_an_error_with_the_near_ones(da, sold):
    sold(PASSES)
    done = da("metrics", "test", "sales/sould")
    assert done.code == 1
    assert "did you mean sales/sold" in done.err


def test_values_cannot_move_the_cursor(da, sold):
    sold("  - sql: SELECT chr(27) || '[2J' AS x\n")
    assert "the first: x \N{REPLACEMENT CHARACTER}[2J" in da("metrics", "test").out
