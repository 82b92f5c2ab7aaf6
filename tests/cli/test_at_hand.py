"""Where commands about numbers compute: `--engine`, `engine:` in agnes.yml, and parquet files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import psycopg
import pytest

from agnes.cli.at_hand import engine_at_hand
from agnes.compute.engine import DuckDB
from agnes.demo import write_demo_data
from agnes.engines import open_engine
from agnes.errors import UsageError
from agnes.queries.tables import tables_in
from agnes.scaffold import create_catalog
from tests.conftest import own_environment
from tests.engines.data import fill_postgres
from tests.postgres import postgres
from tests.workspace.making import make_workspace

__all__ = ["postgres"]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_demo_data(folder, end=date(2024, 12, 31))
    return folder


@pytest.fixture(scope="module")
def url(postgres, files) -> str:
    """A PostgreSQL with the sample data."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    url = postgres.replace("/postgres?", "/shop?")
    tables = tables_in(files, [path.stem for path in files.glob("*.parquet")])
    with DuckDB(tables) as engine:
        fill_postgres(url, tables, engine)
    return url


@pytest.fixture(scope="module")
def name(url) -> str:
    """What a receipt calls it."""
    with open_engine(url) as engine:
        return engine.name


@pytest.fixture
def shop(tmp_path, monkeypatch, tmp_path_factory) -> Path:
    """The starter catalog, without data."""
    folder = tmp_path / "shop"
    own_environment(tmp_path_factory, monkeypatch)
    create_catalog(folder)
    monkeypatch.chdir(folder)
    return folder


def say_engine(shop: Path, url: str) -> None:
    with (shop / "agnes.yml").open("a") as file:
        file.write(f"engine: {json.dumps(url)}\n")


def test_a_metric_runs_where_the_option_says(da, shop, url, name, files):
    ask = ("metrics", "run", "revenue/mrr", "--grain", "quarterly", "--by", "plan", "--json")
    there, here = da(*ask, "--engine", url).json, da(*ask, "--data", files).json
    assert there["rows"] == here["rows"]
    assert there["types"] == here["types"]
    assert len(there["rows"]) > 4
    receipt = there["receipt"]
    assert (receipt["engine"], receipt["data"]) == (name, None)
    assert receipt["sql"] == here["receipt"]["sql"]
    assert 'COLLATE "C"' in receipt["sent"]
    assert (here["receipt"]["engine"], here["receipt"]["sent"]) == ("duckdb", None)


def test_agnes_yml_names_the_engine_for_everybody(da, shop, url, name):
    say_engine(shop, url)
    done = da("metrics", "run", "revenue/mrr")
    assert done.code == 0
    assert name in done.err


@pytest.mark.parametrize("asked", ["--data", "--engine"])
def test_files_that_are_asked_for_go_before_agnes_yml(da, shop, url, files, asked):
    say_engine(shop, url)
    (shop / "data").mkdir()
    (shop / "data/parquet").symlink_to(files)
    where = files if asked == "--data" else "duckdb"
    found = da("metrics", "run", "revenue/mrr", "--json", asked, where).json
    assert found["receipt"]["engine"] == "duckdb"


def test_a_workspace_answers_from_its_own_files(shop, url, catalog, tmp_path, monkeypatch):
    say_engine(shop, url)
    assert engine_at_hand(None, None, None) == url
    make_workspace(tmp_path / "work", catalog.path)
    monkeypatch.chdir(tmp_path / "work")
    assert engine_at_hand(None, None, None) is None
    assert engine_at_hand(None, None, shop) is None
    assert engine_at_hand("duckdb", None, None) is None


def test_from_a_workspace_nothing_connects_elsewhere(url, catalog, tmp_path, monkeypatch):
    make_workspace(tmp_path / "work", catalog.path)
    monkeypatch.chdir(tmp_path / "work")
    for asked in (None, catalog.path):
        with pytest.raises(UsageError, match="its own files"):
            engine_at_hand(url, None, asked)


def test_an_engine_that_is_none_is_refused_with_the_place(da, shop):
    say_engine(shop, "mysql://host/db")
    done = da("metrics", "run", "revenue/mrr")
    assert done.code == 1
    assert done.err.startswith("error: agnes.yml:")
    assert "`engine` must begin with" in done.err


def test_both_an_engine_and_files_are_refused(da, shop, url, files):
    done = da("metrics", "run", "revenue/mrr", "--engine", url, "--data", files)
    assert (done.code, "exclude each other" in done.err) == (2, True)


def test_compile_prints_what_the_engine_gets(da, shop, url):
    done = da(
        "metrics", "run", "revenue/mrr", "--start", "2024-10-01", "--compile", "--engine", url
    )
    assert (done.code, "$start is" in done.err) == (0, False)
    with psycopg.connect(url) as connection:
        rows = connection.execute(done.out).fetchall()
    assert [row[0] for row in rows] == [date(2024, month, 1) for month in (10, 11, 12)]


def test_what_cannot_be_said_in_the_engine_is_named(da, shop, url):
    path = shop / "metrics/revenue/mrr.yml"
    path.write_text("name: mrr\nsql: SELECT LIST(plan) AS mrr FROM subscriptions\n")
    done = da("metrics", "run", "revenue/mrr", "--worktree", "--engine", url)
    assert done.code == 1
    assert "LIST" in done.err
    assert "postgres" in done.err.lower()


def test_the_tests_of_metrics_run_there(da, shop, url):
    found = da("metrics", "test", "--engine", url, "--json").json
    assert found["passed"] == found["tests"] > 0


def test_an_answer_is_verified_where_it_was_computed(da, shop, url, name, files, tmp_path):
    kept = tmp_path / "mrr.json"
    kept.write_text(da("metrics", "run", "revenue/mrr", "--engine", url, "--json").out)
    refused = da("answers", "verify", kept)
    assert (refused.code, f"--engine '{name}'" in refused.err) == (2, True)
    assert da("answers", "verify", kept, "--engine", url, "--json").json["same"] is True
    assert da("answers", "verify", kept, "--data", files, "--json").json["same"] is True
    say_engine(shop, url)
    assert da("answers", "verify", kept, "--json").json["same"] is True


def test_an_answer_that_comes_out_otherwise_is_told(da, shop, url, tmp_path):
    kept = tmp_path / "mrr.json"
    kept.write_text(da("metrics", "run", "revenue/mrr", "--engine", url, "--json").out)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA later")
        connection.execute(
            "CREATE VIEW later.subscriptions AS"
            " SELECT plan, mrr_amount + 1 AS mrr_amount, is_trial, start_date, end_date"
            " FROM subscriptions"
        )
    later = url.replace("/shop?", "/shop/later?")
    done = da("answers", "verify", kept, "--engine", later, "--json")
    assert (done.code, done.json["same"]) == (1, False)
    assert done.json["differing"] == 12
