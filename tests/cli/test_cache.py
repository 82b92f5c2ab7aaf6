"""`da cache upgrade`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

VERSION_2 = """
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO schema_version VALUES (2);
CREATE TABLE users (id VARCHAR PRIMARY KEY, email VARCHAR);
INSERT INTO users VALUES ('1', 'ada@example.com');
CREATE TABLE table_registry (
  id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, source_type VARCHAR, bucket VARCHAR,
  source_table VARCHAR, query_mode VARCHAR DEFAULT 'local', sync_schedule VARCHAR,
  profile_after_sync BOOLEAN DEFAULT true);
INSERT INTO table_registry (id, name) VALUES ('orders', 'Orders');
"""


@pytest.fixture
def database(tmp_path) -> Path:
    """A system.duckdb of version 2, outside of any catalog."""
    path = tmp_path / "system.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(VERSION_2)
    return path


def version(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("SELECT version FROM schema_version").fetchall()[0][0]


def test_it_says_what_was_done_and_where_the_backup_is(da, here, database):
    done = da("cache", "upgrade", database)

    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == [
        ["Upgraded", str(database), "from", "version", "2", "to", "4"],
        ["metrics", "2", "from", "the", "catalog"],
        ["columns", "2", "from", "the", "catalog"],
        ["backup", f"{database}.pre-migrate"],
    ]
    assert version(database) == 4
    assert version(Path(f"{database}.pre-migrate")) == 2


def test_json(da, here, database):
    done = da("cache", "upgrade", database, "--json")

    assert done.json == {
        "path": str(database),
        "from_version": 2,
        "to_version": 4,
        "steps": [3, 4],
        "metrics": 2,
        "columns": 2,
        "backup": f"{database}.pre-migrate",
        "dry_run": False,
    }


def test_a_second_time_says_so(da, here, database):
    da("cache", "upgrade", database)

    assert da("cache", "upgrade", database).out == f"{database} is at version 4 already\n"
    done = da("cache", "upgrade", database, "--json")
    assert (done.code, done.json["steps"], done.json["backup"]) == (0, [], None)


def test_a_dry_run_changes_nothing(da, here, database):
    before = database.read_bytes()

    done = da("cache", "upgrade", database, "--dry-run")

    assert done.out.startswith(f"Would upgrade {database} from version 2 to 4\n")
    assert done.out.endswith("DRY RUN: nothing was changed\n")
    assert "backup" not in done.out
    assert database.read_bytes() == before
    assert da("cache", "upgrade", database, "--dry-run", "--json").json["dry_run"] is True


def test_rows_that_were_there_already_are_said_to_be_kept(da, here, database):
    da("cache", "upgrade", database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("DROP TABLE column_metadata")

    done = da("cache", "upgrade", database)

    assert f"Upgraded {database} from version 4 to 4" not in done.out
    assert f"Completed {database}, which is at version 4\n" in done.out
    assert "metrics  those that it had already\n" in done.out
    assert "columns  2 from the catalog\n" in done.out


def test_the_catalog_can_be_named(da, catalog, database, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert da("cache", "upgrade", database, "--catalog", catalog.path).code == 0


def test_without_a_catalog_the_remedy_is_named_and_nothing_changed(
    da, database, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()

    done = da("cache", "upgrade", database)

    assert done.code == 1
    assert "no catalog here" in done.err
    assert "--catalog PATH" in done.err
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["system.duckdb"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.duckdb", "Path not found: "),
        (".", "is no file"),
        ("repository/agnes.yml", "not a valid DuckDB"),
    ],
)
def test_a_wrong_path_is_an_error_with_exit_code_1(da, here, tmp_path, name, words):
    done = da("cache", "upgrade", tmp_path / name)

    assert (done.code, done.out) == (1, "")
    assert words in done.err


def test_without_a_path_the_usage_is_wrong(da):
    assert da("cache", "upgrade").code == 2


def test_import_of_an_older_file_leads_here_and_then_works(da, here, database):
    done = da("metrics", "import", database)
    assert done.code == 1
    assert f"help: bring it to version 4: da cache upgrade {database}\n" in done.err

    da("cache", "upgrade", database)

    assert "Imported 2 metric(s)" in da("metrics", "import", database).out


def test_help_shows_examples(da):
    done = da("cache", "upgrade", "--help")

    assert "da cache upgrade data/state/system.duckdb --dry-run" in done.out
    assert "pre-migrate" in done.out
