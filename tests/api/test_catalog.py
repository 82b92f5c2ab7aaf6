from __future__ import annotations

import json
import threading
from pathlib import Path

import httpx

from agnes.cache.query import Snapshot
from tests.api.conftest import Running
from tests.conftest import metric_yaml


def test_tables_are_listed_in_brief(server: Running):
    found = server.as_("viewer").get("/api/catalog/tables").json()

    assert found == {
        "tables": [
            {
                "id": "orders",
                "name": "orders",
                "description": "One row per order",
                "source_type": "local",
                "sync_strategy": "full_refresh",
                "query_mode": "local",
            }
        ],
        "count": 1,
    }


def test_the_catalog_has_the_columns_of_its_tables(server: Running):
    found = server.as_("viewer").get("/api/catalog").json()

    columns = found["tables"][0]["columns"]
    assert [(it["column_name"], it["basetype"]) for it in columns] == [
        ("month", "DATE"),
        ("amount", "NUMERIC"),
    ]
    assert found["tables"][0]["profile"] is None


def test_the_path_of_a_file_leads_to_its_metric(server: Running):
    found = server.as_("viewer").get("/api/catalog/metrics/revenue/mrr.yml")

    assert (found.status_code, found.headers["location"]) == (301, "/api/metrics/revenue/mrr")
    assert found.headers["deprecation"] == "true"


def test_the_snapshot_is_a_file_that_agnes_can_read(server: Running, tmp_path: Path):
    client = server.as_("viewer")
    found = client.get("/api/catalog/snapshot")
    file = tmp_path / f"{found.headers['x-agnes-commit']}.duckdb"
    file.write_bytes(found.content)

    with Snapshot(file) as snapshot:
        assert len(snapshot.metrics()) == 2
        assert snapshot.info()["digest"] == snapshot.digest()
    again = client.get("/api/catalog/snapshot", headers={"If-None-Match": found.headers["etag"]})
    assert again.status_code == 304


def follow(client: httpx.Client, count: int, found: list[str]) -> None:
    with client.stream("GET", "/api/events", timeout=20) as events:
        for line in events.iter_lines():
            if line.startswith("data:"):
                found.append(json.loads(line.removeprefix("data:"))["commit"])
            if len(found) == count:
                return


def test_events_tell_of_each_commit_that_is_in_force(server: Running):
    found: list[str] = []
    thread = threading.Thread(target=follow, args=[server.as_("viewer"), 2, found])
    thread.start()
    while not found:
        thread.join(0.05)
    first = server.instance.serving.edition.commit

    second = server.commit({"metrics/revenue/new.yml": metric_yaml("new")})

    thread.join(20)
    assert found == [first, second]
