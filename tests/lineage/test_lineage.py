from __future__ import annotations

import pytest

from agnes.errors import NotFoundError
from agnes.lineage.lineage import lineage
from agnes.sync.reading import open_snapshot
from tests.conftest import metric_yaml


@pytest.fixture
def snapshot(catalog):
    arr = metric_yaml("arr") + "inputs:\n  - revenue/mrr\nmeta:\n  used_by: Board report\n"
    catalog.write("metrics/revenue/arr.yml", arr)
    catalog.write(
        "tables/in.c-crm.company.yml", "id: in.c-crm.company\ncolumns:\n  name: {}\n  city: {}\n"
    )
    catalog.write(
        "metrics/sales/deals.yml",
        'name: deals\nsql: SELECT count(c.name) AS deals FROM "in.c-crm.company" c, lines\n',
    )
    catalog.commit()
    with open_snapshot(catalog.path) as opened:
        yield opened


def test_a_metric_has_both_ways_and_what_its_columns_are_made_of(snapshot):
    found = lineage(snapshot, "revenue/mrr")
    assert [step.id for step in found.upstream] == [
        "tables/orders",
        "tables/orders.amount",
        "tables/orders.month",
    ]
    assert [step.id for step in found.downstream] == ["revenue/arr", "Board report"]
    assert found.outputs == {"month": ["tables/orders.month"], "mrr": ["tables/orders.amount"]}


@pytest.mark.parametrize(
    ("wanted", "id_", "kind"),
    [
        ("tables/orders", "tables/orders", "table"),
        ("tables/ORDERS", "tables/orders", "table"),
        ("tables/orders.amount", "tables/orders.amount", "column"),
        ("tables/in.c-crm.company", "tables/in.c-crm.company", "table"),
        ("tables/in.c-crm.company.name", "tables/in.c-crm.company.name", "column"),
        ("tables/lines", "tables/lines", "table"),
    ],
)
def test_tables_and_columns_have_a_lineage_too(snapshot, wanted, id_, kind):
    found = lineage(snapshot, wanted)
    assert (found.id, found.kind, found.upstream) == (id_, kind, ())
    assert found.downstream


def test_a_column_that_nothing_reads_is_used_by_nothing(snapshot):
    assert lineage(snapshot, "tables/in.c-crm.company.city").downstream == ()


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("revenue/mr", "did you mean: revenue/mrr"),
        ("tables/order", "did you mean: tables/orders"),
        ("tables/orders.amont", "did you mean: tables/orders.amount"),
        ("tables/zzz", "tables are called"),
        ("zzz", "find it"),
    ],
)
def test_what_is_not_there_is_not_found_and_the_nearest_are_named(snapshot, wanted, hint):
    with pytest.raises(NotFoundError, match=f"{wanted}' not found") as caught:
        lineage(snapshot, wanted)
    assert (caught.value.hint or "").startswith(hint)


def test_sql_that_cannot_be_read_is_said(catalog):
    catalog.write("metrics/sales/bad.yml", "name: bad\nsql: SELEC amount FROM orders\n")
    catalog.commit()
    with open_snapshot(catalog.path) as opened:
        found = lineage(opened, "sales/bad")
        assert found.unsure == ("sales/bad",)
        assert [step.id for step in found.upstream] == ["tables/orders", "tables/orders.*"]
        assert lineage(opened, "tables/orders").unsure == ("sales/bad",)
