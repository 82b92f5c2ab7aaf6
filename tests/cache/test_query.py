from __future__ import annotations

import random
import shutil
import subprocess
import sys

import duckdb
import pytest

from agnes.cache.query import Snapshot
from agnes.errors import CacheError
from agnes.git.refs import locate
from agnes.sync.reconcile import reconcile
from tests.conftest import metric_yaml


@pytest.fixture
def path(catalog):
    catalog.write("metrics/sales/pipeline.yml", metric_yaml("pipeline"))
    catalog.write("metrics/sales/broken.yml", "name: [")
    catalog.write("metrics/metrics.yml", "categories: [{name: sales, metrics: [pipeline]}]\n")
    catalog.commit()
    return reconcile(locate(catalog.path)).path


@pytest.fixture
def snapshot(path):
    with Snapshot(path) as found:
        yield found


def test_a_metric_is_found_by_its_id(snapshot):
    assert snapshot.metric("revenue/mrr")["display_name"] == "Monthly recurring revenue"


@pytest.mark.parametrize(
    "metric_id", ["revenue/none", "mrr", "", "REVENUE/MRR", "' OR 1=1 --", "a\0b"]
)
def test_an_unknown_id_is_none(snapshot, metric_id):
    assert snapshot.metric(metric_id) is None


@pytest.mark.parametrize(
    ("category", "ids"),
    [
        (None, ["sales/pipeline", "revenue/arr", "revenue/mrr"]),
        ("revenue", ["revenue/arr", "revenue/mrr"]),
        ("none", []),
        ("", []),
        ("revenue' OR '1'='1", []),
    ],
)
def test_metrics_come_by_category_in_the_order_of_the_index(snapshot, category, ids):
    assert [row["id"] for row in snapshot.metrics(category)] == ids


def test_json_columns_are_objects(catalog):
    catalog.write(
        "metrics/sales/x.yml",
        "name: x\nsql: SELECT 1\nsql_by_day: SELECT 2\nvalidation: {a: [1]}\n",
    )
    catalog.commit()

    with Snapshot(reconcile(locate(catalog.path)).path) as snapshot:
        row = snapshot.metric("sales/x")

    assert (row["sql_variants"], row["validation"], row["meta"]) == (
        {"by_day": "SELECT 2"},
        {"a": [1]},
        None,
    )


def test_columns_come_by_name_and_all_columns_as_in_the_files(snapshot):
    assert [row["column_name"] for row in snapshot.columns("orders")] == ["amount", "month"]
    assert [row["column_name"] for row in snapshot.all_columns()] == ["month", "amount"]
    assert snapshot.columns("none") == []


def test_tables_and_categories(snapshot):
    assert [row["id"] for row in snapshot.tables()] == ["orders"]
    assert [row["name"] for row in snapshot.categories()] == ["sales", "revenue"]


def test_diagnostics_of_all_files_or_of_one(snapshot):
    paths = [row["path"] for row in snapshot.diagnostics()]

    assert set(paths) == {"metrics/metrics.yml", "metrics/sales/broken.yml"}
    assert [row["path"] for row in snapshot.diagnostics("metrics/sales/broken.yml")] == [
        "metrics/sales/broken.yml"
    ]
    assert snapshot.diagnostics("agnes.yml") == []


def test_counts(snapshot):
    assert snapshot.counts() == {
        "metrics": 3,
        "tables": 1,
        "columns": 2,
        "stale": 0,
        "errors": 1,
        "warnings": 3,
    }


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("revenue/mmr", "revenue/mrr"),
        ("sales/mrr", "revenue/mrr"),
        ("mrr", "revenue/mrr"),
        ("REVENUE/MRR", "revenue/mrr"),
        ("sales/pipelin", "sales/pipeline"),
    ],
)
def test_the_nearest_ids_come_first(snapshot, typed, first):
    assert snapshot.nearest_ids(typed)[0] == first


@pytest.mark.parametrize("typed", ["", "zzzzzz", "x/y/z"])
def test_nothing_near_is_no_id(snapshot, typed):
    assert snapshot.nearest_ids(typed) == []


def test_at_most_so_many_ids_are_near(snapshot):
    assert len(snapshot.nearest_ids("revenue/mr", limit=1)) == 1


def test_a_snapshot_cannot_be_written(snapshot):
    with pytest.raises(CacheError):
        snapshot.rows("DELETE FROM metric_definitions")
    assert snapshot.counts()["metrics"] == 3


def test_a_snapshot_can_be_read_by_many_and_is_read_to_the_end_when_it_is_deleted(path):
    with Snapshot(path) as one, Snapshot(path) as other:
        path.unlink()
        assert one.counts() == other.counts()


def test_a_snapshot_is_plain_sql_for_any_duckdb_client(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM metric_definitions").fetchone() == (3,)
    assert not path.with_name(f"{path.name}.wal").exists()


@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 1000, b"\0" * 100_000])
def test_what_is_no_snapshot_is_an_error_with_a_remedy(tmp_path, content):
    file = tmp_path / "x.duckdb"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(CacheError) as caught, Snapshot(file) as snapshot:
        snapshot.info()
    assert "rebuild" in caught.value.hint


def test_a_database_of_somebody_else_is_no_snapshot(tmp_path):
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("CREATE TABLE metric_definitions (id VARCHAR)")

    with Snapshot(tmp_path / "x.duckdb") as snapshot, pytest.raises(CacheError):
        snapshot.info()


def read_all(path) -> list[object]:
    with Snapshot(path) as snapshot:
        return [
            snapshot.info(),
            snapshot.metrics(),
            snapshot.tables(),
            snapshot.all_columns(),
            snapshot.counts(),
        ]


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_snapshot_never_gives_a_wrong_answer(path, tmp_path, damage):
    whole, size = path.read_bytes(), path.stat().st_size
    expected = read_all(path)
    chance = random.Random(1)
    errors = 0
    for at in range(40):
        copy = tmp_path / f"{at}.duckdb"
        position = chance.randrange(size)
        data = bytearray(whole)
        if damage == "truncated":
            del data[position:]
        else:
            data[position] ^= 1 << chance.randrange(8)
        copy.write_bytes(data)
        try:
            assert read_all(copy) == expected
        except CacheError:
            errors += 1
    assert errors


def test_a_stray_write_ahead_log_changes_no_answer(path, tmp_path):
    expected = read_all(path)
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("SET checkpoint_threshold = '1TB'")
        connection.execute("CREATE TABLE metric_definitions AS SELECT 'foreign' AS id")
        shutil.copy(tmp_path / "other.duckdb.wal", f"{path}.wal")

    try:
        assert read_all(path) == expected
    except CacheError:
        return


def test_reading_imports_duckdb_alone(path):
    code = (
        "import sys; from pathlib import Path; from agnes.cache.query import Snapshot\n"
        f"Snapshot(Path({str(path)!r})).metrics()\n"
        "heavy = ('pygit2', 'pydantic', 'yaml', 'watchdog', 'arro3')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
