"""`da admin` tables, where no catalog is at hand."""

from __future__ import annotations

from tests.remote.conftest import sign_in


def test_a_table_is_registered_through_the_server(da, away):
    done = da("admin", "register-table", "Customers", "--description", "One row per customer")
    assert (done.code, done.out) == (0, "Registered: customers\n")
    file = away.repository.git("show", "main:tables/customers.yml")
    assert "name: Customers" in file
    assert away.repository.git("log", "-1", "--format=%ae") == "admin@example.com"
    again = da("admin", "register-table", "Customers")
    assert (again.code, again.out) == (0, "Already exists: customers\n")


def test_a_folder_is_registered_through_the_server(da, away, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text("id,price\n1,2.50\n")
    done = da("admin", "register-table", "--from", folder, "--json")
    assert done.json["registered"] == ["a", "b"]
    assert "basetype: NUMERIC" in away.repository.git("show", "main:tables/a.yml")


def test_the_tables_of_the_server_are_listed(da, away):
    assert da("admin", "list-tables").out.splitlines()[0] == "Registered tables: 1"
    assert da("admin", "list-tables", "--json").json["tables"][0]["id"] == "orders"


def test_a_project_that_is_not_configured_there_is_said(da, away):
    done = da("admin", "discover-and-register")
    assert done.code == 1
    assert "KBC_STACK_URL" in done.err


def test_who_is_no_admin_is_refused(da, away):
    sign_in(away, "analyst")
    for command in (["list-tables"], ["register-table", "x"], ["discover-and-register"]):
        done = da("admin", *command)
        assert done.code == 1
        assert "Admin access required" in done.err
