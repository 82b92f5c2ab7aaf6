"""`POST /api/metrics/{id}/run`."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from pathlib import Path

import pytest

from tests.api.conftest import Running, served
from tests.conftest import GitRepository, empty_repository, own_environment, small_catalog
from tests.queries.conftest import write_parquet

SQL = """\
SELECT CAST(DATE_TRUNC('month', day) AS DATE) AS month, SUM(amount) AS {name}
  FROM {table} GROUP BY month ORDER BY month ASC"""
METRIC = """\
name: {name}
grain: monthly
table: {table}
dimensions: [region]
time_column: day
sql: |
  {sql}
"""
ENDLESS = "SELECT COUNT(*) AS forever FROM range(1000000000000)"
SECRET = "id: salaries\naccess: {groups: [finance]}\ncolumns:\n  amount: {basetype: INTEGER}\n"
ROWS = """
    SELECT DATE '2025-01-01' + INTERVAL (i) DAY AS day, i::DECIMAL(18,2) AS amount,
        CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END AS region FROM range(60) t(i)"""


def metric(name: str, table: str, sql: str | None = None) -> str:
    made = (sql or SQL).format(name=name, table=table)
    return METRIC.format(name=name, table=table, sql=made)


def fill(repository: GitRepository, folder: Path) -> None:
    repository.write("metrics/revenue/sales.yml", metric("sales", "orders"))
    repository.write("metrics/revenue/pay.yml", metric("pay", "salaries"))
    repository.write("metrics/revenue/forever.yml", metric("forever", "orders", ENDLESS))
    repository.write("tables/salaries.yml", SECRET)
    repository.commit("Sales")
    for table in ("orders", "salaries"):
        write_parquet(folder / f"{table}.parquet", ROWS)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(tmp_path_factory, data):
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        repository = small_catalog(empty_repository(tmp_path_factory.mktemp("r") / "repository"))
        fill(repository, data / "parquet")
    with served(repository, data, query_seconds=2, query_workers=1) as running:
        yield running


def run(server: Running, metric_id: str = "revenue/sales", *groups: str, **asked):
    return server.as_("analyst", *groups).post(f"/api/metrics/{metric_id}/run", json=asked)


def test_a_metric_has_rows_and_a_receipt(server, data):
    found = run(server).json()
    assert (found["columns"], found["period"], found["value"]) == (
        ["month", "sales"],
        "month",
        "sales",
    )
    assert found["rows"] == [["2025-01-01", 465.0], ["2025-02-01", 1246.0], ["2025-03-01", 59.0]]
    content = (data / "parquet/orders.parquet").read_bytes()
    assert found["receipt"]["data"] == {"orders": hashlib.sha256(content).hexdigest()}
    assert found["receipt"]["commit"] == server.repository.git("rev-parse", "HEAD")


def test_what_is_asked_is_derived(server):
    found = run(server, by=["region"], grain="quarterly", end="2025-01-10", where="region = 'EU'")
    assert found.json()["rows"] == [["2025-01-01", "EU", 20.0]]
    assert found.json()["receipt"]["parameters"] == {"before": "2025-01-11"}
    assert found.json()["notes"] == [
        "the quarter of 2025-01-01 is cut by the range at 2025-01-11: its row is of a part of it"
    ]


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"by": ["colour"]}, 400, "colour is none of its dimensions"),
        ({"where": "1 = 1) OR (1 = 1"}, 400, "the condition is refused"),
        ({"where": "amount > (SELECT MIN(amount) FROM salaries)"}, 400, "holds a query"),
        ({"grain": "hourly"}, 422, ""),
        ({"limit": 0}, 422, ""),
        ({"colour": 1}, 422, ""),
    ],
)
def test_what_cannot_be_asked_is_refused(server, asked, status, words):
    found = run(server, **asked)
    assert found.status_code == status
    assert words in found.text


def test_a_table_that_is_hidden_is_not_read(server):
    assert run(server, "revenue/pay", "finance").status_code == 200
    hidden = run(server, "revenue/pay")
    assert (hidden.status_code, hidden.json()["detail"]) == (404, "Metric 'revenue/pay' not found")
    assert "pay" not in hidden.json()["hint"]


def test_a_token_that_only_reads_may_not_run(server):
    assert server.client().post("/api/metrics/revenue/sales/run", json={}).status_code == 401


def test_it_takes_no_longer_than_it_may(server):
    found = run(server, "revenue/forever")
    assert (found.status_code, found.json()["kind"]) == (400, "timeout")


def test_who_leaves_ends_the_query(server, caplog):
    caplog.set_level(logging.INFO, "agnes.api")
    client = server.as_("analyst")

    def ask() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011  (whatever a closed client says)
            client.post("/api/metrics/revenue/forever/run", json={}, timeout=0.5)

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    deadline = time.monotonic() + 10
    while not (said := [it.facts for it in caplog.records if it.message == "run"]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert said[-1]["outcome"] == "crashed"
