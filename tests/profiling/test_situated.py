"""A profile beside what the catalog says."""

from __future__ import annotations

from agnes.profiling.situated import situated

PROFILE = {
    "row_count": 3,
    "columns": [{"name": "id"}, {"name": "note"}],
    "related_tables": [{"table": "secret"}, {"table": "accounts"}],
}
COLUMNS = [{"column_name": "id", "basetype": "STRING", "description": "Key", "confidence": "high"}]
USES = [{"table_id": "orders", "id": "a/b", "name": "b", "path": "metrics/a/b.yml"}]


def test_what_is_known_of_a_column_stands_with_it():
    first, second = situated(PROFILE, COLUMNS, [])["columns"]
    assert first == {
        "name": "id", "basetype": "STRING", "description": "Key", "confidence": "high",
    }  # fmt: skip
    assert second == {"name": "note", "basetype": None, "description": None, "confidence": None}


def test_metrics_are_told_by_name_and_file():
    assert situated(PROFILE, [], USES)["used_by_metrics"] == [{"name": "b", "file": "a/b.yml"}]


def test_a_catalog_without_metrics_uses_nothing():
    assert situated(PROFILE, [], [])["used_by_metrics"] == []


def test_tables_that_may_not_be_seen_are_left_out():
    seen = situated(PROFILE, [], [], lambda table: table != "secret")
    assert seen["related_tables"] == [{"table": "accounts"}]
