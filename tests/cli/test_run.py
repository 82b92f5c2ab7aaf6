"""`da metrics run` and `da answers`."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from agnes.config.client import Login, save_login
from agnes.demo import write_demo_data
from agnes.scaffold import create_catalog
from tests.api.conftest import served
from tests.conftest import GitRepository, own_environment
from tests.workspace.making import make_workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The starter catalog, with a year of data beside it."""
    folder = tmp_path_factory.mktemp("made") / "catalog"
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        create_catalog(folder)
    write_demo_data(folder / "data/parquet", end=date(2024, 12, 31))
    return folder


@pytest.fixture
def shop(made, tmp_path, monkeypatch) -> GitRepository:
    folder = tmp_path / "shop"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return GitRepository(folder)


def test_a_metric_is_a_table_and_its_receipt_is_told_beside_it(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--start", "2024-11-01")
    assert done.code == 0
    head, first, last = done.out.splitlines()
    assert head.split() == ["month", "mrr"]
    assert first.startswith("2024-11-01  ")
    assert "," in last
    assert "receipt" in done.err
    assert "subscriptions" in done.err


def test_json_has_rows_and_receipt(da, shop):
    found = da("metrics", "run", "revenue/mrr", "--by", "plan", "--json").json
    assert (found["period"], found["dimensions"], found["value"]) == ("month", ["plan"], "mrr")
    assert found["row_count"] == len(found["rows"])
    assert set(found["receipt"]["data"]) == {"subscriptions"}
    assert found["receipt"]["commit"] == shop.git("rev-parse", "HEAD")


def test_who_asks_for_periods_that_are_not_there_is_told_which_are(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--start", "2030-01-01")
    assert (done.code, done.out) == (0, "No rows\n")
    assert "its periods begin between 2024-01-01 and 2024-12-01" in done.err


@pytest.mark.parametrize("content", [None, b"no parquet"])
def test_a_table_whose_data_are_missing_or_broken_is_named_with_the_remedy(da, shop, content):
    path = shop.path / "data/parquet/orders.parquet"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    done = da("metrics", "run", "revenue/total_revenue")
    assert (done.code, done.out) == (1, "")
    error, remedy = done.err.splitlines()
    assert "orders" in error
    assert remedy.endswith("da sync gets them, --data DIR names others")


def test_csv_can_be_read_again(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--grain", "quarterly", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.out)))
    assert rows[0] == ["quarter", "mrr"]
    assert len(rows) == 5


def test_a_chart_has_a_bar_for_each_row(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--format", "chart")
    title, *bars = done.out.splitlines()
    assert title == "Monthly recurring revenue (MRR) (USD), monthly"
    assert len(bars) == 12
    assert bars[-1].count("█") > bars[0].count("█") > 0


def test_files_are_written_where_they_are_named(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--format", "parquet", "--output", "mrr.parquet")
    assert done.code == 0
    assert len(duckdb.sql("FROM 'mrr.parquet'")) == 12
    again = da("metrics", "run", "revenue/mrr", "--format", "parquet", "--output", "mrr.parquet")
    assert (again.code, "is there already" in again.err) == (2, True)
    refused = da("metrics", "run", "revenue/mrr", "--format", "parquet")
    assert (refused.code, "--output mrr.parquet" in refused.err) == (2, True)


def test_compile_prints_the_query_alone(da, shop):
    done = da("metrics", "run", "revenue/mrr", "--compile", "--grain", "quarterly")
    assert done.out.startswith("WITH months AS (")
    assert "'QUARTER'" in done.out
    canonical = da("metrics", "run", "revenue/mrr", "--compile")
    assert canonical.out.startswith("-- One row per month.")


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["revenue/mmr"], "did you mean: revenue/mrr", 1),
        (["revenue/mrr", "--by", "colour"], "colour is none of its dimensions", 1),
        (["revenue/mrr", "--start", "soon"], "is no date", 2),
        (["revenue/mrr", "--where", "1=1) OR (1=1"], "the condition is refused", 1),
        (["revenue/mrr", "--format", "csv", "--output", "x.csv"], "csv goes to stdout", 2),
        (["revenue/mrr", "--data", "nowhere"], "is neither a folder nor a data snapshot", 1),
        (["revenue/mrr", "--remote", "--rev", "HEAD"], "--remote runs what the server serves", 2),
    ],
)
def test_what_cannot_be_is_said_in_a_line(da, shop, arguments, message, code):
    done = da("metrics", "run", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_a_table_without_data_is_named(da, shop):
    (shop.path / "data/parquet/subscriptions.parquet").unlink()
    done = da("metrics", "run", "revenue/mrr")
    assert done.code == 1
    assert "subscriptions does not exist" in done.err


def test_a_former_definition_runs_by_its_revision(da, shop):
    path = shop.path / "metrics/revenue/total_revenue.yml"
    path.write_text(path.read_text().replace("status = 'paid'", "status <> 'paid'"))
    shop.commit("Unpaid")
    run = ["metrics", "run", "revenue/total_revenue", "--json"]
    before, after = da(*run, "--rev", "HEAD~1").json, da(*run).json
    assert before["rows"] != after["rows"]
    assert before["receipt"]["definition"] != after["receipt"]["definition"]


def test_what_was_printed_can_be_verified(da, shop, tmp_path):
    path = tmp_path / "mrr.json"
    path.write_text(da("metrics", "run", "revenue/mrr", "--json").out)
    done = da("answers", "verify", path)
    assert (done.code, "the same numbers" in done.out) == (0, True)


@pytest.fixture
def workspace(made, tmp_path, monkeypatch):
    found = make_workspace(tmp_path / "workspace", made)
    shutil.copytree(made / "data/parquet", found.parquet_dir, dirs_exist_ok=True)
    monkeypatch.chdir(found.root)
    return found


def test_a_workspace_keeps_receipts_and_tells_which_are_stale(da, workspace):
    done = da("metrics", "run", "revenue/mrr", "--grain", "quarterly")
    [path] = (workspace.root / "user/receipts").iterdir()
    assert f"user/receipts/{path.name}" in done.err
    assert path.stem in da("answers", "list").out
    assert da("answers", "verify", path.stem).code == 0
    assert da("answers", "stale").out == "None of 1 answers is stale\n"
    text = path.read_text().replace('"unit": "USD"', '"unit": "EUR"')
    path.write_text(text.replace('"definition": "', '"definition": "0'))
    done = da("answers", "stale", "--json")
    assert [it["changes"] for it in done.json] == [["unit: unit changed (EUR -> USD)"]]


def test_outside_of_a_workspace_there_are_no_receipts(da, shop):
    done = da("answers", "list")
    assert (done.code, "make one: da analyst setup" in done.err) == (1, True)


def test_the_server_computes_what_is_served(da, made, tmp_path, monkeypatch):
    shutil.copytree(made, tmp_path / "served")
    repository = GitRepository(tmp_path / "served")
    with served(repository, repository.path / "data") as server:
        save_login(Login(server.url, server.token("ada@example.com", "admin")))
        monkeypatch.chdir(tmp_path)
        done = da("metrics", "run", "revenue/mrr", "--remote", "--grain", "yearly", "--json")
        refused = da("metrics", "run", "revenue/mrr", "--remote", "--by", "colour")
    assert done.code == 0, done.err
    assert (done.json["grain"], done.json["row_count"]) == ("yearly", 1)
    assert "colour is none of its dimensions" in refused.err
