"""`da query`."""

from __future__ import annotations

import io

import duckdb
import pytest

from agnes.config.client import Login, save_login
from tests.api.conftest import served
from tests.queries.conftest import write_parquet


@pytest.fixture
def server(catalog, tmp_path):
    with served(catalog, tmp_path / "data") as running:
        yield running


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace with a table `orders`."""
    folder = tmp_path / "workspace"
    write_parquet(
        folder / "data" / "parquet" / "orders.parquet",
        "SELECT i AS id, 'n' || i AS name, i * 1.5 AS amount FROM range(1, 4) t(i)",
    )
    monkeypatch.chdir(folder)
    return folder


def test_a_table_for_people(da, workspace):
    done = da("query", "SELECT id, name, NULL AS x FROM orders ORDER BY id DESC LIMIT 2")

    assert (done.code, done.err) == (0, "")
    assert done.out == "id  name  x\n3   n3\n2   n2\n"


def test_json_is_a_list_of_objects(da, workspace):
    done = da("query", "SELECT id, amount, id FROM orders LIMIT 1", "--json")

    assert done.json == [{"id": 1, "amount": 1.5, "id_1": 1}]
    assert da("query", "FROM orders", "--format", "json").json[2]["name"] == "n3"


def test_csv_can_be_read_again(da, workspace):
    sql = """SELECT 'a,"b"' AS "x y", NULL AS n, [1, 2] AS l, 'é\n' AS e, true AS b"""
    done = da("query", sql, "--format", "csv")

    assert (
        done.out == '"x y",n,l,e,b\n'.replace('"x y"', "x y") + '"a,""b""",,"[1, 2]","é\n",true\n'
    )


def test_rows_that_are_left_out_are_told_on_stderr(da, workspace):
    done = da("query", "FROM orders", "--limit", "2", "--json")

    assert len(done.json) == 2
    assert "truncated" in done.err
    assert "truncated" not in da("query", "FROM orders", "--limit", "3").err


def test_values_cannot_move_the_cursor(da, workspace):
    done = da("query", "SELECT 'a' || chr(27) || '[2J' || chr(10) || repeat('x', 200) AS a")

    assert "\x1b" not in done.out
    assert done.out.splitlines()[1].startswith(r"a\x1b[2J\nxxx")
    assert len(done.out.splitlines()[1]) <= 80


def test_the_statement_may_come_from_stdin(da, workspace, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 7 AS a;"))

    assert da("query", "-", "--json").json == [{"a": 7}]


def test_the_workspace_may_be_elsewhere(da, workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert da("query", "FROM orders").code == 1
    monkeypatch.setenv("DA_LOCAL_DIR", str(workspace))

    assert da("query", "FROM orders").code == 0


@pytest.mark.parametrize("folder", ["data/parquet", "data"])
def test_a_catalog_has_data_beside_it(da, here, folder, monkeypatch):
    write_parquet(here.path / folder / "in.c-crm.company.parquet", "SELECT 1 AS id")
    monkeypatch.chdir(here.path / "metrics")

    assert da("query", 'SELECT * FROM "in.c-crm.company", company', "--json").json
    assert da("query", "FROM company", "--catalog", here.path).code == 0


def test_an_older_workspace_has_a_database(da, workspace):
    path = workspace / "user" / "duckdb" / "analytics.duckdb"
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE Old AS SELECT 1 AS a")
        connection.execute("CREATE VIEW seen AS SELECT a + 1 AS a FROM Old")
        connection.execute("CREATE TABLE orders AS SELECT 'not this one' AS a")

    assert da("query", "SELECT old.a, seen.a FROM old, seen", "--json").json == [{"a": 1, "a_1": 2}]
    assert len(da("query", "FROM orders", "--json").json) == 3
    assert "did you mean old" in da("query", "FROM old, oldd").err
    (workspace / "data" / "parquet" / "orders.parquet").unlink()
    assert da("query", "FROM orders", "--json").json == [{"a": "not this one"}]
    path.write_text("damaged")
    assert "Query error: analytics.duckdb, orders" in da("query", "FROM orders").err


def test_where_there_is_no_data_it_says_what_to_do(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = da("query", "SELECT 1")

    assert (done.code, done.out) == (1, "")
    assert "not found" in done.err
    assert "da sync" in done.err


def test_a_mistake_is_shown_in_its_line(da, workspace):
    done = da("query", "SELECT id\nFROM orders WHERE amout > 1")

    assert done.code == 1
    assert done.err == (
        'error: Query error: Referenced column "amout" not found in FROM clause!\n'
        "  FROM orders WHERE amout > 1\n"
        "                    ^^^^^\n"
        "  help: there is: amount, name\n"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE orders",
        "SELECT 1; SELECT 2",
        "FROM read_text('/etc/passwd')",
        "COPY orders TO 'x.csv'",
        "FROM nothing",
        "",
    ],
)
def test_what_may_not_run_is_refused_here_too(da, workspace, sql):
    done = da("query", sql)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: Query error: ")
    assert [file.name for file in workspace.rglob("*") if file.is_file()] == ["orders.parquet"]


def test_formats_that_exclude_each_other_are_wrong_usage(da, workspace):
    assert da("query", "SELECT 1", "--json", "--format", "csv").code == 2


def test_at_the_server(da, server, tmp_path, monkeypatch):
    write_parquet(
        tmp_path / "data" / "parquet" / "orders.parquet", "SELECT i AS id FROM range(9) t(i)"
    )
    save_login(Login(server.url, server.token("ada@example.com")))
    monkeypatch.chdir(tmp_path)
    done = da("query", "FROM orders ORDER BY id", "--remote", "--json", "--limit", "2")

    assert done.json == [{"id": 0}, {"id": 1}]
    assert "truncated" in done.err
    assert da("query", "SELECT [1, 2] AS l", "--remote", "--format", "csv").out == 'l\n"[1, 2]"\n'
    wrong = da("query", "SELECT idd FROM orders", "--remote")
    assert wrong.code == 1
    assert wrong.err.startswith('error: Query failed: Referenced column "idd" not found')
    assert "help: there is: id" in wrong.err


def test_a_server_that_is_not_there_is_a_failure(da, tmp_path, monkeypatch):
    save_login(Login("http://127.0.0.1:1", "x"))
    done = da("query", "SELECT 1", "--remote")

    assert done.code == 1
    assert "Query failed: Cannot reach http://127.0.0.1:1" in done.err
