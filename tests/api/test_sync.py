"""Bringing data in through the server."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.api.conftest import Running
from tests.keboola.conftest import stack  # noqa: F401
from tests.keboola.stack import TOKEN

SALARIES = "id: salaries\naccess: {groups: [finance]}\n"


@pytest.fixture
def imports(server: Running) -> Path:
    path = server.instance.data_dir / "imports"
    path.mkdir()
    (path / "orders.csv").write_text("month,amount\n2026-01-01,10.50\n2026-02-01,7\n")
    return path


def finished(client) -> dict:
    deadline = time.monotonic() + 30
    while (found := client.get("/api/sync/status").json())["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found["tables"]


def test_what_is_triggered_is_brought_in_and_can_be_downloaded(server: Running, imports):
    admin = server.as_("admin")
    found = admin.post("/api/sync/trigger")
    assert found.status_code == 200
    assert found.json()["status"] == "triggered"
    assert found.json()["tables"] == ["orders"]
    assert finished(admin)["orders"]["state"] == "done"
    manifest = server.as_("analyst").get("/api/sync/manifest").json()
    assert manifest["tables"]["orders"]["rows"] == 2
    assert server.as_("analyst").get("/api/data/orders/download").status_code == 200


@pytest.mark.parametrize("body", [{"tables": ["orders"]}, ["orders"], {}, None])
def test_tables_can_be_named(server: Running, imports, body):
    found = server.as_("admin").post("/api/sync/trigger", json=body)
    assert found.status_code == 200
    assert found.json()["tables"] == ["orders"]


@pytest.mark.parametrize("body", [{"tables": "orders"}, {"tables": [1]}, "orders", 7])
def test_a_body_of_another_shape_is_refused(server: Running, body):
    found = server.as_("admin").post("/api/sync/trigger", json=body)
    assert found.status_code == 422
    assert "detail" in found.json()


def test_an_unknown_table_is_404(server: Running):
    found = server.as_("admin").post("/api/sync/trigger", json=["orders", "a\0b"])
    assert found.status_code == 404
    assert "not registered" in found.json()["detail"]


def test_only_admins_trigger(server: Running):
    found = server.as_("analyst").post("/api/sync/trigger")
    assert found.status_code == 403
    assert found.json()["detail"] == "Admin access required"


def test_the_status_tells_of_nothing_that_the_caller_may_not_see(server: Running, imports):
    server.commit({"tables/salaries.yml": SALARIES})
    admin = server.as_("admin")
    admin.post("/api/sync/trigger")
    assert "no salaries" in finished(admin)["salaries"]["error"]
    found = server.as_("analyst").get("/api/sync/status")
    assert "salaries" not in found.text
    assert set(found.json()["job"]["tables"]) == {"orders"}


def test_a_table_that_is_due_comes_by_itself(server: Running, imports):
    server.commit({"tables/orders.yml": "id: orders\nsync_schedule: every 6h\n"})
    client = server.as_("analyst")
    deadline = time.monotonic() + 20
    while not client.get("/api/sync/manifest").json()["tables"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_keboola_table_comes_by_an_export(start, catalog, stack):  # noqa: F811
    catalog.write(
        "tables/company.yml",
        "id: company\nsource_type: keboola\nbucket: in.c-crm\ncolumns: {id: {basetype: INTEGER}}\n",
    )
    catalog.commit("Company")
    server = start(catalog, keboola_url=stack.url, keboola_token=TOKEN)
    admin = server.as_("admin")
    admin.post("/api/sync/trigger", json=["company"])
    run = finished(admin)["company"]
    assert (run["state"], run["rows"]) == ("done", 3)
    assert TOKEN not in str(run)
