"""`da admin register-table`, `list-tables` and `discover-and-register` in a catalog at hand."""

from __future__ import annotations

from tests.keboola.conftest import stack  # noqa: F401
from tests.keboola.stack import TOKEN
from tests.tables.conftest import write_parquet


def test_a_table_is_registered_by_a_commit(da, here):
    done = da(
        *("admin", "register-table", "Customers", "--description", "One row per customer"),
        *("--source-type", "keboola", "--bucket", "in.c-crm", "--source-table", "c"),
        *("--query-mode", "local", "--schedule", "every 6h", "--group", "sales"),
    )
    assert (done.code, done.out) == (0, "Registered: customers\n")
    assert "committed" in done.err
    file = here.git("show", "HEAD:tables/customers.yml")
    for line in ("name: Customers", "bucket: in.c-crm", "sync_schedule: every 6h", "- sales"):
        assert line in file
    assert here.git("log", "-1", "--format=%ae %s") == (
        "ada@example.com feat(metrics): register tables/customers"
    )


def test_a_table_that_is_there_already_is_no_error(da, here):
    before = here.git("rev-parse", "HEAD")
    done = da("admin", "register-table", "orders")
    assert (done.code, done.out) == (0, "Already exists: orders\n")
    assert here.git("rev-parse", "HEAD") == before


def test_the_tables_are_listed(da, here):
    da("admin", "register-table", "customers")
    done = da("admin", "list-tables")
    assert done.out.splitlines()[0] == "Registered tables: 2"
    assert "customers" in done.out
    assert "orders" in done.out
    listed = da("admin", "list-tables", "--json").json
    assert listed["count"] == 2
    assert [row["id"] for row in listed["tables"]] == ["customers", "orders"]


def test_a_file_gives_the_columns(da, here, tmp_path):
    (tmp_path / "items.csv").write_text("id,price,day\n1,10.50,2026-01-31\n")
    done = da("admin", "register-table", "--from", tmp_path / "items.csv")
    assert done.out == "Registered: items\n"
    file = here.git("show", "HEAD:tables/items.yml")
    assert "source_table: items.csv" in file
    assert "basetype: NUMERIC" in file


def test_a_file_may_get_another_name(da, here, tmp_path):
    (tmp_path / "export-7.csv").write_text("id\n1\n")
    done = da("admin", "register-table", "Order Items", "--from", tmp_path / "export-7.csv")
    assert done.out == "Registered: order_items\n"
    assert "source_table: export-7.csv" in here.git("show", "HEAD:tables/order_items.yml")


def test_a_folder_gives_a_table_for_each_file_by_one_commit(da, here, tmp_path):
    folder = tmp_path / "exports"
    write_parquet(folder / "orders.parquet")
    write_parquet(folder / "b.parquet")
    (folder / "a.csv").write_text("id\n1\n")
    before = here.git("rev-parse", "HEAD")
    done = da("admin", "register-table", "--from", folder, "--json")
    assert done.json["registered"] == ["a", "b"]
    assert done.json["existing"] == ["orders"]
    assert done.json["commit"] == here.git("rev-parse", "HEAD")
    assert here.git("rev-list", "--count", f"{before}..HEAD") == "1"


def test_mistakes_are_said(da, here, tmp_path):
    assert da("admin", "register-table").code == 2
    assert "one name" in da("admin", "register-table", "x", "--from", tmp_path).err
    assert da("admin", "register-table", "--from", tmp_path / "none.csv").code == 1
    done = da("admin", "register-table", "../x")
    assert done.code == 1
    assert "Traceback" not in done.err


def test_the_tables_of_a_project_are_registered(da, here, stack, monkeypatch):  # noqa: F811
    monkeypatch.setenv("KBC_STACK_URL", stack.url)
    monkeypatch.setenv("KBC_STORAGE_TOKEN", TOKEN)
    done = da("admin", "discover-and-register")
    assert done.out == "Registered: in.c-crm.company\n"
    again = da("admin", "discover-and-register")
    assert again.out == "Already exists: in.c-crm.company\nNothing new to register\n"
    assert TOKEN not in done.err + again.err


def test_no_project_says_what_to_set(da, here, monkeypatch):
    for name in ("KBC_STACK_URL", "KBC_STORAGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    done = da("admin", "discover-and-register")
    assert done.code == 1
    assert "KBC_STACK_URL" in done.err
