"""Old text, new text, and the class and words of what changed between them."""

# ruff: noqa: E501, ISC004  (a case is a line)

from __future__ import annotations

import pytest

from tests.diff.trees import METRIC, TABLE, Trees, of

MRR = """\
name: mrr
display_name: Monthly recurring revenue
type: sum
unit: USD
grain: monthly
table: orders
tables: [orders, customers]
expression: SUM(amount)
time_column: day
owner: finance
dimensions: [plan, country]
filters:
  - status = 'paid'
synonyms: [recurring revenue, MRR]
notes:
  - Trials do not count.
  - Refunds do.
inputs: [revenue/orders, revenue/refunds]
tags: [core]
tests:
  - {period: 2025-03, equals: 5}
  - {sql: SELECT 1 WHERE false}
validation: {method: ledger, result: 5}
meta: {tier: 1}
description: What subscriptions bring in.
sql: |
  SELECT DATE_TRUNC('month', day) AS month, SUM(amount) AS mrr
  FROM orders
  WHERE status = 'paid'
  GROUP BY 1
sql_by_plan: |
  SELECT plan, SUM(amount) AS mrr FROM orders GROUP BY plan
"""
ORDERS = """\
id: orders
description: One row per order
access: {groups: [finance, sales]}
columns:
  day: {basetype: DATE, description: The day}
  amount: {basetype: NUMERIC}
  note: {basetype: STRING}
"""
METRICS = [  # what is replaced, by what, the field, its class, its words
    ("unit: USD", "unit: EUR", "unit", "breaking", "unit changed"),
    ("unit: USD\n", "", "unit", "breaking", "unit removed"),
    ("grain: monthly", "grain: daily", "grain", "breaking", "grain changed"),
    ("type: sum", "type: avg", "type", "breaking", "type changed"),
    ("type: sum\n", "type: count\n", "type", "breaking", "type changed"),
    ("table: orders", "table: invoices", "table", "breaking", "table changed"),
    ("[orders, customers]", "[orders]", "tables", "breaking", "table removed"),
    ("[orders, customers]", "[orders, customers, plans]", "tables", "compatible", "table added"),
    ("[orders, customers]", "[customers, orders]", "tables", "cosmetic", "order of tables changed"),
    ("SUM(amount)\n", "sum( Amount )\n", "expression", "cosmetic", "written differently"),
    ("SUM(amount)\n", "AVG(amount)\n", "expression", "result-changing", "expression changed"),
    ("expression: SUM(amount)\n", "", "expression", "breaking", "expression removed"),
    ("time_column: day", "time_column: paid_at", "time_column", "result-changing", "time_column changed"),
    ("time_column: day\n", "", "time_column", "breaking", "time_column removed"),
    ("owner: finance", "owner: sales", "owner", "documentation", "owner changed"),
    ("owner: finance\n", "", "owner", "documentation", "owner removed"),
    ("[plan, country]", "[plan]", "dimensions", "breaking", "dimension removed"),
    ("[plan, country]", "[plan, country, seat]", "dimensions", "compatible", "dimension added"),
    ("[plan, country]", "[plan, region]", "dimensions", "breaking", "dimension removed; dimension added"),
    ("[plan, country]", "[country, plan]", "dimensions", "cosmetic", "order of dimensions changed"),
    ("[plan, country]", "[plan, country, plan]", "dimensions", "cosmetic", "a dimension is said more than once"),
    ("- status = 'paid'", "- status = 'open'", "filters", "result-changing", "filter removed; filter added"),
    ("- status = 'paid'", "- STATUS='paid'", "filters", "cosmetic", "filter written differently"),
    ("- status = 'paid'", "- status = 'paid'\n  - test = false", "filters", "result-changing", "filter added"),
    ("filters:\n  - status = 'paid'\n", "", "filters", "result-changing", "filter removed"),
    ("[recurring revenue, MRR]", "[MRR]", "synonyms", "documentation", "synonym removed"),
    ("[recurring revenue, MRR]", "[recurring revenue, MRR, run rate]", "synonyms", "documentation", "synonym added"),
    ("[recurring revenue, MRR]", "[MRR, recurring revenue]", "synonyms", "cosmetic", "order of synonyms changed"),
    ("- Refunds do.", "- Refunds do not.", "notes", "documentation", "note removed; note added"),
    ("- Refunds do.", "- >\n    Refunds\n    do.", "notes", "cosmetic", "note written differently"),
    ("  - Trials do not count.\n  - Refunds do.", "  - Refunds do.\n  - Trials do not count.", "notes", "documentation", "order of notes changed"),
    ("[revenue/orders, revenue/refunds]", "[revenue/refunds, revenue/orders]", "inputs", "result-changing", "order of inputs changed"),
    ("[revenue/orders, revenue/refunds]", "[revenue/orders]", "inputs", "result-changing", "input removed"),
    ("tags: [core]", "tags: [core, board]", "tags", "documentation", "tag added"),
    ("equals: 5", "equals: 6", "tests", "documentation", "test removed; test added"),
    ("  - {sql: SELECT 1 WHERE false}\n", "", "tests", "documentation", "test removed"),
    ("tests:\n", "tests:\n  - {name: never, sql: SELECT 2 WHERE false}\n", "tests", "documentation", "test added"),
    ("  - {period: 2025-03, equals: 5}\n  - {sql: SELECT 1 WHERE false}\n", "  - {sql: SELECT 1 WHERE false}\n  - {period: 2025-03, equals: 5}\n", "tests", "cosmetic", "order of tests changed"),
    ("- {sql: SELECT 1", "- {name: never, sql: SELECT 1", "tests", "documentation", "test renamed"),
    ("result: 5", "result: 6", "validation", "documentation", "validation changed"),
    ("tier: 1", "tier: true", "meta", "documentation", "meta changed"),
    ("meta: {tier: 1}\n", "", "meta", "documentation", "meta removed"),
    ("bring in.", "cost.", "description", "documentation", "description changed"),
    ("description: What", "description: |\n  What", "description", "cosmetic", "blank space or line breaks"),
    ("Monthly recurring revenue", "MRR", "display_name", "documentation", "display_name changed"),
    ("display_name: Monthly recurring revenue\n", "", "display_name", "documentation", "display_name changed"),
    ("name: mrr\n", "name: mrr\nstatus: deprecated\n", "status", "breaking", "status changed"),
    ("name: mrr\n", "name: mrr\nstatus: removed\n", "status", "breaking", "status changed"),
    ("name: mrr\n", "name: mrr\nstatus: draft\n", "status", "compatible", "status changed"),
    ("name: mrr\n", "name: mrr\nreplaced_by: revenue/arr\n", "replaced_by", "documentation", "replaced_by added"),
    ("sql_by_plan: |\n", "sql_by_tier: |\n", "sql_by_plan", "breaking", "variant removed"),
    ("sql_by_plan: |\n", "sql_by_tier: |\n", "sql_by_tier", "compatible", "variant added"),
    ("BY plan\n", "BY plan LIMIT 5\n", "sql_by_plan", "result-changing", "LIMIT added"),
    ("status = 'paid'\n  GROUP", "status = 'open'\n  GROUP", "sql", "result-changing", "filter altered"),
    ("AS mrr\n  FROM", "AS revenue\n  FROM", "sql", "breaking", "output column renamed"),
    ("AS mrr\n  FROM", "AS mrr, COUNT(*) AS n\n  FROM", "sql", "compatible", "output column added"),
    ("  GROUP BY 1\n", "  -- by month\n  group by 1\n", "sql", "cosmetic", "written differently, the same query"),
    ("  GROUP BY 1\n", "  GROUP BY 1\n\n", "sql", "cosmetic", ""),
    ("  GROUP BY 1\n", "  GROUP BY (\n", "sql", "result-changing", "compared as text: the new query cannot be read as SQL"),
]  # fmt: skip
TABLES = [
    ("One row per order", "Orders", "description", "documentation", "description changed"),
    ("id: orders\n", "id: orders\nname: All orders\n", "name", "documentation", "name changed"),
    ("[finance, sales]", "[finance]", "access", "breaking", "access narrowed"),
    ("[finance, sales]", "[finance, sales, board]", "access", "compatible", "access widened"),
    ("[finance, sales]", "[finance, board]", "access", "breaking", "access narrowed and widened"),
    ("access: {groups: [finance, sales]}", "access: public", "access", "compatible", "access widened"),
    ("id: orders\n", "id: orders\nsource_table: old_orders\n", "source_table", "result-changing", "source_table changed"),
    ("id: orders\n", "id: orders\nbucket: in.c-sales\n", "bucket", "result-changing", "bucket added"),
    ("id: orders\n", "id: orders\nprimary_key: order_id\n", "primary_key", "result-changing", "primary_key added"),
    ("id: orders\n", "id: orders\nsync_schedule: every 6h\n", "sync_schedule", "compatible", "sync_schedule added"),
    ("id: orders\n", "id: orders\nfolder: sales\n", "folder", "compatible", "folder added"),
    ("  note: {basetype: STRING}\n", "", "columns.note", "compatible", "column removed"),
    ("  amount: {basetype: NUMERIC}\n", "", "columns.amount", "breaking", "column removed, and a metric reads it"),
    ("  note: {basetype: STRING}\n", "  note: {basetype: STRING}\n  plan: {}\n", "columns.plan", "compatible", "column added"),
    ("basetype: NUMERIC", "basetype: STRING", "columns.amount.basetype", "breaking", "column retyped, and a metric reads it"),
    ("note: {basetype: STRING}", "note: {basetype: DATE}", "columns.note.basetype", "compatible", "column retyped"),
    ("description: The day", "description: When", "columns.day.description", "documentation", "description changed"),
    ("amount: {basetype: NUMERIC}", "amount: {basetype: NUMERIC, pii: true}", "columns.amount.pii", "documentation", "pii changed"),
    ("amount: {basetype: NUMERIC}", "amount: {basetype: NUMERIC, confidence: low}", "columns.amount.confidence", "documentation", "confidence changed"),
]  # fmt: skip
SETTINGS = [
    ("name: Test\n", "name: Best\n", "name", "documentation", "name changed"),
    ("name: Test\n", "name: Test\nbranch: live\n", "branch", "compatible", "branch added"),
    ("name: Test\n", "name: Test\nwrite_mode: branch\n", "write_mode", "compatible", "write_mode changed"),
    ("name: Test\n", "name: Test\ncertifiers: [ada]\n", "certifiers", "compatible", "certifier added"),
    ("name: Test\n", "name: Test\nlint: {severities: {AG406: off}}\n", "lint", "compatible", "lint changed"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "class_", "what"), METRICS)
def test_a_field_of_a_metric_has_its_class(trees: Trees, old, new, field, class_, what) -> None:
    assert old in MRR
    change = trees.change({METRIC: MRR}, {METRIC: MRR.replace(old, new)})
    if not what:
        assert change.class_ == class_
    else:
        assert of(field, change) == (class_, what)
    known = {it[2] for it in METRICS if it[0] == old and it[1] == new} | {"file"}
    assert {it.field for it in change.fields} <= known


@pytest.mark.parametrize(("old", "new", "field", "class_", "what"), TABLES)
def test_a_field_of_a_table_has_its_class(trees: Trees, old, new, field, class_, what) -> None:
    assert old in ORDERS
    files = {METRIC: MRR, TABLE: ORDERS}
    change = trees.change(files, files | {TABLE: ORDERS.replace(old, new)})
    assert of(field, change) == (class_, what)
    assert len(change.fields) == 1


@pytest.mark.parametrize(("old", "new", "field", "class_", "what"), SETTINGS)
def test_a_setting_has_its_class(trees: Trees, old, new, field, class_, what) -> None:
    text = "name: Test\n"
    change = trees.change({"agnes.yml": text}, {"agnes.yml": text.replace(old, new)})
    assert (change.id, len(change.fields)) == ("agnes.yml", 1)
    assert of(field, change) == (class_, what)


REWRITTEN = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "a comment": lambda text: f"# {'x' * 20}\n{text}",
    "blank lines": lambda text: text.replace("\nunit", "\n\n\nunit").replace("\naccess", "\n\naccess"),
    "quotes": lambda text: text.replace("finance", '"finance"').replace("day", "'day'", 1),
    "a list with one mapping": lambda text: "- " + text.replace("\n", "\n  ").rstrip() + "\n",
    "a document's start": lambda text: f"---\n{text}",
    "lists in block style": lambda text: text.replace("[core]", "\n  - core").replace(": [finance, sales]", ": [finance,\n  sales]"),
    "null where nothing is said": lambda text: f"{text}{'' if 'id:' in text else 'replaced_by:'}\n",
}  # fmt: skip


@pytest.mark.parametrize("how", REWRITTEN)
def test_what_is_only_written_differently_is_cosmetic(trees: Trees, how: str) -> None:
    change = trees.change({METRIC: MRR}, {METRIC: REWRITTEN[how](MRR)})
    assert (change.kind, change.class_) == ("changed", "cosmetic")
    if how != "a list with one mapping":
        assert trees.change({TABLE: ORDERS}, {TABLE: REWRITTEN[how](ORDERS)}).class_ == "cosmetic"


DEFAULTS = [
    (METRIC, "name: mrr\nsql: SELECT 1\n",
     "name: mrr\ncategory: revenue\ndisplay_name: mrr\ntype: sum\ngrain: monthly\nstatus: active\n"
     "dimensions: []\nmeta: {}\nunit:\nsql: SELECT 1\n"),
    (METRIC, "name: mrr\ntable: orders\nsql: SELECT 1\n", "name: mrr\ntable_name: orders\nsql: SELECT 1\n"),
    (TABLE, "id: orders\n",
     "id: orders\nname: orders\nsource_table: orders\nsource_type: local\nquery_mode: local\n"
     "sync_strategy: full_refresh\nprofile_after_sync: true\naccess: public\ncolumns: {}\n"),
    (TABLE, "id: orders\n", "id: orders\nis_public: true\n"),
    (TABLE, "id: orders\nprimary_key: a\n", "id: orders\nprimary_key: [a]\n"),
    (TABLE, "id: orders\ncolumns: {a: }\n",
     "id: orders\ncolumns: {a: {confidence: manual, source: manual, pii: false}}\n"),
    ("agnes.yml", "name: T\n", "name: T\nwrite_mode: commit\nlint: {}\ncertifiers: []\nbranch:\n"),
    ("metrics/metrics.yml", "categories:\n  - name: revenue\n    metrics: [mrr]\n",
     "version: '2.0'\ncategories:\n  - {name: revenue, folder: revenue/, metrics: [mrr.yml]}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "short", "long"), DEFAULTS)
def test_defaults_spelt_out_are_cosmetic(trees: Trees, path: str, short: str, long: str) -> None:
    for old, new in ((short, long), (long, short)):
        change = trees.change({path: old}, {path: new})
        assert [(it.field, it.class_) for it in change.fields] == [("file", "cosmetic")]


def test_the_other_order_of_keys_is_cosmetic(trees: Trees) -> None:
    head, sql = MRR.split("sql: |")
    lines = head.replace("filters:\n  - status = 'paid'\n", "").split("notes:")
    old = f"{lines[0]}sql: |{sql}"
    new = "".join(sorted(lines[0].splitlines(keepends=True))) + f"sql: |{sql}"
    assert trees.change({METRIC: old}, {METRIC: new}).class_ == "cosmetic"


def test_less_than_removed_is_no_break(trees: Trees) -> None:
    texts = [f"name: mrr\nstatus: {it}\nsql: SELECT 1\n" for it in ("removed", "deprecated")]
    assert trees.change({METRIC: texts[0]}, {METRIC: texts[1]}).class_ == "compatible"


def test_a_part_says_which_item_moved(trees: Trees) -> None:
    change = trees.change({METRIC: MRR}, {METRIC: MRR.replace("country", "region")})
    [field] = change.fields
    assert [(it.class_, it.what, it.old, it.new) for it in field.parts] == [
        ("breaking", "dimension removed", "country", None),
        ("compatible", "dimension added", None, "region"),
    ]


def test_a_new_index_is_documentation_and_so_is_its_end(trees: Trees) -> None:
    index = {"metrics/metrics.yml": "categories: [{name: revenue}]\n"}
    assert trees.change({}, index).class_ == trees.change(index, {}).class_ == "documentation"
