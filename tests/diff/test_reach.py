"""Whom a change hits, in real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agnes.review import Review, review

METRIC = """\
name: {name}
grain: monthly
table: orders
{more}sql: SELECT {sql} AS value FROM orders
"""


def metric(folder: Path, name: str, sql: str = "SUM(amount)", more: str = "") -> None:
    path = folder / f"metrics/sales/{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(METRIC.format(name=name, sql=sql, more=more))


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """`profit` and `margin` are built on `revenue`, one on the other; `count` reads no amount."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "agnes.yml").write_text("name: Acme\n")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/orders.yml").write_text(
        "id: orders\ncolumns:\n  amount: {basetype: NUMERIC}\n  day: {basetype: DATE}\n"
    )
    metric(tmp_path, "revenue", more="meta: {used_by: [Board deck]}\n")
    metric(tmp_path, "profit", "MAX(day)", "inputs: [sales/revenue]\n")
    metric(tmp_path, "margin", "MIN(day)", "inputs: [sales/profit]\n")
    metric(tmp_path, "count", "COUNT(*)")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def effects(found: Review) -> dict[str, tuple[set[str], set[str], set[str]]]:
    return {
        it.id: (set(it.read_by), set(it.built_on), {use.by for use in it.used_by})
        for it in found.impact.effects
    }


def test_a_metric_hits_what_is_built_on_it_in_many_steps_and_what_uses_it(catalog: Path) -> None:
    metric(catalog, "revenue", "AVG(amount)", "meta: {used_by: [Board deck]}\n")
    hit = effects(review(catalog))
    assert hit == {"sales/revenue": (set(), {"sales/profit", "sales/margin"}, {"Board deck"})}


def test_a_metric_that_is_gone_still_hits_them(catalog: Path) -> None:
    (catalog / "metrics/sales/revenue.yml").unlink()
    hit = effects(review(catalog))
    assert hit == {"sales/revenue": (set(), {"sales/profit", "sales/margin"}, {"Board deck"})}


def test_a_renamed_metric_hits_what_is_built_on_its_old_id(catalog: Path) -> None:
    path = catalog / "metrics/sales/revenue.yml"
    path.rename(catalog / "metrics/sales/turnover.yml")
    (catalog / "metrics/sales/turnover.yml").write_text(
        (catalog / "metrics/sales/turnover.yml")
        .read_text()
        .replace("name: revenue", "name: turnover")
    )
    assert effects(review(catalog))["sales/revenue"][1] == {"sales/profit", "sales/margin"}


def test_a_column_hits_the_metrics_that_read_it_and_no_others(catalog: Path) -> None:
    table = catalog / "tables/orders.yml"
    table.write_text(table.read_text().replace("NUMERIC", "STRING"))
    found = review(catalog)
    read_by, built_on, used_by = effects(found)["tables/orders.amount"]
    assert read_by == {"sales/revenue"}
    assert built_on == {"sales/profit", "sales/margin"}
    assert used_by == {"Board deck"}
    assert found.diff.verdict == "major"


def test_a_table_that_fewer_may_see_hits_all_that_read_it(catalog: Path) -> None:
    table = catalog / "tables/orders.yml"
    table.write_text(table.read_text() + "access: {groups: [finance]}\n")
    assert len(effects(review(catalog))["tables/orders"][0]) == 4


def test_what_is_only_said_differently_hits_nobody(catalog: Path) -> None:
    metric(catalog, "revenue", more="meta: {used_by: [Board deck]}\ndescription: All of it.\n")
    assert not review(catalog).impact.effects


def test_a_column_that_no_metric_reads_may_go(catalog: Path) -> None:
    table = catalog / "tables/orders.yml"
    table.write_text(table.read_text() + "  note: {basetype: STRING}\n")
    git(catalog, "commit", "-qam", "note")
    table.write_text(table.read_text().replace("  note: {basetype: STRING}\n", ""))
    assert review(catalog).diff.verdict == "minor"


def test_a_column_that_a_metric_may_be_cut_by_is_read(catalog: Path) -> None:
    metric(catalog, "count", "COUNT(*)", "dimensions: [region]\n")
    table = catalog / "tables/orders.yml"
    table.write_text(table.read_text() + "  region: {basetype: STRING}\n")
    git(catalog, "commit", "-qam", "region")
    table.write_text(table.read_text().replace("  region: {basetype: STRING}\n", ""))
    assert review(catalog).diff.verdict == "major"
