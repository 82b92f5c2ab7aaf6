"""What a sync costs, counted: objects read, rows written, modules imported. Never timed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from agnes.cache import arrow, write
from agnes.git.objects import Objects
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from tests.conftest import metric_yaml

SIZES = (5, 60)


@pytest.fixture
def work(monkeypatch) -> Counter[str]:
    """How many blobs and trees are read, and how many rows go into which table."""
    counted: Counter[str] = Counter()
    read, insert = Objects.read, arrow.insert

    def counting_read(self, oid, what, kind):
        counted[kind] += 1
        return read(self, oid, what, kind)

    def counting_insert(connection, table, columns, rows):
        counted[table] += len(rows)
        return insert(connection, table, columns, rows)

    monkeypatch.setattr(Objects, "read", counting_read)
    monkeypatch.setattr(write, "insert", counting_insert)
    return counted


def fill(catalog, count: int, categories: int = 5) -> None:
    for number in range(count):
        name = f"m{number}"
        catalog.write(f"metrics/c{number % categories}/{name}.yml", metric_yaml(name))
    catalog.commit("Fill")
    reconcile(locate(catalog.path))


@pytest.mark.parametrize("size", SIZES)
def test_one_change_costs_the_same_in_any_catalog(catalog, work, size):
    fill(catalog, size)
    catalog.write("metrics/revenue/mrr.yml", metric_yaml("mrr", "Another title"))
    catalog.commit("Change one")
    work.clear()

    outcome = reconcile(locate(catalog.path))

    assert outcome.changed == ["revenue/mrr"]
    assert work["blob"] == 2  # the metric, and agnes.yml, which says what is followed
    # Of both commits: the root, metrics/ and the category.
    assert work["tree"] == 6
    assert work["metric_definitions"] == 1
    assert work["file_history"] == 1
    assert work["table_registry"] == work["column_metadata"] == work["categories"] == 0


@pytest.mark.parametrize("size", SIZES)
def test_a_commit_of_something_else_reads_no_metric(catalog, work, size):
    fill(catalog, size)
    catalog.write("README.md", "x")
    catalog.commit("Something else")
    work.clear()

    reconcile(locate(catalog.path))

    assert work["blob"] == 1
    assert work["metric_definitions"] == work["file_history"] == 0


def test_a_new_metric_reads_one_blob_and_lists_the_catalog(catalog, work):
    fill(catalog, 20)
    catalog.write("metrics/c0/new.yml", metric_yaml("new"))
    catalog.commit("A new one")
    work.clear()

    reconcile(locate(catalog.path))

    assert work["blob"] == 2
    assert work["metric_definitions"] == 1
    assert work["categories"] == 6


def test_a_full_build_reads_each_blob_once(catalog, work):
    for number in range(20):
        catalog.write(f"metrics/c/m{number}.yml", metric_yaml(f"m{number}"))
    catalog.commit()

    reconcile(locate(catalog.path))

    files = 20 + 2 + 1 + 1  # the metrics, the table, agnes.yml
    assert work["blob"] <= files + 2  # agnes.yml: what is followed, the file, the settings
    assert work["metric_definitions"] == 22


HEAVY = {
    "duckdb",
    "_duckdb",
    "pygit2",
    "pydantic",
    "yaml",
    "sqlglot",
    "rich",
    "watchdog",
    "httpx",
    "fastapi",
}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], set()),
        (["catalog", "sync"], set()),
        (["metrics", "show", "revenue/mrr"], {"_duckdb"}),
        (["metrics", "list", "--json"], {"_duckdb"}),
        (["metrics", "search", "mrr"], {"_duckdb"}),
        (["catalog", "path"], {"_duckdb"}),
    ],
    ids=" ".join,
)
def test_a_command_imports_only_what_it_needs(catalog, arguments, allowed):
    reconcile(locate(catalog.path))
    code = (
        "import sys\nfrom agnes.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=catalog.path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert HEAVY & set(done.stderr.split()) == allowed
