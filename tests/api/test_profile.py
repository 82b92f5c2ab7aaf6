"""Profiles over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Running
from tests.queries.conftest import write_parquet
from tests.queries.test_queries import until

PEOPLE = """\
id: people
primary_key: id
access: {groups: [hr]}
columns:
  email: {basetype: STRING, pii: true}
  nickname: {basetype: STRING, pii: true}
"""


@pytest.fixture
def served(start, catalog, tmp_path) -> Running:
    """A server with data of `orders`, for all, and of `people`, for hr."""
    catalog.write("tables/people.yml", PEOPLE)
    catalog.write("tables/empty.yml", "id: empty\n")
    catalog.commit("People")
    folder = tmp_path / "data" / "parquet"
    write_parquet(folder / "orders.parquet", "SELECT i AS amount FROM range(100) t(i)")
    write_parquet(
        folder / "people.parquet",
        "SELECT 1 AS id, 'canary@example.com' AS email, 'canary' AS nickname",
    )
    return start(catalog, data_dir=tmp_path / "data")


def test_a_table_is_profiled_when_it_is_asked_for(served):
    client = served.as_("analyst")
    missing = client.get("/api/catalog/profile/orders")
    assert missing.status_code == 404
    assert missing.json()["hint"] == "make one: POST /api/catalog/profile/orders/refresh"
    made = client.post("/api/catalog/profile/orders/refresh")

    assert made.status_code == 200
    assert {key: made.json()[key] for key in ("status", "table", "columns")} == {
        "status": "ok", "table": "orders", "columns": 1,
    }  # fmt: skip
    found = served.as_("viewer").get("/api/catalog/profile/orders")
    assert found.json() == made.json()["profile"]
    assert found.json()["row_count"] == 100
    again = client.get(
        "/api/catalog/profile/orders", headers={"If-None-Match": found.headers["etag"]}
    )
    assert again.status_code == 304
    (table,) = [
        table for table in client.get("/api/catalog").json()["tables"] if table["id"] == "orders"
    ]
    assert table["profile"] == found.json()


def test_new_data_have_a_new_profile(served, tmp_path):
    client = served.as_("analyst")
    first = client.post("/api/catalog/profile/orders/refresh").json()["profile"]
    assert client.post("/api/catalog/profile/orders/refresh").json()["profile"] == first
    write_parquet(tmp_path / "data" / "parquet" / "orders.parquet", "SELECT 1 AS a, 2 AS b")

    second = client.post("/api/catalog/profile/orders/refresh").json()["profile"]
    assert (second["column_count"], second["hash"] == first["hash"]) == (2, False)


@pytest.mark.parametrize("table", ["people", "nothing", "%2e%2e%2fx", "a%00b", "x" * 150])
def test_a_table_that_is_hidden_is_one_that_is_not_there(served, table):
    served.as_("admin").post("/api/catalog/profile/people/refresh")
    client = served.as_("analyst")
    for found in (
        client.get(f"/api/catalog/profile/{table}"),
        client.post(f"/api/catalog/profile/{table}/refresh"),
    ):
        assert found.status_code == 404
        assert found.json()["detail"] in (f"Table '{table}' not found", "Not Found") or "%" in table


def test_a_table_without_data_is_404(served):
    found = served.as_("analyst").post("/api/catalog/profile/empty/refresh")

    assert (found.status_code, found.json()["detail"]) == (404, "table empty has no data yet")


def test_data_that_cannot_be_read_are_503_without_their_path(served, tmp_path):
    file = tmp_path / "data" / "parquet" / "orders.parquet"
    content = bytearray(file.read_bytes())
    content[4:60] = bytes(56)  # rows; what is in the file is said at its end
    file.write_bytes(content)
    found = served.as_("analyst").post("/api/catalog/profile/orders/refresh")

    assert found.status_code == 503
    assert found.json()["detail"].startswith("table orders cannot be profiled: ")
    assert str(tmp_path) not in found.text


def test_a_table_is_profiled_after_its_data_came(served, tmp_path):
    write_parquet(tmp_path / "data" / "imports" / "orders.parquet", "SELECT 1 AS a, 2 AS b")
    client = served.as_("admin")
    assert client.post("/api/sync/trigger", json={"tables": ["orders"]}).status_code < 300
    until(lambda: client.get("/api/catalog/profile/orders").status_code == 200)

    manifest = client.get("/api/sync/manifest").json()["tables"]["orders"]
    profile = client.get("/api/catalog/profile/orders").json()
    assert (profile["column_count"], profile["hash"]) == (2, manifest["hash"])


def test_who_may_not_use_data_may_not_profile(served):
    assert served.client().get("/api/catalog/profile/orders").status_code == 401
    assert served.client().post("/api/catalog/profile/orders/refresh").status_code == 401
    assert served.as_("viewer").post("/api/catalog/profile/orders/refresh").status_code == 403


def test_personal_data_are_nowhere(served):
    client = served.as_("analyst", "hr")
    made = client.post("/api/catalog/profile/people/refresh")

    assert made.json()["profile"]["primary_key"] == ["id"]
    assert "canary" not in made.text
    assert "canary" not in client.get("/api/catalog").text


def test_a_column_that_is_marked_later_is_not_shown_from_the_older_profile(served):
    client = served.as_("admin")
    served.commit({"tables/people.yml": "id: people\n"})
    assert "canary" in client.post("/api/catalog/profile/people/refresh").text
    served.commit({"tables/people.yml": PEOPLE})

    assert "canary" not in client.get("/api/catalog/profile/people").text
    assert "canary" not in client.get("/api/catalog").text
    assert "canary" not in json.dumps(client.post("/api/catalog/profile/people/refresh").json())


def test_a_column_that_nobody_marked_is_hidden_for_what_it_holds(served):
    client = served.as_("admin")
    served.commit({"tables/people.yml": "id: people\n"})
    made = client.post("/api/catalog/profile/people/refresh")
    assert "canary@" not in made.text
    assert "canary@" not in client.get("/api/catalog").text


def test_a_profile_stands_beside_what_the_catalog_knows(served):
    client = served.as_("admin")
    client.post("/api/catalog/profile/orders/refresh")

    found = client.get("/api/catalog/profile/orders").json()

    assert found["used_by_metrics"] == [
        {"name": "arr", "file": "revenue/arr.yml"},
        {"name": "mrr", "file": "revenue/mrr.yml"},
    ]
    (amount,) = found["columns"]
    assert (amount["basetype"], amount["confidence"]) == ("NUMERIC", "manual")
    (listed,) = [it for it in client.get("/api/catalog").json()["tables"] if it["id"] == "orders"]
    assert listed["profile"] == found


def test_related_tables_are_told_to_who_may_see_them(served, tmp_path):
    served.commit({"tables/contacts.yml": "id: contacts\n"})
    write_parquet(
        tmp_path / "data/parquet/contacts.parquet",
        "SELECT i AS contact_id, 1 AS people_id FROM range(9) t(i)",
    )
    made = served.as_("admin").post("/api/catalog/profile/contacts/refresh").json()["profile"]
    assert [(it["table"], it["column"]) for it in made["related_tables"]] == [
        ("people", "people_id")
    ]
    seen = served.as_("analyst").get("/api/catalog/profile/contacts")
    assert seen.json()["related_tables"] == []
    assert "people" not in json.dumps(seen.json()["related_tables"])
