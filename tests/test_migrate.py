"""Older instances' databases, from version 1, 2 and 3 to 4."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest

from agnes.cache.query import Snapshot
from agnes.edit import Editor
from agnes.errors import AgnesError, ConflictError, InvalidError, NotFoundError
from agnes.git.refs import locate
from agnes.load.pack import read_pack
from agnes.migrate.chain import CHAIN
from agnes.migrate.upgrade import Upgraded, upgrade
from agnes.sync.reading import open_snapshot
from tests.conftest import GitRepository, metric_yaml

# The contract, section 2: name, type, whether NULL is refused, default, whether part of the key.
METRIC_DEFINITIONS = [
    ("id", "VARCHAR", True, None, True),
    ("name", "VARCHAR", True, None, False),
    ("display_name", "VARCHAR", True, None, False),
    ("category", "VARCHAR", True, None, False),
    ("description", "VARCHAR", False, None, False),
    ("type", "VARCHAR", False, "'sum'", False),
    ("unit", "VARCHAR", False, None, False),
    ("grain", "VARCHAR", False, "'monthly'", False),
    ("table_name", "VARCHAR", False, None, False),
    ("tables", "VARCHAR[]", False, None, False),
    ("expression", "VARCHAR", False, None, False),
    ("time_column", "VARCHAR", False, None, False),
    ("dimensions", "VARCHAR[]", False, None, False),
    ("filters", "VARCHAR[]", False, None, False),
    ("synonyms", "VARCHAR[]", False, None, False),
    ("notes", "VARCHAR[]", False, None, False),
    ("sql", "VARCHAR", True, None, False),
    ("sql_variants", "JSON", False, None, False),
    ("validation", "JSON", False, None, False),
    ("source", "VARCHAR", False, "'manual'", False),
    ("created_at", "TIMESTAMP", False, "now()", False),
    ("updated_at", "TIMESTAMP", False, "now()", False),
]
COLUMN_METADATA = [
    ("table_id", "VARCHAR", True, None, True),
    ("column_name", "VARCHAR", True, None, True),
    ("basetype", "VARCHAR", False, None, False),
    ("description", "VARCHAR", False, None, False),
    ("confidence", "VARCHAR", False, "'manual'", False),
    ("source", "VARCHAR", False, "'manual'", False),
    ("updated_at", "TIMESTAMP", False, "now()", False),
]
REGISTRY_SINCE = {
    2: {
        "source_type": ("VARCHAR", None),
        "bucket": ("VARCHAR", None),
        "source_table": ("VARCHAR", None),
        "query_mode": ("VARCHAR", "'local'"),
        "sync_schedule": ("VARCHAR", None),
        "profile_after_sync": ("BOOLEAN", "true"),
    },
    3: {"is_public": ("BOOLEAN", "true")},
}
VERSION_1 = """
CREATE TABLE schema_version (
  version INTEGER NOT NULL, applied_at TIMESTAMP DEFAULT current_timestamp);
CREATE TABLE users (
  id VARCHAR PRIMARY KEY, email VARCHAR UNIQUE NOT NULL, role VARCHAR DEFAULT 'analyst',
  password_hash VARCHAR, CHECK (role IN ('analyst', 'admin')));
INSERT INTO users
  VALUES ('1', 'ada@example.com', 'admin', '$argon2'), ('2', 'bob@x', 'analyst', NULL);
CREATE SEQUENCE audit_ids START 100;
CREATE TABLE audit_log (
  id BIGINT PRIMARY KEY DEFAULT nextval('audit_ids'), user_id VARCHAR REFERENCES users (id),
  action VARCHAR NOT NULL, params JSON, tags VARCHAR[]);
INSERT INTO audit_log (user_id, action, params, tags)
  SELECT '1', 'sync ' || n, '{"n": 1.50}', ['a', NULL] FROM range(1000) AS numbers (n);
CREATE INDEX audit_action ON audit_log (action);
CREATE VIEW admins AS SELECT email FROM users WHERE role = 'admin';
CREATE MACRO twice(x) AS 2 * x;
CREATE SCHEMA "odd ""schema";
CREATE TABLE "odd ""schema"."a table" ("a ""column" DOUBLE, nothing INTEGER[]);
INSERT INTO "odd ""schema"."a table" VALUES ('NaN', NULL), (-0.0, [1]);
CREATE TABLE knowledge_items (id VARCHAR PRIMARY KEY, title VARCHAR NOT NULL);
CREATE TABLE table_registry (
  id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, sync_strategy VARCHAR DEFAULT 'full_refresh',
  primary_key VARCHAR, folder VARCHAR, description TEXT, registered_by VARCHAR,
  registered_at TIMESTAMP DEFAULT current_timestamp);
INSERT INTO table_registry (id, name, primary_key, folder, description, registered_by)
  VALUES ('orders', 'Orders', 'id', 'sales', 'One row per order', 'ada'),
         ('in.c-crm.company', 'Companies', NULL, NULL, NULL, NULL);
CREATE INDEX registry_names ON table_registry (name);
CREATE VIEW folders AS SELECT folder, count(*) AS tables FROM table_registry GROUP BY ALL;
"""
EVERYTHING = {
    "columns": "SELECT schema_name, table_name, column_name, data_type, column_default, is_nullable"
    " FROM duckdb_columns() WHERE NOT internal",
    "constraints": "SELECT table_name, constraint_text FROM duckdb_constraints()",
    "indexes": "SELECT table_name, index_name, sql FROM duckdb_indexes()",
    "views": "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal",
    "sequences": "SELECT sequence_name, start_value, last_value FROM duckdb_sequences()",
    "macros": "SELECT function_name, macro_definition FROM duckdb_functions() WHERE NOT internal",
    "tables": "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal",
}
A_METRIC = """
INSERT INTO metric_definitions (id, name, display_name, category, sql)
  VALUES ('a/b', 'b', 'B', 'a', 'SELECT 1')
"""
NEW_TABLES = {"metric_definitions": METRIC_DEFINITIONS, "column_metadata": COLUMN_METADATA}


def definitions(version: int) -> Iterator[str]:
    """What a fresh instance of a version runs."""
    yield VERSION_1
    for since, columns in REGISTRY_SINCE.items():
        if since <= version:
            for name, (kind, default) in columns.items():
                column = f"{name} {kind} DEFAULT {default or 'NULL'}"
                yield f"ALTER TABLE table_registry ADD COLUMN {column}"
    if version >= 4:
        for table, columns in NEW_TABLES.items():
            parts = [
                f"{name} {kind} {'NOT NULL' if needed else ''} DEFAULT {default or 'NULL'}"
                for name, kind, needed, default, _ in columns
            ]
            key = ", ".join(column[0] for column in columns if column[4])
            yield f"CREATE TABLE {table} ({', '.join(parts)}, PRIMARY KEY ({key}))"
    yield f"INSERT INTO schema_version (version) VALUES ({version})"


@cache
def fresh(version: int) -> bytes:
    """The file of a new instance of a version."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.duckdb"
        # Small blocks make small files, and that quick tests.
        with duckdb.connect(str(path), config={"default_block_size": 16_384}) as connection:
            for each in definitions(version):
                connection.execute(each)
        return path.read_bytes()


@pytest.fixture
def database(tmp_path):
    """Makes a system.duckdb of a version, then runs `statements` in it."""

    def database(version: int, *statements: str) -> Path:
        path = tmp_path / "state" / "system.duckdb"
        path.parent.mkdir()
        path.write_bytes(fresh(version))
        if statements:
            statement(path, *statements)
        return path

    return database


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory) -> Path:
    """The snapshot of a catalog with every field of version 4, and some of ours."""
    made = GitRepository(tmp_path_factory.mktemp("catalog"))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.write("agnes.yml", "name: Test\n")
    made.write("metrics/revenue/arr.yml", metric_yaml("arr"))
    made.write(
        "metrics/revenue/mrr.yml",
        metric_yaml("mrr", "Größe 😀")
        + "type: ratio\ntables: [orders, users]\nexpression: SUM(a) / 2\ntime_column: month\n"
        "dimensions: [plan]\nfilters: [\"status = 'paid'\"]\nnotes: [never sum it]\n"
        "sql_by_plan: SELECT 'ü'\nvalidation: {method: x, result: 1.10, ok: true}\n"
        "owner: Finance\ntags: [board]\ninputs: [revenue/arr]\n",
    )
    made.write(
        "tables/orders.yml",
        "id: orders\ncolumns:\n  month: {basetype: DATE, description: The month}\n"
        "  amount: {basetype: NUMERIC, confidence: high, source: ai_enrichment, pii: true}\n",
    )
    who = {
        f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
    }
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "Start", **who)
    with open_snapshot(made.path) as opened:
        return opened.path


@pytest.fixture
def run(snapshot):
    """Upgrade a file from the catalog."""

    def run(path: Path, **options: object) -> Upgraded:
        return upgrade(path, lambda: Snapshot(snapshot), **options)

    return run


def everything(path: Path) -> dict[str, object]:
    """All that a database holds, rows and definitions."""
    with duckdb.connect(str(path), read_only=True) as connection:
        found = {
            name: sorted(connection.execute(sql).fetchall(), key=repr)
            for name, sql in EVERYTHING.items()
        }
        rows = {}
        for schema, table in found["tables"]:
            name = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
            cursor = connection.execute(f"SELECT * FROM {name} ORDER BY ALL")
            names = [column[0] for column in cursor.description]
            rows[table] = [
                dict(zip(names, map(repr, row), strict=True)) for row in cursor.fetchall()
            ]
    return found | {"rows": rows}


def files(path: Path) -> dict[str, bytes]:
    """All files of the folder of a database, hidden ones too."""
    return {
        str(file.relative_to(path.parent)): file.read_bytes()
        for file in path.parent.rglob("*")
        if file.is_file()
    }


def rows(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def statement(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for each in statements:
            connection.execute(each)


def shape(path: Path, table: str) -> list[tuple]:
    return [
        (name, kind, needed, default, bool(key))
        for _, name, kind, needed, default, key in rows(path, f"PRAGMA table_info('{table}')")
    ]


def without(found: list[tuple], names: set[str]) -> list[tuple]:
    return [row for row in found if not names & set(map(str, row))]


NEW_NAMES = {*NEW_TABLES, *REGISTRY_SINCE[2], *REGISTRY_SINCE[3]}


# What is done


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_file_gets_what_it_lacks_and_loses_nothing(database, run, snapshot, version):
    path = database(version)
    before, content = everything(path), path.read_bytes()

    done = run(path)

    assert done == Upgraded(
        path,
        version,
        tuple(range(version + 1, 5)),
        {"metric_definitions": 2, "column_metadata": 2},
        path.with_name("system.duckdb.pre-migrate"),
    )
    assert done.to_version == 4
    after = everything(path)
    assert {kind: without(after[kind], NEW_NAMES) for kind in EVERYTHING} == {
        kind: without(before[kind], NEW_NAMES) for kind in EVERYTHING
    }
    for table, kept in before["rows"].items():
        if table != "schema_version":
            found = [
                {name: value for name, value in row.items() if name in old}
                for row, old in zip(after["rows"][table], kept, strict=True)
            ]
            assert found == kept
    assert done.backup.read_bytes() == content
    assert set(files(path)) == {"system.duckdb", "system.duckdb.pre-migrate"}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_tables_are_those_of_the_contract(database, run, version):
    path = database(version)

    run(path)

    for table, columns in NEW_TABLES.items():
        assert [
            (name, kind, needed, default and default.replace("CAST('", "'").split("' AS")[0], key)
            for name, kind, needed, default, key in shape(path, table)
        ] == columns
    registry = {column[0]: column[1:] for column in shape(path, "table_registry")}
    for columns in REGISTRY_SINCE.values():
        for name, (kind, default) in columns.items():
            assert registry[name][0] == kind
            assert (default is None) or str(registry[name][2]).casefold().find(
                default.strip("'")
            ) >= 0
    assert rows(
        path, "SELECT id, query_mode, profile_after_sync, is_public FROM table_registry"
    ) == [
        ("orders", "local", True, True),
        ("in.c-crm.company", "local", True, True),
    ]


def test_the_tables_hold_what_the_catalog_says(database, run, snapshot):
    path = database(1)

    run(path)

    for table, columns in NEW_TABLES.items():
        sql = f"SELECT {', '.join(column[0] for column in columns)} FROM {table} ORDER BY ALL"
        assert rows(path, sql) == rows(snapshot, sql)
        assert len(rows(path, sql)) == 2


def test_the_version_says_when_it_was_reached(database, run):
    path = database(2, "UPDATE schema_version SET applied_at = '2020-01-01'")

    run(path)

    assert rows(path, "SELECT version, applied_at > '2025-01-01' FROM schema_version") == [
        (4, True)
    ]


def test_an_upgraded_file_can_be_written_on(database, run):
    path = database(1)
    run(path)

    statement(
        path,
        A_METRIC,
        "INSERT INTO table_registry (id, name) VALUES ('new', 'New')",
        "INSERT INTO audit_log (action) VALUES ('login')",
    )

    assert rows(path, "SELECT max(id) FROM audit_log") == [(1100,)]
    with pytest.raises(duckdb.ConstraintException):
        statement(path, "INSERT INTO table_registry (id, name) VALUES ('new', 'Again')")


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_mode_and_owner_are_kept(database, run, mode):
    path = database(2)
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 1234, 1235)
    owner = (path.stat().st_uid, path.stat().st_gid)

    done = run(path)

    for file in (path, done.backup):
        assert stat.S_IMODE(file.stat().st_mode) == mode
        assert (file.stat().st_uid, file.stat().st_gid) == owner


def test_a_file_of_version_4_is_left_alone(database, run):
    path = database(4)
    before = files(path)

    assert run(path) == Upgraded(path, 4, (), {}, None)

    assert files(path) == before


def test_a_second_time_does_nothing(database, run):
    path = database(1)
    run(path)
    before = files(path)

    assert run(path).steps == ()

    assert files(path) == before


def test_no_catalog_is_needed_where_nothing_is_to_be_done(database):
    def no_catalog() -> Snapshot:
        raise AssertionError("it was opened")

    assert upgrade(database(4), no_catalog).steps == ()


def test_without_a_catalog_nothing_is_touched(database):
    def no_catalog() -> Snapshot:
        raise NotFoundError("no catalog here")

    path = database(3)
    before = files(path)
    with pytest.raises(NotFoundError, match="no catalog here"):
        upgrade(path, no_catalog)

    assert files(path) == before


def test_a_dry_run_says_the_same_and_changes_nothing(database, run):
    path = database(1)
    before = files(path)

    tried = run(path, dry_run=True)

    assert files(path) == before
    done = run(path)
    assert (tried.steps, tried.counts, tried.backup) == (done.steps, done.counts, None)


def test_a_link_stays_a_link(database, run, tmp_path):
    path = database(2)
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)

    assert run(link).path == path

    assert link.is_symlink()
    assert rows(link, "SELECT version FROM schema_version") == [(4,)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.duckdb", "state"]


# Files that stopped halfway


def test_columns_that_are_there_already_keep_their_values(database, run):
    path = database(
        1,
        "ALTER TABLE table_registry ADD COLUMN query_mode VARCHAR DEFAULT 'local'",
        "ALTER TABLE table_registry ADD COLUMN is_public BOOLEAN DEFAULT true",
        "UPDATE table_registry SET query_mode = 'remote', is_public = false WHERE id = 'orders'",
    )

    run(path)

    found = rows(path, "SELECT query_mode, is_public, profile_after_sync FROM table_registry")
    assert sorted(found) == [("local", True, True), ("remote", False, True)]


@pytest.mark.parametrize("table", NEW_TABLES)
def test_a_file_of_version_4_that_lacks_a_table_gets_it(database, run, table):
    path = database(4, f"DROP TABLE {table}")

    done = run(path)

    assert (done.from_version, done.steps, done.counts[table]) == (4, (4,), 2)
    assert done.backup.exists()
    assert rows(path, f"SELECT count(*) FROM {table}") == [(2,)]


def test_a_table_that_has_rows_keeps_them_and_gets_no_others(database, run):
    path = database(
        4,
        "UPDATE schema_version SET version = 3",
        A_METRIC,
    )

    done = run(path)

    assert done.counts == {"metric_definitions": None, "column_metadata": 2}
    assert rows(path, "SELECT id FROM metric_definitions") == [("a/b",)]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE metric_definitions (id VARCHAR)", "metric_definitions"),
        ("CREATE VIEW column_metadata AS SELECT 1 AS x", "column_metadata"),
        ("CREATE TABLE column_metadata AS SELECT 1 AS table_id", "without the column"),
        (
            "DROP VIEW folders; DROP TABLE table_registry; CREATE VIEW table_registry AS SELECT 1",
            "no table_registry",
        ),
    ],
)
def test_a_table_of_that_name_that_is_another_is_refused(database, run, statement, words):
    path = database(3, statement)
    before = files(path)

    with pytest.raises(InvalidError, match=words) as caught:
        run(path)

    assert str(path) in caught.value.message
    assert caught.value.hint
    assert files(path) == before


# Files that cannot be upgraded


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["DROP TABLE schema_version"], "it has no schema_version"),
        (["DELETE FROM schema_version"], "schema_version holds nothing"),
        (["INSERT INTO schema_version (version) VALUES (2)"], "schema_version holds 3, 2"),
        (["CREATE OR REPLACE TABLE schema_version AS SELECT NULL::INT AS version"], "holds None"),
        (["CREATE OR REPLACE TABLE schema_version AS SELECT 'v3' AS version"], "holds v3"),
        (["CREATE OR REPLACE TABLE schema_version AS SELECT '²' AS version"], "holds ²"),
        (["CREATE OR REPLACE TABLE schema_version AS SELECT 3 AS number"], "no schema_version"),
        (["UPDATE schema_version SET version = 0"], "schema version is 0"),
        (["UPDATE schema_version SET version = -1"], "holds -1"),
        (["UPDATE schema_version SET version = 5"], "has schema version 5; this Agnes knows 4"),
        (["UPDATE schema_version SET version = 99"], "has schema version 99"),
        (["DROP VIEW folders", "DROP TABLE table_registry"], "it has no table_registry"),
    ],
)
def test_what_is_no_system_database_of_a_known_version_is_refused(database, run, statements, words):
    path = database(3, *statements)
    before = files(path)

    with pytest.raises(InvalidError, match=words) as caught:
        run(path)

    assert str(path) in caught.value.message
    assert caught.value.hint
    assert files(path) == before


def test_the_remedy_for_a_newer_file_is_a_newer_agnes(database, run):
    with pytest.raises(InvalidError) as caught:
        run(database(4, "UPDATE schema_version SET version = 5"))

    assert caught.value.hint == "a newer instance wrote it; update Agnes"


def test_a_path_that_is_not_there(run, tmp_path):
    with pytest.raises(NotFoundError, match=r"missing\.duckdb"):
        run(tmp_path / "missing.duckdb")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused(run, tmp_path):
    with pytest.raises(InvalidError, match="is no file"):
        run(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", b"version: 4\n" * 5000, bytes(20_000)])
def test_a_file_that_is_no_database_is_refused(run, tmp_path, content):
    path = tmp_path / "system.duckdb"
    path.write_bytes(content)

    with pytest.raises(InvalidError, match=r"cannot read .*system\.duckdb") as caught:
        run(path)

    assert "backup" in caught.value.hint
    assert files(path) == {"system.duckdb": content}


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused_or_has_lost_nothing(database, run, part):
    path = database(2)
    expected = everything(path)["rows"]["audit_log"]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    before = files(path)

    try:
        run(path)
    except InvalidError:
        assert files(path) == before
    else:
        assert everything(path)["rows"]["audit_log"] == expected


def test_a_file_with_a_flipped_byte_is_refused_or_has_lost_nothing(database, run):
    path = database(2)
    expected, content = everything(path)["rows"], path.read_bytes()
    refused = 0
    chance = random.Random(7)
    for place in [0, 9, 4100, 8200, *(chance.randrange(12_288, len(content)) for _ in range(10))]:
        damaged = content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
        path.write_bytes(damaged)
        try:
            run(path)
        except InvalidError:
            refused += 1
            assert files(path) == {"system.duckdb": damaged}
        else:
            assert everything(path)["rows"]["audit_log"] == expected["audit_log"]
            path.with_name("system.duckdb.pre-migrate").unlink()
    assert refused > 3


# Failures


def failing(step: int, *, after: bool) -> dict[int, object]:
    """The chain, but one step fails: as it begins, or when all its statements have run."""
    wrong = "SELECT error('no more')"
    return CHAIN | {step: (*CHAIN[step], wrong) if after else (wrong,)}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_step_that_fails_leaves_the_file_as_it_was(database, run, step, after):
    path = database(1)
    before = files(path)

    with pytest.raises(InvalidError, match="no more") as caught:
        run(path, chain=failing(step, after=after))

    assert "nothing was changed" in caught.value.hint
    assert files(path) == before


def test_a_step_that_changes_other_rows_is_noticed(database, run):
    path = database(1)
    before = files(path)
    wrong = CHAIN | {3: (*CHAIN[3], "DELETE FROM audit_log WHERE id = 700")}

    with pytest.raises(AgnesError, match="do not fit"):
        run(path, chain=wrong)

    assert files(path) == before


def test_a_step_that_is_forgotten_is_noticed(database, run):
    path = database(1)
    before = files(path)

    with pytest.raises(AgnesError):
        run(path, chain={**CHAIN, 4: ()})

    assert files(path) == before


# Runs upgrades of copies of a file, each in a process of its own, and stops the n-th before its
# n-th operation on files or after a step: kill -9, or an error of the operating system.
STOPPED = """
import errno, json, os, shutil, signal, sys
from pathlib import Path
from agnes.cache.query import Snapshot
from agnes.edit import Editor
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.load.pack import read_pack
from agnes.migrate.chain import CHAIN
from agnes.migrate.upgrade import upgrade

source, snapshot, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
NOT_REACHED = 9

def stopped_at(number, file):
    reached = 0
    def stop():
        nonlocal reached
        reached += 1
        if reached == number and how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if reached == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    def hook(event, arguments):
        ours = event == "open" and str(file.parent) in str(arguments[0])
        if ours or event in ("os.rename", "os.mkdir", "os.rmdir", "os.chown"):
            stop()
    def step(statements):
        yield from statements
        stop()
    sys.addaudithook(hook)
    chain = {version: step(statements) for version, statements in CHAIN.items()}
    try:
        upgrade(file, lambda: Snapshot(snapshot), chain=chain)
        return 0 if reached >= number else NOT_REACHED
    except AgnesError as error:
        return 1 if "nothing was changed" in error.hint else 2

code = None
number = 0
while code != NOT_REACHED:
    number += 1
    file = source.parent.parent / str(number) / source.name
    shutil.copytree(source.parent, file.parent)
    child = os.fork()
    if not child:
        os._exit(stopped_at(number, file))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([str(file), code]), flush=True)
"""


@pytest.mark.parametrize(("how", "codes"), [("kill", {-9, 9}), ("error", {0, 1, 9})])
def test_whatever_fails_the_file_is_as_it_was_or_upgraded(database, run, snapshot, how, codes):
    path = database(1)
    before = files(path)["system.duckdb"]
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(path), str(snapshot), how],
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) > 12
    assert {code for _, code in outcomes} == codes
    state = (
        "SELECT version, (SELECT count(*) FROM audit_log), (SELECT count(*) FROM table_registry), "
        "(SELECT count(*) FROM metric_definitions) FROM schema_version"
    )
    for name, code in outcomes:
        file = Path(name)
        if code == 1:
            # A backup may be there already, if it is the last rename that fails.
            backup = {"system.duckdb.pre-migrate": before}
            assert files(file) | backup == {"system.duckdb": before} | backup
            continue
        # Either way it is whole, and the next run leaves nothing else behind.
        untouched = file.read_bytes() == before
        assert code == -9 or not untouched
        assert run(file).from_version == (1 if untouched else 4)
        assert rows(file, state) == [(4, 1000, 2, 2)]
        found = files(file)
        assert set(found) == {"system.duckdb", "system.duckdb.pre-migrate"}
        assert found["system.duckdb.pre-migrate"] == before


FULL = """
import resource, sys
from pathlib import Path
from agnes.cache.query import Snapshot
from agnes.edit import Editor
from agnes.errors import AgnesError
from agnes.migrate.upgrade import upgrade

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    upgrade(Path(sys.argv[1]), lambda: Snapshot(Path(sys.argv[2])))
except AgnesError as error:
    print(error, error.hint)
"""


@pytest.mark.parametrize("part", [0.5, 1, 1.1])
def test_a_full_disk_leaves_the_file_as_it_was(database, run, snapshot, part):
    path = database(1)
    before = files(path)
    limit = str(int(len(before["system.duckdb"]) * part))

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(snapshot), limit],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "nothing was changed" in done.stdout
    assert "space" in done.stdout
    assert str(path) in done.stdout
    assert files(path) == before
    assert run(path).from_version == 1


READ_ONLY = """
import os, sys
from pathlib import Path
from agnes.cache.query import Snapshot
from agnes.edit import Editor
from agnes.errors import AgnesError
from agnes.migrate.upgrade import upgrade

other, path, snapshot = map(Path, sys.argv[1:4])
with Snapshot(snapshot) as opened:
    upgrade(other, lambda: Snapshot(snapshot))  # Now everything is imported.
    os.chdir(path.parent)
    path.parent.chmod(0o555)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        os.seteuid(65534)
    try:
        upgrade(Path(path.name), lambda: opened)
    except AgnesError as error:
        print(error, error.hint)
"""


def test_a_folder_that_cannot_be_written_is_an_error_with_the_remedy(snapshot, tmp_path):
    # Below /tmp and not in tmp_path, where only root may go.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        paths = [folder / part / "system.duckdb" for part in ("other", "state")]
        for path in paths:
            path.parent.mkdir()
            path.write_bytes(fresh(2))
        before = files(paths[1])

        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, *map(str, paths), str(snapshot)],
            capture_output=True,
            text=True,
            check=True,
        )

        assert "Permission denied" in done.stdout
        assert str(paths[1].parent) in done.stdout
        assert "run it as the user who owns the file" in done.stdout
        assert files(paths[1]) == before
        paths[1].parent.chmod(0o755)


def test_a_path_that_is_taken_is_an_error(database, run):
    path = database(2)
    taken = path.with_name(".system.duckdb.upgrade")
    taken.write_text("a file")
    before = files(path)

    with pytest.raises(AgnesError, match="File exists"):
        run(path)

    assert files(path) == before


# Other processes


HOLDER = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["server", "reader"])
def test_a_file_that_another_process_has_open_is_refused_with_the_remedy(database, run, how):
    path = database(2)
    before = files(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout.readline() == "open\n"
        with pytest.raises(ConflictError, match="is in use") as caught:
            run(path)
        assert files(path) == before
        server.stdin.close()

    assert str(path) in caught.value.message
    assert caught.value.hint == "stop the server that has it open, then try again"
    assert run(path).from_version == 2


def test_no_server_can_open_the_file_meanwhile(database, run):
    path = database(2)
    tried = []

    def last_step() -> Iterator[str]:
        yield from CHAIN[4]
        server = [sys.executable, "-c", HOLDER, str(path), "server"]
        tried.append(subprocess.run(server, input="", capture_output=True, text=True, check=False))

    run(path, chain={**CHAIN, 4: last_step()})

    assert "Could not set lock" in tried[0].stderr
    server = [sys.executable, "-c", HOLDER, str(path), "server"]
    assert subprocess.run(server, input="", capture_output=True, check=False).returncode == 0


TOGETHER = """
import os, sys
from pathlib import Path
from agnes.cache.query import Snapshot
from agnes.edit import Editor
from agnes.errors import ConflictError
from agnes.migrate.upgrade import upgrade

children = []
for _ in range(6):
    child = os.fork()
    if not child:
        try:
            done = upgrade(Path(sys.argv[1]), lambda: Snapshot(Path(sys.argv[2])))
            os._exit(1 if done.steps else 2)
        except ConflictError:
            os._exit(3)
    children.append(child)
print(*(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_of_several_upgrades_at_once_one_does_it(database, snapshot):
    path = database(1)
    before = path.read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", TOGETHER, str(path), str(snapshot)],
        capture_output=True,
        text=True,
        check=True,
    )

    codes = done.stdout.split()
    assert codes.count("1") == 1, done.stderr
    assert set(codes) <= {"1", "2", "3"}, done.stderr
    assert files(path).keys() == {"system.duckdb", "system.duckdb.pre-migrate"}
    assert path.with_name("system.duckdb.pre-migrate").read_bytes() == before


def test_an_upgrade_that_another_one_got_ahead_of_changes_nothing(database, run, snapshot):
    path = database(2)
    then = {}

    def slow_catalog() -> Snapshot:
        run(path)
        then.update(files(path))
        return Snapshot(snapshot)

    with pytest.raises(ConflictError, match="it was changed just now"):
        upgrade(path, slow_catalog)

    assert files(path) == then


# What is not in the file yet


KILLED = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("INSERT INTO users VALUES ('3', 'late@example.com', 'analyst', NULL)")
connection.execute("UPDATE schema_version SET version = 3 WHERE version = 2")
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def killed(database):
    """Makes a file whose server was killed: a user, and version 3, are in its `.wal` alone."""

    def killed(version: int) -> Path:
        path = database(version)
        subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
        assert "system.duckdb.wal" in files(path)
        return path

    return killed


USERS = "SELECT count(*) FROM users"


def test_what_a_killed_server_left_in_its_wal_is_kept(killed, run):
    path = killed(2)

    done = run(path)

    assert done.from_version == 3
    assert rows(path, USERS) == [(3,)]
    assert rows(done.backup, USERS) == [(3,)]
    assert set(files(path)) == {"system.duckdb", "system.duckdb.pre-migrate"}


def test_a_failure_keeps_what_is_in_the_wal_too(killed, run):
    path = killed(2)
    before = everything(path)

    with pytest.raises(InvalidError, match="no more"):
        run(path, chain=failing(4, after=True))

    assert everything(path) == before
    assert set(files(path)) == {"system.duckdb"}


@pytest.mark.parametrize(("version", "options"), [(4, {}), (2, {"dry_run": True})])
def test_a_wal_stays_as_it_is_where_nothing_is_changed(killed, run, version, options):
    path = killed(version)
    before = files(path)

    run(path, **options)

    assert files(path) == before


def test_a_refused_file_keeps_its_wal_as_it_is(killed, run):
    path = killed(4)
    statement(path, "UPDATE schema_version SET version = 5")
    subprocess.run(
        [sys.executable, "-c", KILLED.replace("'3'", "'4'").replace("late", "later"), str(path)],
        check=False,
    )
    before = files(path)

    with pytest.raises(InvalidError, match="version 5"):
        run(path)

    assert files(path) == before
    assert "system.duckdb.wal" in before


def test_a_wal_of_another_file_is_refused(killed, run):
    path = killed(2)
    content = path.with_name("system.duckdb.wal").read_bytes()
    statement(path, "CREATE TABLE t (x INTEGER)")
    path.with_name("system.duckdb.wal").write_bytes(content)
    before = files(path)

    with pytest.raises(InvalidError, match="WAL"):
        run(path)

    assert files(path) == before


def test_a_wal_that_an_older_duckdb_left_beside_a_link_is_not_forgotten(database, run, tmp_path):
    path = database(2)
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)
    (tmp_path / "link.duckdb.wal").write_bytes(b"changes")

    with pytest.raises(ConflictError, match="holds changes"):
        run(link)

    assert rows(path, "SELECT version FROM schema_version") == [(2,)]


# What is beside the file already


@pytest.mark.parametrize("version", [2, 4])
def test_what_a_killed_run_left_goes_with_the_next(database, run, version):
    path = database(version)
    litter = path.with_name(".system.duckdb.upgrade")
    litter.mkdir()
    (litter / "system.duckdb").write_bytes(b"half")

    run(path)

    assert not litter.exists()


def test_an_equal_backup_stays_the_only_one(database, run):
    path = database(2)
    backup = path.with_name("system.duckdb.pre-migrate")
    backup.write_bytes(path.read_bytes())

    run(path)

    assert set(files(path)) == {"system.duckdb", "system.duckdb.pre-migrate"}


def test_an_earlier_backup_moves_out_of_the_way(database, run):
    path = database(2)
    before = path.read_bytes()
    for name, content in (("", "older"), (".1", "oldest")):
        path.with_name(f"system.duckdb.pre-migrate{name}").write_text(content)

    run(path)

    found = files(path)
    assert found["system.duckdb.pre-migrate"] == before
    assert found["system.duckdb.pre-migrate.1"] == b"oldest"
    assert found["system.duckdb.pre-migrate.2"] == b"older"


# The way back


def test_what_was_upgraded_is_imported_into_a_fresh_catalog_with_nothing_lost(
    database, run, snapshot, repository
):
    path = database(3)
    run(path)
    repository.write("agnes.yml", "name: Fresh\n")
    repository.commit()

    editor = Editor(locate(repository.path))
    editor.apply(editor.put(read_pack(path)), "import", "yaml_import")

    with open_snapshot(repository.path) as opened:
        fresh = opened.path
    dates = {"created_at", "updated_at", "registered_at", "registered_by", "source"}
    for table, columns in NEW_TABLES.items():
        names = [column[0] for column in columns if column[0] not in dates]
        sql = f"SELECT {', '.join(names)} FROM {table} ORDER BY ALL"
        assert rows(fresh, sql) == rows(path, sql) == rows(snapshot, sql)
    sql = "SELECT confidence, source FROM column_metadata ORDER BY ALL"
    assert rows(fresh, sql) == rows(path, sql)
    names = [column[0] for column in shape(path, "table_registry") if column[0] not in dates]
    sql = f"SELECT {', '.join(names)} FROM table_registry ORDER BY ALL"
    defaults = {"source_type": "local", "source_table": None}
    assert [{**dict(zip(names, row, strict=True)), **defaults} for row in rows(fresh, sql)] == [
        {**dict(zip(names, row, strict=True)), **defaults} for row in rows(path, sql)
    ]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_file_is_not_imported_but_named_with_the_remedy(database, version):
    path = database(version)

    with pytest.raises(InvalidError, match=f"version {version}, not 4") as caught:
        read_pack(path)

    assert caught.value.hint == f"bring it to version 4: da cache upgrade {path}"
