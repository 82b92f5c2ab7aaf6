"""`da explore`."""

from __future__ import annotations

import pytest

from agnes.config.client import Login, save_login
from tests.api.conftest import served
from tests.queries.conftest import write_parquet
from tests.workspace.making import make_workspace, snapshot_of

TABLE = """\
id: orders
description: One row per order
columns:
  id: {basetype: INTEGER, description: The order}
  Name: {basetype: STRING, pii: true}
"""


@pytest.fixture
def workspace(catalog, tmp_path, monkeypatch):
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    catalog.write("tables/orders.yml", TABLE)
    catalog.commit()
    found = make_workspace(tmp_path / "workspace", catalog.path)
    monkeypatch.chdir(found.root)
    return found


def test_rows_columns_and_a_sample_without_personal_data(da, workspace):
    found = da("explore", "orders", "--json").json

    assert list(found) == ["table", "row_count", "columns", "sample_rows"]
    assert (found["table"], found["row_count"]) == ("orders", 7)
    assert found["columns"][:2] == [
        {"name": "id", "type": "BIGINT", "description": "The order", "pii": False},
        {"name": "name", "type": "VARCHAR", "description": None, "pii": True},
    ]
    assert found["sample_rows"] == [{"id": i, "amount": i * 1.5} for i in range(1, 6)]


def test_for_people(da, workspace):
    out = da("explore", "orders").out

    assert out.startswith("orders: 7 row(s)\n")
    assert "VARCHAR" in out
    assert "personal" in out
    assert "n1" not in out


def test_a_table_of_which_all_is_personal_has_no_sample(da, workspace):
    write_parquet(workspace.parquet("orders"), "SELECT 'Ada' AS name")

    assert da("explore", "orders", "--json").json["sample_rows"] == []


def test_what_is_recognized_as_personal_is_not_shown_either(da, workspace):
    write_parquet(workspace.parquet("orders"), "SELECT 1 AS id, 'ada@example.com' AS contact")
    found = da("explore", "orders", "--json").json

    assert found["sample_rows"] == [{"id": 1}]
    assert [it["pii"] for it in found["columns"]] == [False, True]


def test_a_table_whose_name_is_sql(da, workspace):
    write_parquet(workspace.parquet("plain"), 'SELECT 1 AS "a""b"')
    workspace.parquet("plain").rename(workspace.parquet('in.c-crm."x'))
    found = da("explore", 'in.c-crm."x', "--json").json

    assert found["sample_rows"] == [{'a"b': 1}]


def test_a_view_of_the_user_s_own(da, workspace):
    assert da("explore", "metric_definitions", "--json").json["row_count"] == 2


def test_an_unknown_table_is_an_error_that_names_others(da, workspace):
    done = da("explore", "order")

    assert done.code == 1
    assert "orders" in done.err


def test_where_it_is_not_known_what_is_personal_no_row_is_shown(da, workspace, monkeypatch):
    snapshot_of(workspace).unlink()
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("DA_TOKEN", "a-token")
    done = da("explore", "orders")

    assert (done.code, "n1" in done.out) == (0, False)
    assert "no rows are shown" in done.err


def test_at_the_server(da, workspace, catalog, tmp_path, monkeypatch):
    with served(catalog, tmp_path / "data") as server:
        folder = server.instance.data.parquet
        write_parquet(folder / "orders.parquet", "SELECT 1 AS id, 'Ada' AS name")
        email = "analyst@example.com"
        save_login(Login(server.url, server.token(email, "analyst"), email, "analyst"))
        found = da("explore", "orders", "--remote", "--json").json

    assert found["row_count"] == 1
    assert found["sample_rows"] == [{"id": 1}]
