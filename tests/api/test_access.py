"""What a user may not see is not to be inferred from anything that they are answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.access.test_access import PAYROLL, metric
from tests.api.conftest import Running, Start, served
from tests.conftest import (
    GitRepository,
    empty_repository,
    metric_yaml,
    own_environment,
    small_catalog,
)

CANARIES = ("payroll", "salary", "Wages", "hr/")


@pytest.fixture
def server(start: Start, catalog: GitRepository) -> Running:
    """A server of a catalog that hides something, to be changed."""
    hide(catalog)
    return start(catalog)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of a catalog that hides something, for all tests that only read."""
    folder = tmp_path_factory.mktemp("reading")
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        catalog = small_catalog(empty_repository(folder / "repository"))
        hide(catalog)
    with served(catalog, folder / "data") as running:
        yield running


def hide(catalog: GitRepository) -> None:
    """Commit a table of finance, a metric on it, and traces of both elsewhere."""
    sql = "SELECT month, SUM(amount) AS salary FROM payroll GROUP BY month"
    catalog.write("tables/payroll.yml", PAYROLL)
    catalog.write("metrics/hr/salary.yml", metric("salary", sql, "display_name: Wages\n"))
    catalog.write(
        "metrics/hr/share.yml",
        metric("share", "SELECT 1 AS share FROM orders", "inputs: [hr/salary]\n"),
    )
    old = metric_yaml("old") + "status: deprecated\nreplaced_by: hr/salary\n"
    catalog.write("metrics/revenue/old.yml", old)
    catalog.write(
        "metrics/metrics.yml",
        'version: "2.0"\ncategories:\n  - {name: Wages, folder: hr, metrics: [salary, share]}\n'
        "  - {name: Revenue, folder: revenue, metrics: [arr, mrr, old]}\n",
    )
    catalog.commit("Pay people")
    catalog.write("metrics/hr/salary.yml", metric("salary", sql, "display_name: Wages 2\n"))
    catalog.write(
        "metrics/revenue/mrr.yml",
        metric("mrr", "SELECT SUM(o.amount) AS mrr FROM orders o JOIN payroll p ON true"),
    )
    catalog.commit("Once mrr read payroll")
    catalog.write("metrics/revenue/mrr.yml", metric_yaml("mrr"))
    catalog.commit("Not any more")


ROUTES = [
    "/api/metrics",
    "/api/metrics?category=hr",
    "/api/metrics?q=salary",
    "/api/metrics?q=payroll",
    "/api/metrics?table=payroll",
    "/api/metrics?fields=id,replaced_by",
    "/api/metrics?limit=2",
    "/api/metrics?rev=HEAD~1",
    "/api/metrics?rev=HEAD~1&q=salary",
    "/api/metrics/hr/salary",
    "/api/metrics/hr/salary?rev=HEAD~1",
    "/api/metrics/hr/share",
    "/api/metrics/revenue/old",
    "/api/metrics/revenue/mrr?rev=HEAD~1",
    "/api/metrics/hr/salry",
    "/api/search?q=salary",
    "/api/search?q=wages payroll",
    "/api/history/hr/salary",
    "/api/history/revenue/mrr",
    "/api/history/tables/payroll",
    "/api/diff?base=HEAD~1",
    "/api/diff?base=HEAD~2",
    "/api/diff?base=HEAD~2&head=HEAD~1",
    "/api/diff?base=HEAD~2&format=markdown",
    "/api/lineage/hr/salary",
    "/api/lineage/tables/payroll",
    "/api/lineage/tables/orders",
    "/api/lineage/revenue/mrr",
    "/api/catalog",
    "/api/catalog/tables",
    "/api/health",
]


@pytest.mark.parametrize("route", ROUTES)
def test_no_answer_tells_of_what_is_hidden(reading: Running, route):
    said = reading.as_("analyst").get(route).text

    for echoed in ("hr/salary", "hr/share", "hr/salry", "tables/payroll"):
        said = said.replace(f"'{echoed}' not found", "")
    said = said.replace('"query":"salary"', "").replace('"query":"wages payroll"', "")
    assert [canary for canary in CANARIES if canary in said] == []


@pytest.mark.parametrize("route", [route for route in ROUTES if "salry" not in route])
def test_who_is_in_the_group_and_admins_see_it(reading: Running, route):
    for client in (reading.as_("analyst", "finance"), reading.as_("admin")):
        assert client.get(route).status_code == 200


@pytest.mark.parametrize(
    "route", ["metrics/{}", "history/{}", "lineage/{}", "metrics/{}?rev=HEAD~1"]
)
def test_hidden_is_told_like_unknown(reading: Running, route):
    client = reading.as_("analyst")

    hidden = client.get("/api/" + route.format("hr/salary"))
    unknown = client.get("/api/" + route.format("hr/nothing"))

    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text.replace("salary", "nothing") == unknown.text


def test_a_change_of_what_is_hidden_changes_no_tag(server: Running):
    client = server.as_("analyst")
    routes = ("/api/metrics", "/api/catalog", "/api/catalog/tables", "/api/metrics?fields=id")
    before = [client.get(route).headers["etag"] for route in routes]

    salary = metric("salary", "SELECT 1 AS salary FROM payroll", "display_name: Other\n")
    server.commit({"metrics/hr/salary.yml": salary})

    assert [client.get(route).headers["etag"] for route in routes] == before


def test_the_snapshot_holds_nothing_that_is_hidden(reading: Running, tmp_path: Path):
    content = reading.as_("analyst").get("/api/catalog/snapshot").content
    file = tmp_path / "got.duckdb"
    file.write_bytes(content)

    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
        said = repr([connection.execute(f"FROM {table}").fetchall() for table in tables])
    assert "revenue/mrr" in said
    assert [canary for canary in CANARIES if canary in said or canary.encode() in content] == []


def test_the_snapshot_of_an_admin_is_whole(reading: Running, tmp_path: Path):
    found = reading.as_("admin").get("/api/catalog/snapshot")
    file = tmp_path / f"{found.headers['x-agnes-commit']}.duckdb"
    file.write_bytes(found.content)

    with duckdb.connect(str(file), read_only=True) as connection:
        count = connection.execute("SELECT count(*) FROM metric_definitions").fetchall()
    assert count == [(5,)]


def test_a_rule_that_is_narrowed_holds_at_once_also_for_the_past(server: Running):
    client = server.as_("analyst", "sales")
    assert client.get("/api/metrics/revenue/mrr").status_code == 200

    server.commit({"tables/orders.yml": "id: orders\naccess: {groups: [finance]}\n"})

    assert client.get("/api/metrics/revenue/mrr").status_code == 404
    assert client.get("/api/metrics/revenue/mrr?rev=HEAD~1").status_code == 404
    assert client.get("/api/metrics").json() == {"metrics": [], "count": 0}


def test_the_last_rule_of_a_table_outlives_it(server: Running):
    client = server.as_("analyst")
    gone = {"tables/payroll.yml": None, "metrics/hr/salary.yml": None, "metrics/hr/share.yml": None}
    server.commit(gone | {"metrics/revenue/old.yml": metric_yaml("old")})

    assert client.get("/api/metrics/hr/salary?rev=HEAD~1").status_code == 404
    assert client.get("/api/history/hr/salary").status_code == 404
    history = client.get("/api/history/revenue/mrr").text
    assert "payroll" not in history
    assert "payroll" not in client.get("/api/diff?base=HEAD~1").text
