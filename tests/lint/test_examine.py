"""Checking one file on its own."""

from __future__ import annotations

import json

import pytest

from agnes.lint.examine import examine
from agnes.lint.examined import Examined
from agnes.lint.facts import IndexFacts, MetricFacts, SettingsFacts, TableFacts
from agnes.model.layout import Slot
from tests.lint.conftest import REVENUE, marked, metric, table

METRIC = Slot(REVENUE, "metric", "sales/revenue")


def examined(text: str | bytes, slot: Slot = METRIC, level: str = "references") -> Examined:
    return examine(slot, text if isinstance(text, bytes) else text.encode(), level)


def codes(item: Examined) -> set[str]:
    return {found.code for found in item.diagnostics}


def test_a_metric_gives_facts():
    text = metric(
        table=None,
        display_name="Net revenue",
        tables="[orders, customers]",
        time_column="order_date",
        dimensions="[region]",
        synonyms="[turnover]",
        inputs="[sales/orders]",
        status="deprecated",
        replaced_by="sales/orders",
        sql="SELECT SUM(amount) AS Total FROM orders JOIN Customers USING (customer_id)",
        sql_by_region="SELECT * FROM orders",
    )

    facts = examined(text).facts

    assert isinstance(facts, MetricFacts)
    assert (facts.path, facts.id, facts.display_name) == (REVENUE, "sales/revenue", "Net revenue")
    assert (facts.table, facts.tables) == (None, ["orders", "customers"])
    assert (facts.time_column, facts.dimensions) == ("order_date", ["region"])
    assert (facts.synonyms, facts.inputs) == (["turnover"], ["sales/orders"])
    assert (facts.status, facts.replaced_by) == ("deprecated", "sales/orders")
    assert (facts.whole, facts.refused) == (True, 0)
    assert facts.reads == ["orders", "Customers"]
    first, second = facts.queries
    assert (first.node, second.node) == ("sql", "sql_by_region")
    assert first.reads == [("orders", 33, 6), ("Customers", 45, 9)]
    assert first.names is not None
    assert {"amount", "total"} <= set(first.names)
    assert second.names is None
    assert first.digest != second.digest


def test_a_table_gives_its_columns():
    text = table("orders", order_id="STRING", note=None) + "primary_key: order_id\n"

    facts = examined(text, Slot("tables/orders.yml", "table", "orders")).facts

    columns = {"order_id": "STRING", "note": None}
    assert facts == TableFacts("tables/orders.yml", "orders", columns, ["order_id"])


def test_settings_give_their_lint_section():
    text = "lint: {severities: {AG407: off}, ignores: {'metrics/**': [AG301]}}\n"

    facts = examined(text, Slot("agnes.yml", "settings")).facts

    assert facts == SettingsFacts({"AG407": "off"}, {"metrics/**": ["AG301"]})


def test_the_index_gives_what_it_lists_by_folder():
    text = "categories: [{name: The sales, folder: sales, metrics: [revenue, orders.yml]}]\n"

    facts = examined(text, Slot("metrics/metrics.yml", "index")).facts

    listed = {"sales/revenue": [0, 0], "sales/orders": [0, 1]}
    assert facts == IndexFacts("metrics/metrics.yml", listed, {"sales": 0})


@pytest.mark.parametrize("text", ["name: [", "", "- a\n- b\n", "name: revenue\n", b"\xff\xfe"])
def test_a_file_of_which_too_little_can_be_read_gives_no_facts(text):
    item = examined(text)

    assert item.facts is None
    assert item.diagnostics


@pytest.mark.parametrize(
    "wrong",
    [{"grain": "montly"}, {"tabel": "orders"}, {"name": "total"}, {"category": "finance"}],
)
def test_the_queries_of_a_metric_with_a_wrong_key_are_checked_all_the_same(wrong):
    item = examined(metric(sql="SELECT * FROM read_csv('x')", **wrong))

    assert codes(item) >= {"AG403"}
    assert len(codes(item)) > 1
    assert isinstance(item.facts, MetricFacts)
    assert (item.facts.id, item.facts.whole, item.facts.refused) == ("sales/revenue", False, 1)


def test_one_refused_query_does_not_hide_the_others():
    item = examined(metric(sql="DELETE FROM orders", sql_by_day="SELECT * FROM orders"))

    assert codes(item) == {"AG402", "AG407"}
    assert isinstance(item.facts, MetricFacts)
    assert [query.node for query in item.facts.queries] == ["sql_by_day"]


@pytest.mark.parametrize("level", ["syntax", "schema"])
def test_queries_are_not_parsed_below_references(level):
    item = examined(metric(sql="DELETE FROM orders"), level=level)

    assert item.diagnostics == []
    assert isinstance(item.facts, MetricFacts)
    assert item.facts.queries == []


def test_a_metric_in_a_list_is_checked_like_any_other():
    text = "- name: revenue\n  grain: montly\n  sql: SELECT * FROM orders\n"

    found = examined(text).diagnostics

    assert [(item.code, item.line, item.column) for item in found] == [
        ("AG203", 2, 10),
        ("AG407", 3, 15),
    ]


@pytest.mark.parametrize(
    ("synonyms", "untidy"),
    [
        ("[turnover, Turnover]", True),
        ("[net  sales, Net sales]", True),
        ('[" turnover"]', True),
        ("[turnover, sales]", False),
        ("[]", False),
        ("[Ärger, ärger]", True),
        ("[revenue]", False),
    ],
)
def test_synonyms_are_tidy(synonyms, untidy):
    assert ("AG213" in codes(examined(metric(synonyms=synonyms)))) is untidy


@pytest.mark.parametrize(
    "text",
    [
        metric(),
        metric(grain="montly", sql="SELECT * FROM") + "# agnes: ignore[AG407, AG301]\n",
        "name: [",
        metric(synonyms="[Ž, ž]", sql="SELECT *, 'ž' FROM orders"),
    ],
)
def test_what_is_kept_of_a_file_is_all_that_was_found(text):
    item = examined(text)

    plain = json.loads(json.dumps(item.to_plain()))
    again = Examined.from_plain(plain)

    assert (again.diagnostics, again.ignores) == (item.diagnostics, item.ignores)
    assert again.to_plain() == plain
    assert type(again.facts) is type(item.facts)


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        (Slot("tables/orders.yml", "table", "orders"), table("orders", a="STRING", b=None)),
        (Slot("agnes.yml", "settings"), "lint: {severities: {AG407: error}}\n"),
        (Slot("metrics/metrics.yml", "index"), "categories: [{name: sales, metrics: [a]}]\n"),
    ],
)
def test_facts_of_every_kind_are_kept(slot, text):
    item = examined(text, slot)

    assert Examined.from_plain(json.loads(json.dumps(item.to_plain()))) == item


@pytest.mark.parametrize("tolerance", ["many", "1%", "-1", "true"])
def test_a_tolerance_is_a_number_that_is_not_below_zero(tolerance):
    text = metric(validation=f"{{result: 1, tolerance: {tolerance}}}")

    [found] = [item for item in examined(text).diagnostics if item.severity == "error"]

    assert (found.code, marked(found, text)[:1]) == ("AG203", tolerance[:1])
    assert found.message.endswith("it must be a number such as 0.001")


@pytest.mark.parametrize("tolerance", ["0", "0.05", "'0.05'", "1e-9", "null"])
def test_a_tolerance_may_be_written_in_many_ways(tolerance):
    text = metric(validation=f"{{result: 1, tolerance: {tolerance}}}")

    assert "AG203" not in codes(examined(text))


@pytest.mark.parametrize("comment", ["# agnes: ignore", "-- agnes: ignore[]", "#agnes:ignore[ , ]"])
def test_an_ignore_says_which_rule(comment):
    text = metric(sql=f"|\n  SELECT SUM(amount) AS x -- {comment}\n  FROM orders")

    [found] = examined(text).diagnostics

    assert (found.code, found.line) == ("AG902", 5)
    assert (found.message, found.hint) == (
        "the ignore names no rule",
        "say which rule: ignore[AG407]",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_ignore_is_on_its_line_whatever_ends_lines(end):
    text = metric(sql="SELECT SUM(amount) AS x FROM orders # agnes: ignore[AG407]")

    [ignore] = examined(text.replace("\n", end)).ignores

    assert ignore.line == 4
