"""A real `da mcp` process, asked by the SDK's own client."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agnes.mcp.tools import TOOLS
from tests.cli.conftest import da
from tests.conftest import GitRepository, metric_yaml
from tests.mcp.conftest import call, over_stdio
from tests.queries.conftest import write_parquet
from tests.workspace.making import make_workspace

__all__ = ["da"]

MRR = metric_yaml("mrr", "Monthly recurring revenue") + "category: revenue\n"
AUTHOR = {"AGNES_AUTHOR": "Ada Lovelace <ada@example.com>"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_every_tool_answers_from_the_catalog_at_hand(catalog: GitRepository, mode):
    orders = "SELECT DATE '2026-01-01' AS month, 5 AS amount"
    write_parquet(catalog.path / "data/orders.parquet", orders)

    async def work(client):
        return [
            await call(client, "search_metrics", query="mrr"),
            await call(client, "get_metric", id="revenue/mrr"),
            await call(client, "list_metrics", limit=1),
            await call(client, "get_table", id="orders"),
            await call(client, "query", sql="SELECT 1 AS one"),
            await call(client, "run_metric", id="revenue/mrr", limit=5),
            await call(client, "metric_history", id="revenue/mrr"),
            await call(client, "validate_metric", yaml=MRR),
        ], {tool.name for tool in (await client.list_tools()).tools}

    said, names = over_stdio(catalog.path, mode=mode).use(work)

    found, metric, listed, table, rows, numbers, history, valid = said
    assert names == set(TOOLS) - {"propose_metric"}
    assert not any(it.failed for it in said)
    assert found.data["hits"][0]["id"] == "revenue/mrr"
    assert metric.data["rules"] if "rules" in metric.data else metric.data["sql"]
    assert (listed.data["total"], listed.data["cursor"]) == (2, "revenue/arr")
    assert table.data["metrics"] == ["revenue/arr", "revenue/mrr"]
    assert rows.data["rows"] == [[1]]
    assert numbers.data["rows"] == [["2026-01-01", 5]]
    assert history.data["total"] == 1
    assert valid.data["valid"] is True


def test_what_is_committed_meanwhile_is_answered(catalog: GitRepository):
    async def work(client):
        before = await call(client, "get_metric", id="revenue/mrr")
        catalog.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="EUR"))
        catalog.commit()
        return before, await call(client, "get_metric", id="revenue/mrr")

    before, after = over_stdio(catalog.path).use(work)

    assert (before.data["unit"], after.data["unit"]) == ("USD", "EUR")


def test_proposals_have_to_be_allowed(catalog: GitRepository):
    changed = MRR.replace("unit: USD", "unit: EUR")

    refused = over_stdio(catalog.path).call("propose_metric", yaml=changed)
    said = over_stdio(catalog.path, "--allow-proposals", **AUTHOR).call(
        "propose_metric", yaml=changed
    )

    assert refused.failed
    assert said.data["changes"][0]["what"] == "unit changed (USD → EUR)"
    assert catalog.git("branch", "--list", said.data["branch"])
    assert "EUR" not in catalog.git("show", "main:metrics/revenue/mrr.yml")


def test_resources_are_read_and_completed(catalog: GitRepository):
    from mcp_types import ResourceTemplateReference

    async def work(client):
        listed = await client.list_resources()
        read = await client.read_resource(listed.resources[1].uri)
        template = (await client.list_resource_templates()).resource_templates[0].uri_template
        reference = ResourceTemplateReference(type="ref/resource", uri=template)
        completed = await client.complete(
            reference, {"name": "name", "value": "m"}, {"category": "revenue"}
        )
        return listed, read, completed

    listed, read, completed = over_stdio(catalog.path).use(work)

    assert [it.uri for it in listed.resources] == [
        "agnes://metrics/revenue/arr",
        "agnes://metrics/revenue/mrr",
    ]
    assert "SUM(amount)" in read.contents[0].text
    assert completed.completion.values == ["mrr"]


def test_without_a_catalog_it_asks_the_server_that_is_signed_in_to(server, tmp_path):
    away = tmp_path / "away"
    away.mkdir()
    environment = {
        "DA_CONFIG_DIR": str(tmp_path / "da"),
        "DA_SERVER": server.url,
        "DA_TOKEN": server.token("analyst@example.com"),
    }
    remote = over_stdio(away, "--allow-proposals", **environment)

    async def work(client):
        return [
            await call(client, "search_metrics", query="mrr"),
            await call(client, "get_metric", id="revenue/mr"),
            await call(client, "get_table", id="orders"),
            await call(client, "query", sql="SELECT 1 AS one"),
            await call(client, "metric_history", id="revenue/mrr"),
            await call(client, "validate_metric", yaml=MRR),
            await call(client, "propose_metric", yaml=MRR.replace("unit: USD", "unit: EUR")),
        ]

    found, unknown, table, rows, history, valid, proposed = remote.use(work)

    assert found.data["hits"][0]["id"] == "revenue/mrr"
    assert "did you mean: revenue/mrr" in unknown.text
    assert table.data["total_columns"] == 2
    assert rows.data["rows"] == [[1]]
    assert history.data["events"][0]["what"] == "added"
    assert valid.data["valid"] is True
    assert proposed.data["branch"].startswith("agnes/analyst/")


def test_in_a_workspace_it_answers_from_the_local_copy(catalog: GitRepository, tmp_path):
    workspace = make_workspace(tmp_path / "analysis", catalog.path)
    nowhere = {"DA_CONFIG_DIR": str(tmp_path / "da"), "DA_SERVER": "http://127.0.0.1:9"}
    within = workspace.root / "user"
    within.mkdir()

    async def work(client):
        return [
            await call(client, "search_metrics", query="mrr"),
            await call(client, "get_metric", id="revenue/mrr"),
            await call(client, "query", sql="SELECT count(*) FROM orders"),
            await call(client, "query", sql="SELECT count(*) FROM metric_definitions"),
        ]

    found, metric, rows, definitions = over_stdio(within, **nowhere).use(work)

    assert found.data["hits"][0]["id"] == "revenue/mrr"
    assert metric.data["sql"]
    assert (rows.data["rows"], definitions.data["rows"]) == ([[7]], [[2]])


@pytest.mark.parametrize("leave", ["cancels", "goes"])
def test_a_query_ends_when_nobody_waits_for_it(catalog: GitRepository, tmp_path, leave):
    workspace = make_workspace(tmp_path / "analysis", catalog.path)
    process = subprocess.Popen(
        [sys.executable, "-m", "agnes", "mcp"],
        cwd=workspace.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def send(method: str, number: int | None = None, **params: object) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        process.stdin.write(json.dumps(message | ({"id": number} if number else {})) + "\n")
        process.stdin.flush()

    me = {"name": "test", "version": "1"}
    send("initialize", 1, protocolVersion="2025-06-18", capabilities={}, clientInfo=me)
    process.stdout.readline()
    send("notifications/initialized")
    heavy = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"
    send("tools/call", 2, name="query", arguments={"sql": heavy})
    until(lambda: running_below(process.pid))

    if leave == "cancels":
        send("notifications/cancelled", requestId=2)
        until(lambda: not running_below(process.pid))
        send("tools/call", 3, name="query", arguments={"sql": "SELECT count(*) FROM orders"})
        assert '"id":3' in process.stdout.readline()
    process.stdin.close()

    assert process.wait(20) == 0
    process.stdout.close()


def running_below(pid: int) -> bool:
    """Whether a process has children that are at work."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return any(path.read_text().split() for path in found)


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_where_neither_is_there_it_says_so_at_once(da, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))

    done = da("mcp")

    assert done.code == 1
    assert "no catalog here" in done.err


def test_a_server_that_is_gone_is_an_answer(tmp_path):
    environment = {"DA_CONFIG_DIR": str(tmp_path), "DA_SERVER": "http://127.0.0.1:9"}

    said = over_stdio(tmp_path, DA_TOKEN="x", **environment).call("get_metric", id="a/b")

    assert said.failed
    assert "127.0.0.1:9" in said.text


def test_without_the_library_it_names_the_remedy(catalog: GitRepository):
    script = (
        "import sys; sys.modules['mcp'] = None; import agnes.api.app; "
        "from agnes.cli.main import run; run()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "mcp"],
        cwd=catalog.path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "pip install 'agnes[mcp]'" in done.stderr
