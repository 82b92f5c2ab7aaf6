"""`/mcp` on a real server, asked by the SDK's own client."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agnes.mcp.tools import TOOLS
from tests.api.conftest import Running
from tests.api.test_access import CANARIES
from tests.api.test_access import server as canary_server
from tests.conftest import metric_yaml
from tests.mcp.conftest import Agent, call, over_http
from tests.queries.test_queries import ENDLESS, until

__all__ = ["canary_server"]

MRR = metric_yaml("mrr", "Monthly recurring revenue") + "category: revenue\n"
HTTP = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def agent(server: Running, role: str = "analyst", *groups: str, mode: str = "auto") -> Agent:
    token = server.token("-".join((role, *groups)) + "@example.com", role, groups)
    return over_http(server.url, token, mode)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_metric_is_found_and_read(module_server: Running, mode):
    async def work(client):
        return [
            await call(client, "search_metrics", query="monthly recurring revenue"),
            await call(client, "get_metric", id="revenue/mrr"),
        ]

    found, metric = agent(module_server, mode=mode).use(work)

    assert found.data["hits"][0]["id"] == "revenue/mrr"
    assert "get_metric" in found.notes
    assert "SUM(amount)" in metric.data["sql"]


def test_the_other_tools_answer_too(module_server: Running):
    async def work(client):
        return [
            await call(client, "list_metrics"),
            await call(client, "get_table", id="orders"),
            await call(client, "query", sql="SELECT 1 AS one"),
            await call(client, "metric_history", id="revenue/mrr"),
            await call(client, "validate_metric", yaml=MRR),
        ]

    listed, table, rows, history, valid = agent(module_server).use(work)

    assert [row["id"] for row in listed.data["metrics"]] == ["revenue/arr", "revenue/mrr"]
    assert [column["name"] for column in table.data["columns"]] == ["amount", "month"]
    assert rows.data["rows"] == [[1]]
    assert history.data["events"][0]["what"] == "added"
    assert valid.data == {"valid": True, "findings": []}


@pytest.mark.parametrize("token", [None, "x", "agnes_pat_none"])
def test_nobody_is_let_in_without_a_token(module_server: Running, token):
    headers = HTTP | ({"Authorization": f"Bearer {token}"} if token else {})

    found = httpx.post(f"{module_server.url}/mcp", json=PING, headers=headers)

    assert found.status_code == 401
    assert found.headers["www-authenticate"] == "Bearer"
    with pytest.raises(Exception):  # noqa: B017, PT011  (the SDK has no error of its own for it)
        over_http(module_server.url, token).tools()


def test_a_cookie_is_no_token_here(module_server: Running):
    cookie = {"Cookie": f"access_token={module_server.token('a@example.com')}"}

    found = httpx.post(f"{module_server.url}/mcp", json=PING, headers=HTTP | cookie)

    assert found.status_code == 401


def test_a_token_that_was_revoked_is_refused(module_server: Running):
    client = module_server.as_("analyst")
    made = client.post("/auth/tokens", json={"name": "agent", "scopes": ["read"]}).json()
    mine = over_http(module_server.url, made["token"])
    assert set(mine.tools())

    client.delete(f"/auth/tokens/{made['id']}")

    headers = HTTP | {"Authorization": f"Bearer {made['token']}"}
    found = httpx.post(f"{module_server.url}/mcp", json=PING, headers=headers)
    assert found.status_code == 401


def test_a_token_that_is_over_is_refused(start, catalog):
    server = start(catalog, token_lifetime=1)
    token = server.token("analyst@example.com")
    time.sleep(1.1)

    headers = HTTP | {"Authorization": f"Bearer {token}"}
    assert httpx.post(f"{server.url}/mcp", json=PING, headers=headers).status_code == 401


def test_a_token_that_only_reads_cannot_query_or_propose(start, catalog):
    server = start(catalog, mcp_proposals=True)
    client = server.as_("analyst")
    made = client.post("/auth/tokens", json={"name": "agent", "scopes": ["read"]}).json()
    reading = over_http(server.url, made["token"])

    assert set(reading.tools()) == set(TOOLS) - {"query", "run_metric", "propose_metric"}
    for name, arguments in {"query": {"sql": "SELECT 1"}, "propose_metric": {"yaml": MRR}}.items():
        said = reading.call(name, **arguments)
        assert said.failed
        assert "this needs the scope" in said.text


def test_proposals_are_off_until_the_instance_allows_them(start, catalog):
    closed, opened = start(catalog), start(catalog, mcp_proposals=True)
    changed = MRR.replace("unit: USD", "unit: EUR")

    assert "propose_metric" not in agent(closed).tools()
    assert agent(closed).call("propose_metric", yaml=changed).failed
    said = agent(opened).call("propose_metric", yaml=changed)

    assert "PROPOSED" in said.notes
    assert said.data["changes"][0]["what"] == "unit changed (USD → EUR)"
    assert catalog.git("branch", "--list", said.data["branch"])
    assert agent(opened).call("get_metric", id="revenue/mrr").data["unit"] == "USD"
    assert agent(opened, "viewer").call("propose_metric", yaml=changed).failed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:6274"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::"}, 403),
        ({"Origin": "http://6.6.6.6"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "10.0.0.1:8000"}, 200),
    ],
)
def test_pages_of_other_sites_are_refused(module_server: Running, headers, status):
    token = {"Authorization": f"Bearer {module_server.token('page@example.com')}"}

    found = httpx.post(f"{module_server.url}/mcp", json=PING, headers=HTTP | token | headers)

    assert found.status_code == status


def test_a_server_with_a_public_name_is_called_by_it(start, catalog):
    server = start(catalog, public_url="https://agnes.example.com")
    token = {"Authorization": f"Bearer {server.token('page@example.com')}"}
    named = {"Host": "agnes.example.com", "Origin": "https://agnes.example.com"}

    found = httpx.post(f"{server.url}/mcp", json=PING, headers=HTTP | token | named)

    assert found.status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_are_no_sessions(module_server: Running, method):
    assert module_server.as_("analyst").request(method, "/mcp").status_code == 405


def test_health_says_whether_agents_are_answered(module_server: Running):
    assert module_server.client().get("/api/health").json()["services"]["mcp"] == {"status": "ok"}


HIDDEN = {
    "search_metrics": [{"query": "salary"}, {"query": "wages payroll"}, {"query": "hr"}],
    "get_metric": [
        {"id": "hr/salary"},
        {"id": "hr/share"},
        {"id": "revenue/old"},
        {"id": "revenue/old", "detail": "full"},
        {"id": "hr/salry"},
    ],
    "list_metrics": [{}, {"category": "hr"}],
    "get_table": [{"id": "payroll"}, {"id": "payrol"}, {"id": "orders"}],
    "query": [{"sql": "SELECT * FROM payroll"}, {"sql": "SELECT amount FROM payrol"}],
    "run_metric": [
        {"id": "hr/salary"},
        {"id": "revenue/mrr", "where": "amount IN (SELECT salary FROM payroll)"},
        {"id": "revenue/mrr", "by": ["salry"]},
    ],
    "metric_history": [{"id": "hr/salary"}, {"id": "revenue/mrr"}, {"id": "tables/payroll"}],
    "validate_metric": [
        {"yaml": MRR.replace("FROM orders", "FROM payroll")},
        {"yaml": MRR + "inputs: [hr/salary]\n"},
        {"yaml": MRR + "replaced_by: hr/salary\n"},
    ],
    "propose_metric": [
        {"yaml": MRR.replace("FROM orders", "FROM payroll")},
        {"yaml": MRR + "inputs: [hr/salary]\n"},
    ],
}
PAIRS = [("payroll", "nothing"), ("payrol", "nothing"), ("salary", "nothing"), ("salry", "nothing")]


def test_every_tool_is_tried_on_what_is_hidden():
    assert set(HIDDEN) == set(TOOLS)


@pytest.fixture(scope="module")
def canaries(tmp_path_factory):
    """A server of the catalog of test_access, for all tests that only read."""
    from tests.api.conftest import served
    from tests.conftest import empty_repository, own_environment, small_catalog

    folder = tmp_path_factory.mktemp("canaries")
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        repository = small_catalog(empty_repository(folder / "repository"))

        def start(repository):
            nonlocal running
            running = served(repository, folder / "data", mcp_proposals=True)
            return running.__enter__()

        running = None
        made = canary_server.__wrapped__(start, repository)
        try:
            yield made
        finally:
            running.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("name", "arguments"), [(name, it) for name, all_ in HIDDEN.items() for it in all_]
)
def test_no_answer_tells_of_what_is_hidden(canaries: Running, name, arguments):
    asked = repr(arguments)
    said = agent(canaries).call(name, **arguments).text

    # What the caller typed may come back; what they did not must not.
    leaks = [canary for canary in CANARIES if canary in said and canary not in asked]
    assert leaks == []


@pytest.mark.parametrize(
    ("name", "arguments", "twin"),
    [
        ("search_metrics", {"query": "payroll"}, {"query": "qqqqqqq"}),
        ("get_metric", {"id": "hr/salary"}, {"id": "hr/nothing"}),
        ("list_metrics", {"category": "hr"}, {"category": "xy"}),
        ("get_table", {"id": "payroll"}, {"id": "nothing"}),
        ("query", {"sql": "FROM payroll"}, {"sql": "FROM nothing"}),
        ("run_metric", {"id": "hr/salary"}, {"id": "hr/nothing"}),
        ("metric_history", {"id": "hr/salary"}, {"id": "hr/nothing"}),
        (
            "validate_metric",
            {"yaml": MRR + "inputs: [hr/salary]\n"},
            {"yaml": MRR + "inputs: [hr/nothin]\n"},
        ),
        (
            "validate_metric",
            {"yaml": MRR.replace("FROM orders", "FROM payroll")},
            {"yaml": MRR.replace("FROM orders", "FROM nothing")},
        ),
    ],
)
def test_hidden_is_told_like_unknown(canaries: Running, name, arguments, twin):
    def plain(text: str) -> str:
        for word in ("payroll", "nothing", "qqqqqqq", "hr/salary", "hr/nothin", "'hr'", "'xy'"):
            text = text.replace(word, "X")
        return text.replace("Xg", "X")

    hidden, unknown = (agent(canaries).call(name, **it).text for it in (arguments, twin))

    assert plain(hidden).replace("hr/X", "X") == plain(unknown).replace("hr/X", "X")


def test_resources_and_completions_hide_it_too(canaries: Running):
    async def work(client):
        listed = await client.list_resources()
        reference = _template((await client.list_resource_templates()).resource_templates[0])
        completed = await client.complete(reference, {"name": "category", "value": ""})
        try:
            await client.read_resource("agnes://metrics/hr/salary")
            read = "read"
        except MCPError as error:
            read = error.message
        return [it.uri for it in listed.resources], completed.completion.values, read

    uris, categories, read = agent(canaries).use(work)
    seen = agent(canaries, "analyst", "finance").use(work)

    assert uris == [f"agnes://metrics/revenue/{name}" for name in ("arr", "mrr", "old")]
    assert categories == ["revenue"]
    assert "'hr/salary' not found" in read
    assert (len(seen[0]), sorted(seen[1]), seen[2]) == (5, ["hr", "revenue"], "read")


def _template(found):
    from mcp_types import ResourceTemplateReference

    return ResourceTemplateReference(type="ref/resource", uri=found.uri_template)


def test_who_is_in_the_group_sees_it(canaries: Running):
    said = agent(canaries, "analyst", "finance").call("search_metrics", query="wages")

    assert said.data["hits"][0]["id"] == "hr/salary"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_who_leaves_ends_his_query(module_server: Running, mode, caplog):
    caplog.set_level(logging.INFO, "agnes.api")
    asked = module_server.instance.queries._asked

    async def leave(client: Client) -> None:
        asking = asyncio.create_task(call(client, "query", sql=ENDLESS))
        while not asked.total():
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert asked.total()
        asking.cancel()

    agent(module_server, mode=mode).use(leave)
    until(lambda: not asked.total())
    until(lambda: [it.facts["outcome"] for it in caplog.records if it.message == "query"])
    assert [it.facts["outcome"] for it in caplog.records if it.message == "query"] == ["cancelled"]


def test_many_ask_at_once(module_server: Running):
    async def work(client):
        asked = [call(client, "search_metrics", query="recurring revenue") for _ in range(20)]
        return await asyncio.gather(*asked)

    said = agent(module_server).use(work)

    assert all(it.data["hits"] for it in said)
