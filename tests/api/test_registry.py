"""Registering tables through the server."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Running
from tests.keboola.conftest import stack  # noqa: F401
from tests.keboola.stack import TOKEN

REGISTER = "/api/admin/register-table"


@pytest.fixture
def admin(server: Running):
    return server.as_("admin")


def test_a_table_is_registered_by_a_commit_of_the_caller(server: Running, admin):
    found = admin.post(
        REGISTER,
        json={
            "name": "Order Items",
            "source_type": "keboola",
            "bucket": "in.c-sales",
            "source_table": "items",
            "query_mode": "local",
            "description": "One row per item",
        },
    )
    assert found.status_code == 201
    said = found.json()
    assert (said["id"], said["name"], said["status"]) == (
        "order_items",
        "Order Items",
        "registered",
    )
    git = server.repository.git
    assert git("rev-parse", "main") == said["commit"]
    assert git("log", "-1", "--format=%ae|%s|%(trailers:key=Agnes-Source,valueonly)") == (
        "admin@example.com|feat(metrics): register tables/order_items|api"
    )
    file = git("show", "main:tables/order_items.yml")
    assert "id: order_items" in file
    assert "name: Order Items" in file
    assert "bucket: in.c-sales" in file


def test_what_is_registered_is_served_at_once(server: Running, admin):
    admin.post(REGISTER, json={"name": "customers"})
    found = admin.get("/api/admin/registry").json()
    assert found["count"] == 2
    assert [table["id"] for table in found["tables"]] == ["customers", "orders"]


def test_the_second_time_is_409(server: Running, admin):
    before = server.repository.git("rev-parse", "main")
    found = admin.post(REGISTER, json={"name": "Orders"})
    assert found.status_code == 409
    assert found.json()["detail"] == "Table 'orders' already registered"
    assert server.repository.git("rev-parse", "main") == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "  "},
        {"name": "../x"},
        {"name": "a/b"},
        {"name": "a\0b"},
        {"name": ".hidden"},
        {"name": "x" * 129},
        {"name": "ok", "nope": 1},
        {"name": "ok", "columns": {"a": {"basetype": "NOPE"}}},
        {"name": "ok", "columns": {"a": {"nope": 1}}},
        {"name": "ok", "access": {"groups": []}, "is_public": True},
        {"name": "ok", "description": "a\0b"},
        {"name": 7},
        [],
    ],
)
def test_what_does_not_validate_is_refused(server: Running, admin, body):
    before = server.repository.git("rev-parse", "main")
    found = admin.post(REGISTER, json=body)
    assert found.status_code == 422
    assert found.json()["detail"]
    assert server.repository.git("rev-parse", "main") == before


def test_a_surrogate_is_refused_and_not_an_error_of_ours(admin):
    found = admin.post(
        REGISTER,
        content=b'{"name": "x", "description": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert 400 <= found.status_code < 500


def test_columns_access_and_schedule_can_be_said(server: Running, admin):
    body = {
        "name": "salaries",
        "access": {"groups": ["finance"]},
        "sync_schedule": "daily 07:00",
        "columns": {"pay": {"basetype": "NUMERIC", "pii": True}},
    }
    assert admin.post(REGISTER, json=body).status_code == 201
    tables = server.as_("analyst").get("/api/catalog/tables").json()["tables"]
    assert [table["id"] for table in tables] == ["orders"]


def test_a_table_is_unregistered_by_a_commit(server: Running, admin):
    found = admin.delete("/api/admin/registry/orders")
    assert (found.status_code, found.content) == (204, b"")
    assert admin.get("/api/admin/registry").json() == {"tables": [], "count": 0}
    assert server.repository.git("log", "-1", "--format=%ae") == "admin@example.com"
    assert admin.delete("/api/admin/registry/orders").status_code == 404
    assert admin.post(REGISTER, json={"name": "orders"}).status_code == 201


@pytest.mark.parametrize("table_id", ["nope", "%00", "..%2fagnes", "a" * 200])
def test_an_unknown_table_cannot_be_unregistered(admin, table_id):
    assert admin.delete(f"/api/admin/registry/{table_id}").status_code in (404, 422)


def test_a_review_branch_takes_the_registration_where_the_catalog_says_so(server: Running, admin):
    server.commit({"agnes.yml": "name: Test catalog\nwrite_mode: branch\n"})
    found = admin.post(REGISTER, json={"name": "customers"})
    assert found.status_code == 202
    assert found.json()["status"] == "in_review"
    assert found.json()["branch"].startswith("agnes/")
    assert admin.get("/api/admin/registry").json()["count"] == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", REGISTER),
        ("GET", "/api/admin/registry"),
        ("DELETE", "/api/admin/registry/orders"),
        ("POST", "/api/admin/discover-and-register"),
    ],
)
def test_only_admins_register(server: Running, method, path):
    body = {"name": "x"} if path == REGISTER else None
    found = server.as_("analyst").request(method, path, json=body)
    assert found.status_code == 403
    assert found.json()["detail"] == "Admin access required"
    assert server.client().request(method, path, json=body).status_code == 401


def test_the_tables_of_a_project_are_registered_by_one_commit(start, catalog, stack):  # noqa: F811
    stack.add("in.c-crm.deal", ["id"])
    stack.add("out.c-x.orders", ["id", "amount"])
    stack.add("in.c-crm.bad id", ["id"])
    catalog.write(
        "tables/deals.yml",
        "id: deals\nsource_type: keboola\nbucket: in.c-crm\nsource_table: deal\n",
    )
    before = catalog.commit("Deals")
    server = start(catalog, keboola_url=stack.url, keboola_token=TOKEN)
    admin = server.as_("admin")
    said = admin.post("/api/admin/discover-and-register")
    assert said.status_code == 200
    assert said.json()["registered"] == ["in.c-crm.company", "out.c-x.orders"]
    assert said.json()["already_registered"] == ["in.c-crm.deal"]
    assert list(said.json()["skipped"]) == ["in.c-crm.bad id"]
    assert catalog.git("rev-list", "--count", f"{before}..main") == "1"
    file = catalog.git("show", "main:tables/in.c-crm.company.yml")
    assert "source: keboola_import" in file
    assert "basetype: INTEGER" in file
    assert "description: Companies" in file
    again = admin.post("/api/admin/discover-and-register").json()
    assert (again["registered"], again["commit"]) == ([], None)
    assert len(again["already_registered"]) == 3


def test_no_project_is_503_and_says_what_to_set(admin):
    found = admin.post("/api/admin/discover-and-register")
    assert found.status_code == 503
    assert "KBC_STACK_URL" in json.dumps(found.json())


def test_a_project_that_refuses_is_said_without_the_token(start, catalog, stack):  # noqa: F811
    server = start(catalog, keboola_url=stack.url, keboola_token=f"{TOKEN}wrong")
    found = server.as_("admin").post("/api/admin/discover-and-register")
    assert found.status_code == 503
    assert "401" in found.json()["detail"]
    assert TOKEN not in found.text


def test_what_is_written_is_in_the_audit_log(server: Running, admin):
    admin.post(REGISTER, json={"name": "customers"})
    admin.post("/api/sync/trigger")
    admin.post("/api/upload/local-md", json={"content": "x"})
    entries, _ = server.instance.state.audit.list()
    actions = {entry.action for entry in entries}
    assert {"table.register", "sync.trigger", "upload.local-md"} <= actions
