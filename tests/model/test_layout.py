from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.model.layout import Slot, printable, survey


def files(*paths: str) -> list[tuple[str, str]]:
    return [(path, "file") for path in sorted(paths)]


@pytest.mark.parametrize(
    ("path", "kind", "slot_id"),
    [
        ("agnes.yml", "settings", ""),
        ("metrics/metrics.yml", "index", ""),
        ("metrics/metrics.yaml", "index", ""),
        ("metrics/revenue/mrr.yml", "metric", "revenue/mrr"),
        ("metrics/revenue/mrr.yaml", "metric", "revenue/mrr"),
        ("metrics/product_usage/usage_vs_limit_2.yml", "metric", "product_usage/usage_vs_limit_2"),
        ("metrics/metrics/metrics.yml", "metric", "metrics/metrics"),
        (f"metrics/a/{'b' * 64}.yml", "metric", f"a/{'b' * 64}"),
        ("tables/orders.yml", "table", "orders"),
        ("tables/in.c-crm.company.yml", "table", "in.c-crm.company"),
        ("tables/Orders_2024.yaml", "table", "Orders_2024"),
        ("tables/metrics.yml", "table", "metrics"),
    ],
)
def test_a_file_in_its_place_has_a_slot(path, kind, slot_id):
    layout = survey(files(path))

    assert layout.slots == {path: Slot(path, kind, slot_id)}
    assert layout.diagnostics == []


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "metrics/README.md",
        "metrics/revenue/notes.txt",
        "tables/orders.parquet",
        "proposals/company_metadata.yml",
        "docs/metrics/revenue/mrr.yml",
        "sub/agnes.yml",
        "metrics.yml",
        ".github/workflows/ci.yml",
    ],
)
def test_other_files_are_no_business_of_the_catalog(path):
    layout = survey(files(path))

    assert (layout.slots, layout.diagnostics) == ({}, [])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("metrics/mrr.yml", "not where a metric can be"),
        ("metrics/revenue/monthly/mrr.yml", "not where a metric can be"),
        ("metrics/Revenue/mrr.yml", "folder name is no category"),
        ("metrics/2024/mrr.yml", "folder name is no category"),
        ("metrics/product-usage/dau.yml", "folder name is no category"),
        ("metrics/revenue/MRR.yml", "file name"),
        ("metrics/revenue/net-mrr.yml", "file name"),
        ("metrics/revenue/.yml", "metric"),
        (f"metrics/revenue/{'m' * 65}.yml", "file name"),
        ("metrics/revenue/umsätze.yml", "file name"),
        ("tables/sales/orders.yml", "tables have no folders"),
        ("tables/or ders.yml", "file name"),
        ("tables/-rf.yml", "file name"),
        (f"tables/{'t' * 129}.yml", "file name"),
        ("tables/.yml", "file name"),
    ],
)
def test_a_misplaced_file_is_an_error_with_a_remedy(path, words):
    layout = survey(files(path))

    [finding] = layout.diagnostics
    assert (layout.slots, finding.path) == ({}, path)
    assert (finding.code, finding.severity) == ("AG207", "error")
    assert words in finding.message
    assert finding.hint


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("symlink", "symbolic links are not followed"),
        ("submodule", "submodules are not followed"),
        ("odd", "cannot be checked out"),
    ],
)
@pytest.mark.parametrize("path", ["metrics", "metrics/revenue/mrr.yml", "tables/x", "agnes.yml"])
def test_what_is_no_file_is_not_followed(path, kind, words):
    layout = survey([(path, kind)])

    [finding] = layout.diagnostics
    assert (layout.slots, finding.code) == ({}, "AG207")
    assert words in finding.message
    assert finding.hint


def test_links_outside_of_the_catalogs_folders_are_passed_over():
    layout = survey([("docs/latest", "symlink"), ("vendor", "submodule")])

    assert layout.diagnostics == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("metrics/revenue/mrr.yaml", "metrics/revenue/mrr.yml"),
        ("metrics/metrics.yaml", "metrics/metrics.yml"),
        ("tables/Orders.yml", "tables/orders.yml"),
        ("tables/ORDERS.yaml", "tables/Orders.yml"),
    ],
)
def test_of_two_files_with_one_id_the_first_has_it(first, second):
    layout = survey(files(first, second))

    [finding] = layout.diagnostics
    assert list(layout.slots) == [first]
    assert (finding.path, finding.code, finding.severity) == (second, "AG206", "error")
    assert first in finding.message
    assert finding.hint


def test_a_table_and_a_category_may_share_a_name():
    layout = survey(files("metrics/orders/orders.yml", "tables/orders.yml"))

    assert len(layout.slots) == 2
    assert layout.diagnostics == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("metrics/revenue/mrr.yml", "metrics/revenue/mrr.yml"),
        ("metrics/umsätze.yml", "metrics/umsätze.yml"),
        ("metrics/a\nb.yml", r"metrics/a\nb.yml"),
        ("metrics/\x1b[31m.yml", r"metrics/\x1b[31m.yml"),
        ("metrics/m\udce9.yml", r"metrics/m\udce9.yml"),
        ("metrics/\u202egnp.yml", r"metrics/\u202egnp.yml"),
    ],
)
def test_unprintable_parts_of_a_path_are_escaped(path, shown):
    assert printable(path) == shown


@given(st.text(st.characters()))
def test_a_shown_path_can_be_printed(path):
    assert printable(path).isprintable()


@given(st.text(st.characters()), st.sampled_from(["file", "symlink", "submodule", "odd"]))
def test_a_path_is_read_or_reported_or_ignored(path, kind):
    layout = survey([(path, kind)])

    assert len(layout.slots) + len(layout.diagnostics) <= 1
