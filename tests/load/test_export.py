from __future__ import annotations

from pathlib import Path

import pytest

from agnes.errors import AgnesError
from agnes.load.export import export_metrics
from agnes.load.pack import read_pack
from agnes.model.metric import Metric
from agnes.yaml.loader import load

FULL = Metric.model_validate(
    {
        "name": "mrr",
        "category": "revenue",
        "display_name": "Monthly recurring revenue",
        "description": "What customers pay\nper month.",
        "type": "ratio",
        "unit": "no",
        "grain": "daily",
        "table": "subscriptions",
        "tables": ["orders"],
        "expression": "SUM(amount)",
        "time_column": "day",
        "dimensions": ["plan"],
        "inputs": ["revenue/arr"],
        "filters": ["paid"],
        "synonyms": ["1.10", "recurring"],
        "notes": ["never sum it"],
        "owner": "finance",
        "status": "deprecated",
        "replaced_by": "revenue/arr",
        "tags": ["core"],
        "meta": {"a": [1, True, None]},
        "sql": "SELECT 1\n",
        "sql_by_plan": "SELECT 2",
        "validation": {"method": "x", "result": 1.1},
    }
)


def row(metric: Metric) -> dict:
    """A row of `metric_definitions`, as the cache gives it."""
    return {
        **metric.model_dump(),
        "id": metric.id,
        "source": "manual",
        "created_at": "2024-01-01",
        "stale": False,
    }


def minimal(metric_id: str) -> dict:
    category, name = metric_id.split("/")
    return row(Metric(name=name, category=category, sql="SELECT 1"))


def test_each_metric_gets_its_file(tmp_path):
    count = export_metrics([minimal("revenue/mrr"), minimal("usage/dau")], tmp_path / "out")

    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yml"))
    assert (count, files) == (2, ["out/revenue/mrr.yml", "out/usage/dau.yml"])


def test_an_export_can_be_imported_with_nothing_lost(tmp_path):
    export_metrics([row(FULL), minimal("usage/dau")], tmp_path)

    pack = read_pack(tmp_path)

    assert pack.metrics["revenue/mrr"] == FULL
    assert pack.diagnostics == []


def test_an_export_has_the_names_of_yaml(tmp_path):
    export_metrics([row(FULL)], tmp_path)

    keys = list(load((tmp_path / "revenue/mrr.yml").read_bytes()))
    assert {"table", "sql_by_plan"} < set(keys)
    assert not {"table_name", "sql_variants", "id", "source"} & set(keys)


def test_columns_without_a_value_are_left_out(tmp_path):
    empty = {**minimal("revenue/mrr"), "sql_variants": None, "tables": None, "meta": None}

    export_metrics([empty], tmp_path)

    assert sorted(load((tmp_path / "revenue/mrr.yml").read_bytes())) == [
        *("category", "display_name", "grain", "name", "sql", "type"),
    ]


def test_a_second_export_writes_the_same_files(tmp_path):
    export_metrics([row(FULL)], tmp_path)
    first = (tmp_path / "revenue/mrr.yml").read_bytes()

    assert export_metrics([row(FULL)], tmp_path) == 1
    assert (tmp_path / "revenue/mrr.yml").read_bytes() == first


def test_nothing_to_export_is_no_error(tmp_path):
    assert export_metrics([], tmp_path / "out") == 0


@pytest.mark.parametrize("blocked", ["out", "out/revenue"])
def test_a_file_in_the_way_is_named(tmp_path, blocked):
    file = tmp_path / blocked
    file.parent.mkdir(exist_ok=True)
    file.write_text("in the way")

    with pytest.raises(AgnesError, match="out") as caught:
        export_metrics([minimal("revenue/mrr")], tmp_path / "out")

    assert caught.value.hint
    assert file.read_text() == "in the way"


def test_a_full_disk_is_an_expected_error(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(AgnesError, match=r"mrr\.yml: No space left"):
        export_metrics([minimal("revenue/mrr")], tmp_path)
