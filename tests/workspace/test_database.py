"""`analytics.duckdb`."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import duckdb
import pytest

from agnes.errors import CacheError, ConflictError
from agnes.workspace.database import build_database, is_at_home
from agnes.workspace.layout import Workspace
from tests.queries.conftest import write_parquet
from tests.workspace.making import make_workspace, snapshot_of


@pytest.fixture
def workspace(catalog, tmp_path) -> Workspace:
    return make_workspace(tmp_path / "workspace", catalog.path)


def build(workspace):
    return build_database(workspace, snapshot_of(workspace))


def ask(workspace, sql):
    with duckdb.connect(str(workspace.database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def change(workspace, *statements):
    with duckdb.connect(str(workspace.database)) as connection:
        for sql in statements:
            connection.execute(sql)


@contextmanager
def another_process(workspace, code):
    """A process that has the database open; it goes on with `code` when it is told to."""
    program = f"import duckdb, sys\npath = {str(workspace.database)!r}\n{code}"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process


READER = """
connection = duckdb.connect(path, read_only=True)
print("open", flush=True)
sys.stdin.readline()
print(connection.execute("SELECT count(*) FROM mine").fetchall(), flush=True)
"""
WRITER = """
connection = duckdb.connect(path)
print("open", flush=True)
sys.stdin.readline()
"""


def test_one_connection_answers_for_data_and_catalog(workspace):
    write_parquet(workspace.parquet("in.c-crm.company"), "SELECT 7 AS id")
    built = build(workspace)

    assert (built.tables, built.views, built.skipped) == (2, 3, {})
    assert ask(workspace, "SELECT sum(amount) FROM orders") == [(42.0,)]
    assert ask(workspace, 'FROM "in.c-crm.company"') == ask(workspace, "FROM company") == [(7,)]
    assert ask(workspace, "SELECT count(*) FROM metric_definitions") == [(2,)]
    for name in ("column_metadata", "table_registry", "categories"):
        ask(workspace, f"SELECT count(*) FROM {name}")


def test_a_short_name_is_given_only_where_it_is_free_and_means_one_table(workspace):
    for name in ("in.a.x", "in.b.X", "in.c.orders", "in.c.metric_definitions", "in.c.Mine"):
        write_parquet(workspace.parquet(name), "SELECT 1 AS one")
    change(workspace, "CREATE TABLE mine AS SELECT 5 AS five")
    built = build(workspace)

    assert (built.tables, built.views) == (6, 6)
    assert ask(workspace, "FROM mine") == [(5,)]
    assert ask(workspace, "SELECT count(*) FROM orders") == [(7,)]


def test_what_the_user_made_is_kept(workspace):
    change(
        workspace,
        "CREATE TABLE mine (id INTEGER PRIMARY KEY, name VARCHAR DEFAULT 'x')",
        "INSERT INTO mine (id) VALUES (1), (2)",
        "CREATE INDEX by_name ON mine (name)",
        "CREATE VIEW totals AS SELECT sum(amount) AS total FROM orders",
        "CREATE SCHEMA work",
        "CREATE TABLE work.draft AS SELECT 3 AS three",
        "CREATE MACRO twice(x) AS 2 * x",
    )
    write_parquet(workspace.parquet("orders"), "SELECT 1 AS id, 10 AS amount")
    for _ in range(2):
        assert build(workspace).renamed == {}

    assert ask(workspace, "FROM mine ORDER BY id") == [(1, "x"), (2, "x")]
    assert ask(workspace, "SELECT total, twice(total), three FROM totals, work.draft") == [
        (10, 20, 3)
    ]
    with pytest.raises(duckdb.ConstraintException):
        change(workspace, "INSERT INTO mine (id) VALUES (1)")


def test_a_user_s_table_gives_its_name_to_a_table_of_the_catalog(workspace):
    change(
        workspace,
        "CREATE TABLE customers AS SELECT 'theirs' AS whose",
        "CREATE INDEX by_whose ON customers (whose)",
        "CREATE OR REPLACE VIEW orders AS SELECT 'theirs' AS whose",
        "DROP TABLE categories",
        "CREATE VIEW Categories AS SELECT 'theirs' AS whose",
    )
    write_parquet(workspace.parquet("customers"), "SELECT 'ours' AS whose")
    built = build(workspace)

    renamed = {"customers": "customers_mine", "orders": "orders_mine"}
    assert built.renamed == renamed | {"categories": "categories_mine"}
    assert ask(workspace, "FROM customers") == [("ours",)]
    for name in built.renamed.values():
        assert ask(workspace, f"FROM {name}") == [("theirs",)]
    assert build(workspace).renamed == {}


def test_a_view_of_an_older_version_is_taken_for_ours(workspace):
    change(
        workspace,
        "DROP VIEW orders",
        "CREATE VIEW orders AS SELECT * FROM "
        f"read_parquet('{workspace.parquet('orders').as_posix()}')",
    )

    assert build(workspace).renamed == {}


def test_a_file_that_went_takes_its_view_along(workspace):
    workspace.parquet("orders").unlink()

    assert build(workspace).tables == 0
    with pytest.raises(duckdb.CatalogException):
        ask(workspace, "FROM orders")


def test_who_has_the_old_file_open_goes_on_reading(workspace):
    change(workspace, "CREATE TABLE mine AS FROM range(10)")
    with another_process(workspace, READER) as reader:
        write_parquet(workspace.parquet("more"), "SELECT 1 AS one")
        build(workspace)
        build(workspace)
        assert ask(workspace, "FROM more") == [(1,)]
        assert reader.communicate("\n")[0] == "[(10,)]\n"


def test_while_somebody_writes_to_it_nothing_is_done(workspace):
    with another_process(workspace, WRITER) as writer:
        with pytest.raises(ConflictError, match=f"process {writer.pid}"):
            build(workspace)
        writer.communicate("\n")

    assert build(workspace).tables == 1


def test_what_a_killed_writer_left_in_the_log_is_kept(workspace):
    crash = "c.execute('CREATE TABLE mine AS SELECT 5 AS five'); os._exit(1)"
    program = f"import duckdb, os; c = duckdb.connect({str(workspace.database)!r}); {crash}"
    subprocess.run([sys.executable, "-c", program], check=False)
    log = workspace.database.with_name("analytics.duckdb.wal")
    assert log.exists()
    old_log = log.read_bytes()
    build(workspace)

    assert not log.exists()
    assert ask(workspace, "FROM mine") == [(5,)]
    log.write_bytes(old_log)  # as if this build had been killed before it deleted it
    build(workspace)
    assert ask(workspace, "FROM mine") == [(5,)]


def test_a_log_without_a_database_is_not_read(workspace):
    log = workspace.database.with_name("analytics.duckdb.wal")
    workspace.database.unlink()
    log.write_bytes(b"whose is it?")
    build(workspace)

    assert ask(workspace, "SELECT count(*) FROM orders") == [(7,)]


def test_nothing_is_left_beside_it(workspace):
    (workspace.duckdb_dir / ".analytics.0011.tmp").write_bytes(b"of a killed build")
    build(workspace)

    names = {path.name for path in workspace.duckdb_dir.iterdir()}
    assert names - {".analytics.lock"} == {"analytics.duckdb", snapshot_of(workspace).name}


def test_a_database_that_cannot_be_read_is_set_aside(workspace):
    workspace.database.write_bytes(b"no database" * 1000)
    built = build(workspace)

    assert built.replaced.read_bytes().startswith(b"no database")
    assert ask(workspace, "SELECT count(*) FROM orders") == [(7,)]


def test_a_file_that_is_no_parquet_is_skipped_and_named(workspace):
    workspace.parquet("broken").write_bytes(b"PAR1 not really PAR1")
    workspace.parquet("empty").touch()
    write_parquet(workspace.parquet("Orders"), "SELECT 1 AS one")
    write_parquet(workspace.parquet("Metric_Definitions"), "SELECT 1 AS one")
    workspace.parquet("folder").mkdir()
    (workspace.parquet_dir / ".part.parquet").write_bytes(b"half")
    built = build(workspace)

    assert built.tables == 1
    assert built.skipped.keys() == {"broken", "empty", "orders", "Metric_Definitions"}
    assert "Orders has its name" in built.skipped["orders"]


@pytest.mark.parametrize(
    "name", ['a"; DROP TABLE metric_definitions; --', "a'); DROP VIEW orders; --", "*", "x[0]?"]
)
def test_a_hostile_name_is_but_a_name(workspace, name):
    write_parquet(workspace.parquet("plain"), "SELECT 1 AS one")
    workspace.parquet("plain").rename(workspace.parquet(name))
    built = build(workspace)

    assert built.tables == 2
    quoted = name.replace('"', '""')
    assert ask(workspace, f'FROM "{quoted}"') == [(1,)]
    assert ask(workspace, "SELECT count(*) FROM metric_definitions") == [(2,)]


def test_a_name_that_is_no_text_is_skipped(workspace):
    name = os.fsdecode(b"\xff")
    write_parquet(workspace.parquet("plain"), "SELECT 1 AS one")
    workspace.parquet("plain").rename(workspace.parquet(name))

    assert list(build(workspace).skipped) == ["\\udcff"]


def test_views_read_the_folder_that_they_were_made_in(workspace, tmp_path):
    assert is_at_home(workspace)
    workspace.root.rename(tmp_path / "it's [moved]")
    moved = Workspace(tmp_path / "it's [moved]")
    assert not is_at_home(moved)
    build(moved)

    assert is_at_home(moved)
    assert ask(moved, "SELECT count(*) FROM orders") == [(7,)]


def test_without_a_snapshot_the_database_stays_as_it_is(workspace):
    before = workspace.database.read_bytes()
    missing = workspace.duckdb_dir / "missing.duckdb"
    with pytest.raises(CacheError, match="no such file"):
        build_database(workspace, missing)
    missing.write_bytes(b"no database")
    with pytest.raises(CacheError):
        build_database(workspace, missing)

    assert workspace.database.read_bytes() == before
    assert build(workspace).tables == 1


def test_on_a_full_disk_the_database_stays_as_it_is(workspace):
    before = workspace.database.read_bytes()
    done = build_elsewhere(workspace, f"resource.setrlimit(resource.RLIMIT_FSIZE, {(1000, 1000)})")

    assert "UnavailableError: cannot write analytics.duckdb" in done.communicate()[1]
    assert workspace.database.read_bytes() == before
    assert not list(workspace.duckdb_dir.glob("*.tmp*"))
    assert build(workspace).tables == 1


def test_several_that_build_at_once_take_turns(workspace):
    change(workspace, "CREATE TABLE mine AS FROM range(1000)")
    builders = [build_elsewhere(workspace) for _ in range(4)]

    assert [builder.communicate()[1] for builder in builders] == [""] * 4
    assert ask(workspace, "SELECT count(*) FROM mine") == [(1000,)]


def build_elsewhere(workspace, first=""):
    """Build in a process of its own, after a statement."""
    code = f"""
import resource
from pathlib import Path
from agnes.workspace.database import build_database
from agnes.workspace.layout import Workspace
{first}
build_database(Workspace(Path({str(workspace.root)!r})), Path({str(snapshot_of(workspace))!r}))
"""
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
