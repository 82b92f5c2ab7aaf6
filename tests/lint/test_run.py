"""All files of a catalog in one run."""

from __future__ import annotations

import pytest

from agnes.errors import AgnesError
from agnes.lint.files import folder_files
from agnes.lint.page import BASE
from agnes.lint.pool import WORTH_PROCESSES
from agnes.lint.results import Results
from agnes.lint.rules import RULES
from agnes.lint.run import Request, lint
from agnes.model.layout import MAX_BYTES
from tests.lint.conftest import REVENUE, codes, marked, metric, table, write

BROKEN = {
    "agnes.yml": "nmae: Acme\n",
    "metrics/metrics.yml": "categories: [{name: sales, metrics: [revenue, gone]}]\n",
    "metrics/Sales/deals.yml": metric("deals"),
    "metrics/sales/costs.yml": "name: [",
    "metrics/sales/empty.yml": "",
    "metrics/sales/revenue.yml": metric("arr", sql="SELECT * FROM ordres", inputs="[sales/none]"),
    "metrics/sales/units.yml": metric("units", sql="SELECT SUM(amuont) AS units FROM orders"),
    "metrics/sales/words.yml": metric("words", grain="montly", sql="DROP TABLE orders"),
    "tables/customers.yml": "id: customers\nprimary_key: idd\ncolumns: {id: {basetype: TEXT}}\n",
}
EXPECTED = [
    ("agnes.yml", "AG202"),
    ("metrics/Sales/deals.yml", "AG207"),
    ("metrics/metrics.yml", "AG208"),
    ("metrics/metrics.yml", "AG208"),
    ("metrics/metrics.yml", "AG208"),
    ("metrics/metrics.yml", "AG208"),
    ("metrics/metrics.yml", "AG208"),
    ("metrics/sales/costs.yml", "AG101"),
    ("metrics/sales/empty.yml", "AG210"),
    ("metrics/sales/revenue.yml", "AG204"),
    ("metrics/sales/revenue.yml", "AG301"),
    ("metrics/sales/revenue.yml", "AG308"),
    ("metrics/sales/revenue.yml", "AG407"),
    ("metrics/sales/units.yml", "AG501"),
    ("metrics/sales/words.yml", "AG203"),
    ("metrics/sales/words.yml", "AG402"),
    ("tables/customers.yml", "AG203"),
]


def test_everything_that_is_wrong_is_found_in_one_run(find):
    found = find(BROKEN)

    assert sorted((item.path, item.code) for item in found) == EXPECTED
    assert found == sorted(found)
    assert {item.code for item in found} <= RULES.keys()


def test_a_good_catalog_has_no_findings(find):
    other = {
        "metrics/README.md": "not: [YAML",
        "docs/metrics/x.yml": "[",
        "tables/.hidden.yml": "[",
    }

    assert find({REVENUE: metric()} | other) == []


@pytest.mark.parametrize(
    "text",
    [
        "id: orders\ncolumns:\n  amount: {basetype: MONEY}\n",
        "id: ordres\ncolumns:\n  amount: {basetype: NUMERIC}\n",
        "id: [",
        "",
        b"\xff\xfe",
        b"#" * (MAX_BYTES + 1),
    ],
)
def test_the_metrics_of_a_broken_table_are_not_blamed_for_it(find, text):
    reads = metric(time_column="order_date", dimensions="[region]")

    found = find({"tables/orders.yml": text, REVENUE: reads})

    assert [(item.path, item.severity) for item in found if item.code != "AG408"] == [
        ("tables/orders.yml", "error")
    ]


def test_a_metric_that_is_made_of_a_broken_one_is_not_blamed_for_it(find):
    found = find({REVENUE: metric(inputs="[sales/costs]"), "metrics/sales/costs.yml": "name: ["})

    assert codes(found) == ["AG101"]


@pytest.mark.parametrize(
    "sql", ["SELECT SUM(amount FROM orders", "SELECT 1; SELECT 2", "SELCT x FROM customers"]
)
def test_a_query_that_cannot_be_read_leads_to_no_guesses_about_columns(find, sql):
    found = find({REVENUE: metric(sql=sql, table=None, time_column="day", dimensions="[segment]")})

    assert len(found) == 1
    assert found[0].code in ("AG401", "AG402")


def test_a_file_that_is_too_large_is_named_and_not_read(find):
    found = find({REVENUE: metric() + "#" * MAX_BYTES, "metrics/sales/costs.yml": "name: ["})

    assert codes(found) == ["AG101", "AG102"]
    assert f"{MAX_BYTES:,}" in found[1].message


def test_a_file_that_cannot_be_read_is_an_error_of_the_run(tmp_path):
    write(tmp_path, {**BASE, REVENUE: metric()})
    files = folder_files(tmp_path)
    entries = files.entries()
    (tmp_path / REVENUE).unlink()
    files.entries = lambda: entries

    with pytest.raises(AgnesError, match=r"cannot read metrics/sales/revenue\.yml: No such file"):
        lint(files, Request())


# Kept results


def progress(done: list[tuple[int, int]]):
    return lambda *numbers: done.append(numbers)


def is_monotonic_and_complete(done: list[tuple[int, int]]) -> bool:
    return sorted(done) == done and done[-1][0] == done[-1][1]


@pytest.mark.parametrize("level", ["syntax", "schema", "references", "binding"])
def test_kept_results_give_equal_reports(tmp_path, level):
    files = folder_files(write(tmp_path / "catalog", {**BASE, **BROKEN}))
    fresh = lint(files, Request(level, results=Results(None)))
    keeping = Request(level, results=Results(tmp_path))

    first = lint(files, keeping)
    done: list[tuple[int, int]] = []
    again = lint(files, Request(level, results=Results(tmp_path), advance=progress(done)))

    assert first == again == fresh
    assert is_monotonic_and_complete(done)


def test_results_of_one_level_serve_another(tmp_path):
    files = folder_files(write(tmp_path / "catalog", {**BASE, **BROKEN}))
    for level in ("binding", "schema", "references", "syntax", "binding"):
        kept = lint(files, Request(level, results=Results(tmp_path)))
        assert kept == lint(files, Request(level))


def test_results_are_kept_by_content_and_place(tmp_path):
    root = write(tmp_path / "catalog", {**BASE, REVENUE: metric()})
    request = Request(results=Results(tmp_path))
    assert lint(folder_files(root), request).diagnostics == []

    (root / REVENUE).rename(root / "metrics/sales/costs.yml")
    moved = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
    assert [(item.path, item.code) for item in moved] == [("metrics/sales/costs.yml", "AG204")]

    write(root, {"tables/orders.yml": table("orders", total="NUMERIC")})
    write(root, {"metrics/sales/costs.yml": metric("costs")})
    changed = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
    assert codes(changed) == ["AG501"]


def test_settings_count_for_what_is_kept_too(tmp_path):
    root = write(tmp_path / "catalog", {**BASE, REVENUE: metric(sql="SELECT * FROM orders")})
    for severities, expected in (
        ("{}", ["hint"]),
        ("{AG407: error}", ["error"]),
        ("{AG407: off}", []),
    ):
        write(root, {"agnes.yml": f"lint: {{severities: {severities}}}\n"})
        found = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
        assert [item.severity for item in found] == expected


# Progress and processes


def test_progress_only_grows_and_ends_at_the_total(tmp_path):
    write(tmp_path, {**BASE, **BROKEN, "metrics/sales/big.yml": "#" * (MAX_BYTES + 1)})
    done: list[tuple[int, int]] = []

    lint(folder_files(tmp_path), Request(advance=progress(done)))

    assert is_monotonic_and_complete(done)


def test_progress_counts_queries_that_run_on_data(tmp_path):
    write(tmp_path, {**BASE, REVENUE: metric(sql_by_day="SELECT 1 AS x FROM orders")})
    done: list[tuple[int, int]] = []

    lint(folder_files(tmp_path), Request("data", tmp_path, advance=progress(done)))

    assert is_monotonic_and_complete(done)


def test_many_files_go_through_processes_with_the_same_outcome(tmp_path):
    number = WORTH_PROCESSES + 20
    many = {
        f"metrics/many/m{n}.yml": metric(
            f"m{n}", sql=f"SELECT SUM({'amount' if n % 3 else 'amuont'}) AS m{n} FROM orders"
        )
        for n in range(number)
    }
    files = folder_files(write(tmp_path, {**BASE, **many, **BROKEN}))
    done: list[tuple[int, int]] = []

    found = lint(files, Request(advance=progress(done))).diagnostics

    wrong = [
        item for item in found if item.path.startswith("metrics/many/") and item.code != "AG208"
    ]
    assert {item.path for item in wrong} == {
        f"metrics/many/m{n}.yml" for n in range(number) if n % 3 == 0
    }
    assert {item.code for item in wrong} == {"AG501"}
    assert marked(wrong[0], many[wrong[0].path]) == "amuont"
    assert is_monotonic_and_complete(done)
    rest = [(item.path, item.code) for item in found if item not in wrong]
    assert sorted(pair for pair in rest if "/many/" not in pair[0])[:2] == EXPECTED[:2]


def test_progress_only_grows_while_two_sandboxes_bind(tmp_path):
    many = {
        f"metrics/many/m{n}.yml": metric(
            f"m{n}", **{f"sql_by_x{k}": f"SELECT {n} AS a, {k} AS b FROM orders" for k in range(20)}
        )
        for n in range(25)
    }
    done: list[tuple[int, int]] = []

    lint(folder_files(write(tmp_path, {**BASE, **many})), Request(advance=progress(done)))

    assert is_monotonic_and_complete(done)
    assert done[-1][0] == len(BASE) + len(many) + 25 * 20 + 1
