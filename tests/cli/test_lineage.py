"""`da metrics lineage`."""

from __future__ import annotations

import pytest

from tests.conftest import metric_yaml


@pytest.fixture
def built(here):
    """revenue/arr is made of revenue/mrr, and a report uses it."""
    extra = "inputs:\n  - revenue/mrr\nmeta:\n  used_by:\n    - Board report\n"
    here.write("metrics/revenue/arr.yml", metric_yaml("arr") + extra)
    here.commit()
    return here


def test_it_is_drawn_as_two_trees(da, built):
    assert da("metrics", "lineage", "revenue/mrr").out.splitlines() == [
        "revenue/mrr",
        "",
        "Reads",
        "  └── tables/orders: amount, month",
        "",
        "Used by",
        "  └── revenue/arr",
        "      └── Board report",
    ]


def test_what_is_reached_twice_is_drawn_in_full_once(da, built):
    for name in ("left", "right"):
        text = metric_yaml(name) + "inputs:\n  - revenue/arr\n"
        built.write(f"metrics/revenue/{name}.yml", text)
    inputs = "inputs:\n  - revenue/left\n  - revenue/right\n"
    built.write("metrics/revenue/top.yml", metric_yaml("top") + inputs)
    built.commit()
    assert da("metrics", "lineage", "revenue/top").out.splitlines()[2:] == [
        "Reads",
        "  ├── revenue/left",
        "  │   ├── revenue/arr",
        "  │   │   ├── revenue/mrr",
        "  │   │   │   └── tables/orders: amount, month",
        "  │   │   └── tables/orders: amount, month",
        "  │   └── tables/orders: amount, month",
        "  ├── revenue/right",
        "  │   ├── revenue/arr (see above)",
        "  │   └── tables/orders: amount, month",
        "  └── tables/orders: amount, month",
        "",
        "Used by",
        "  nothing",
    ]


def test_a_column_has_readers_and_reads_nothing(da, built):
    assert da("metrics", "lineage", "tables/orders.amount").out.splitlines()[:4] == [
        "tables/orders.amount",
        "",
        "Used by",
        "  ├── revenue/arr",
    ]


def test_it_is_printed_as_json(da, built):
    found = da("metrics", "lineage", "revenue/mrr", "--json").json
    assert list(found) == ["id", "kind", "upstream", "downstream", "outputs", "unsure"]
    assert found["downstream"][0] == {
        "id": "revenue/arr",
        "kind": "metric",
        "depth": 1,
        "via": ["revenue/mrr"],
        "known": True,
        "table": None,
        "column": None,
    }


def test_it_is_printed_as_a_mermaid_flowchart(da, built):
    done = da("metrics", "lineage", "revenue/mrr", "--mermaid")
    assert done.out.startswith("flowchart LR\n")
    assert '  n1 -->|"amount, month"| it\n' in done.out


def test_json_and_mermaid_exclude_each_other(da, built):
    assert da("metrics", "lineage", "revenue/mrr", "--json", "--mermaid").code == 2


def test_an_unknown_id_fails_and_the_nearest_are_named(da, built):
    done = da("metrics", "lineage", "revenue/mr")
    assert (done.code, done.out) == (1, "")
    assert "did you mean: revenue/mrr" in done.err


def test_it_reads_the_working_tree_and_other_revisions(da, built):
    built.write("metrics/revenue/arr.yml", metric_yaml("arr"))
    assert "nothing" in da("metrics", "lineage", "revenue/mrr", "--worktree").out
    assert "Board report" in da("metrics", "lineage", "revenue/mrr").out
    assert "nothing" in da("metrics", "lineage", "revenue/mrr", "--rev", "HEAD~1").out


def test_sql_that_cannot_be_read_is_noted_and_unregistered_tables_are_marked(da, built):
    built.write("metrics/sales/bad.yml", "name: bad\nsql: SELEC amount FROM orders\n")
    built.write("metrics/sales/new.yml", "name: new\nsql: SELECT * FROM lines\n")
    built.commit()
    done = da("metrics", "lineage", "sales/bad")
    assert "  └── tables/orders: every column\n" in done.out
    assert "the SQL of sales/bad cannot be read" in done.err
    done = da("metrics", "lineage", "sales/new")
    assert "  └── tables/lines: every column (not registered)\n" in done.out
