from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import Running, Start
from tests.conftest import GitRepository, metric_yaml

MRR = {
    "id": "finance/mrr",
    "name": "mrr",
    "display_name": "Monthly Recurring Revenue",
    "category": "finance",
    "sql": "SELECT SUM(amount) AS mrr FROM orders",
}
ADMIN = "/api/admin/metrics"
REVENUE = {"id": "revenue/mrr", "category": "revenue"}
FILE = "metrics/revenue/mrr.yml"


def etag(server: Running, metric_id: str = "revenue/mrr") -> str:
    return server.as_("admin").get(f"/api/metrics/{metric_id}").headers["etag"]


def count(server: Running) -> int:
    return int(server.repository.git("rev-list", "--count", "main"))


# Define


def test_a_metric_is_defined_and_there_when_it_is_answered(server: Running):
    client = server.as_("admin")

    found = client.post(ADMIN, json=MRR | {"description": "Recurring", "unit": "USD"})

    assert found.status_code == 201
    assert (found.json()["id"], found.json()["unit"]) == ("finance/mrr", "USD")
    assert found.json()["source"] == "api"
    again = client.get("/api/metrics/finance/mrr")
    assert again.json() == found.json()
    assert again.headers["etag"] == found.headers["etag"]
    assert found.headers["agnes-commit"] == server.repository.git("rev-parse", "main")


def test_its_commit_is_by_the_user_and_the_server_commits(server: Running):
    server.as_("admin").post(ADMIN, json=MRR)

    said = server.repository.git("log", "-1", "--format=%ae|%cn <%ce>|%(trailers:only)").strip()
    assert said == "admin@example.com|Agnes <agnes@localhost>|Agnes-Source: api"


def test_one_of_the_same_id_is_replaced_with_201(server: Running):
    client = server.as_("admin")
    client.post(ADMIN, json=MRR | {"unit": "USD"})

    found = client.post(ADMIN, json=MRR)

    assert (found.status_code, found.json()["unit"]) == (201, None)


@pytest.mark.parametrize("without", ["id", "display_name"])
def test_what_follows_from_the_rest_may_be_left_out(server: Running, without):
    body = {key: value for key, value in MRR.items() if key != without}

    found = server.as_("admin").post(ADMIN, json=body)

    assert (found.status_code, found.json()["id"]) == (201, "finance/mrr")


@pytest.mark.parametrize("without", ["name", "category", "sql"])
def test_what_a_metric_needs_may_not_be_left_out(server: Running, without):
    body = {key: value for key, value in MRR.items() if key != without}

    found = server.as_("admin").post(ADMIN, json=body)

    assert (found.status_code, without in found.json()["detail"]) == (422, True)
    assert count(server) == 1


def test_an_answer_can_be_sent_back(server: Running):
    client = server.as_("admin")
    row = client.get("/api/metrics/revenue/mrr").json()

    found = client.post(ADMIN, json=row | {"unit": "EUR"})

    assert found.status_code == 201, found.text
    assert found.json()["unit"] == "EUR"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sql": "DROP TABLE orders"}, "AG402"),
        ({"type": "total"}, "AG203"),
        ({"untis": "USD"}, "AG202"),
        ({"meta": {"x": {"y": [1, {"z": "\x00"}]}}}, "AG104"),
    ],
)
def test_what_does_not_validate_is_refused_with_its_findings(server: Running, fields, code):
    found = server.as_("admin").post(ADMIN, json=MRR | fields)

    assert found.status_code == 422
    findings = {it["code"]: it for it in found.json()["diagnostics"] if it["severity"] == "error"}
    keys = {"path", "line", "column", "code", "severity", "message", "hint"}
    assert findings[code].keys() >= keys
    assert count(server) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sql": "SELECT SUM(amount) AS mrr FROM ordres"}, "AG301"),
        ({"inputs": ["finance/nothing"]}, "AG308"),
        ({"replaced_by": "finance/nothing"}, "AG308"),
    ],
)
def test_what_names_a_table_or_a_metric_that_is_not_there_is_refused(server, fields, code):
    before = count(server)

    found = server.as_("admin").post(ADMIN, json=MRR | fields)

    assert found.status_code == 422
    assert [it["code"] for it in found.json()["diagnostics"]] == [code]
    assert count(server) == before


def test_where_no_table_is_registered_any_may_be_read(start: Start, repository: GitRepository):
    repository.write("agnes.yml", "name: Tables are elsewhere\n")
    repository.commit()

    assert start(repository).as_("admin").post(ADMIN, json=MRR).status_code == 201


def test_metrics_that_come_together_may_name_each_other(server: Running):
    text = "".join(
        f"- {{name: {name}, category: x, unit: USD, grain: monthly, inputs: [x/{other}], "
        f"sql: SELECT 1 AS {name} FROM orders}}\n"
        for name, other in (("a", "b"), ("b", "a"))
    )

    found = server.as_("admin").post(f"{ADMIN}/import", files={"file": ("x.yml", text)})

    assert (found.status_code, found.json()["count"]) == (200, 2)


def test_an_id_that_is_not_category_and_name_is_refused(server: Running):
    found = server.as_("admin").post(ADMIN, json=MRR | {"id": "finance/other"})

    assert (found.status_code, "make them equal" in found.json()["hint"]) == (422, True)


HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"name": "a", "name": "b", "category": "c", "sql": "SELECT 1"}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "unit": "\\ud800"}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "\\ud800": "x"}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "meta": {"x": NaN}}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "meta": {"x": 1e999}}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "meta": {"x": ' + b"9" * 5_000 + b"}}",
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "meta": '
    + b'{"x":' * 99
    + b"1"
    + b"}" * 100,
    b"[" * 100_000,
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "unit": "a\\u0000b"}',
    b'{"name": "../x", "category": "c", "sql": "SELECT 1"}',
    b'{"name": "a", "category": "../../.git", "sql": "SELECT 1"}',
    b'{"name": "a", "category": "c", "sql": "SELECT 1", "id": 7}',
    b"\xff\xfe{}",
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ADMIN),
        ("PATCH", f"{ADMIN}/revenue/mrr"),
        ("POST", "/api/proposals/metrics"),
        ("POST", "/api/admin/metadata/orders"),
    ],
)
def test_a_hostile_body_is_refused_and_changes_nothing(server: Running, method, path):
    client = server.as_("admin")
    for body in HOSTILE:
        found = client.request(
            method, path, content=body, headers={"Content-Type": "application/json"}
        )

        assert 400 <= found.status_code < 500, (body[:60], found.text)
        assert found.json()["detail"]
    assert server.repository.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert count(server) == 1


def test_a_body_above_the_limit_is_413(start: Start, catalog: GitRepository):
    server = start(catalog, body_mb=1)
    client = server.as_("admin")

    for path, sent in (
        (ADMIN, {"json": MRR | {"description": "x" * 2**20}}),
        (f"{ADMIN}/import", {"files": {"file": ("x.yml", b"x" * 2**20)}}),
    ):
        assert client.post(path, **sent).status_code == 413


# Change


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_some_fields_are_changed_and_the_others_kept(server: Running, method):
    found = server.as_("admin").request(
        method, f"{ADMIN}/revenue/mrr", json={"unit": "EUR", "description": None}
    )

    assert found.status_code == 200
    assert (found.json()["unit"], found.json()["description"]) == ("EUR", None)
    assert found.json()["synonyms"] == ["mrr synonym"]


def test_what_changes_nothing_is_answered_without_a_commit(server: Running):
    found = server.as_("admin").patch(f"{ADMIN}/revenue/mrr", json={"unit": "USD"})

    assert (found.status_code, "agnes-commit" in found.headers) == (200, False)
    assert count(server) == 1


def test_what_is_not_there_cannot_be_changed(server: Running):
    found = server.as_("admin").patch(f"{ADMIN}/revenue/none", json={"unit": "USD"})

    assert (found.status_code, found.json()["detail"]) == (404, "Metric 'revenue/none' not found")


def test_the_id_stays(server: Running):
    client = server.as_("admin")

    for fields in ({"name": "arr"}, {"category": "sales"}, {"id": "revenue/arr"}):
        assert client.patch(f"{ADMIN}/revenue/mrr", json=fields).status_code == 422
    assert count(server) == 1


# Delete


def test_a_metric_is_deleted(server: Running):
    client = server.as_("admin")

    found = client.delete(f"{ADMIN}/revenue/mrr")

    assert (found.status_code, found.json()) == (200, {"status": "deleted", "id": "revenue/mrr"})
    assert client.get("/api/metrics/revenue/mrr").status_code == 404


@pytest.mark.parametrize("metric_id", ["revenue/none", "none", "..%2F..%2Fagnes", "a%00b", "%ff"])
def test_what_is_not_there_cannot_be_deleted(server: Running, metric_id):
    found = server.as_("admin").delete(f"{ADMIN}/{metric_id}")

    assert found.status_code == 404
    assert "not found" in found.json()["detail"]


# Versions


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_a_change_of_the_version_that_was_read_is_made(server: Running, method):
    path = ADMIN if method == "POST" else f"{ADMIN}/revenue/mrr"
    body = {} if method == "DELETE" else {"json": MRR | REVENUE}

    found = server.as_("admin").request(method, path, headers={"If-Match": etag(server)}, **body)

    assert found.status_code in (200, 201), found.text
    assert count(server) == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_a_change_of_a_version_that_is_not_there_any_more_is_412(server: Running, method):
    read = etag(server)
    server.commit({FILE: metric_yaml("mrr", unit="EUR")})
    path = ADMIN if method == "POST" else f"{ADMIN}/revenue/mrr"
    body = {} if method == "DELETE" else {"json": MRR | REVENUE}

    found = server.as_("admin").request(method, path, headers={"If-Match": read}, **body)

    assert (found.status_code, "read it again" in found.json()["hint"]) == (412, True)
    assert count(server) == 2


def test_a_change_of_another_metric_leaves_a_version_good(server: Running):
    read = etag(server)
    server.commit({"metrics/revenue/arr.yml": metric_yaml("arr", unit="EUR")})

    found = server.as_("admin").patch(
        f"{ADMIN}/revenue/mrr", json={"unit": "EUR"}, headers={"If-Match": read}
    )

    assert found.status_code == 200


def test_any_version_is_asked_for_with_a_star(server: Running):
    client = server.as_("admin")
    star = {"If-Match": "*"}

    assert client.patch(f"{ADMIN}/revenue/mrr", json={"unit": "EUR"}, headers=star).is_success
    assert client.post(ADMIN, json=MRR, headers=star).status_code == 412


def test_no_version_is_asked_for_to_create_only(server: Running):
    client = server.as_("admin")
    star = {"If-None-Match": "*"}

    assert client.post(ADMIN, json=MRR, headers=star).status_code == 201
    assert client.post(ADMIN, json=MRR, headers=star).status_code == 412


def test_writers_of_different_metrics_all_succeed(server: Running):
    client = server.as_("admin")

    def define(at: int) -> int:
        body = MRR | {"id": f"finance/m{at}", "name": f"m{at}"}
        return client.post(ADMIN, json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(define, range(12))) == {201}
    assert client.get("/api/metrics?category=finance").json()["count"] == 12
    assert count(server) == 13


def test_of_writers_of_the_same_version_one_wins_and_the_others_are_told(server: Running):
    read = {"If-Match": etag(server)}
    client = server.as_("admin")
    together = threading.Barrier(4)

    def change(unit: str) -> tuple[str, int]:
        together.wait()
        found = client.patch(f"{ADMIN}/revenue/mrr", json={"unit": unit}, headers=read)
        return unit, found.status_code

    with ThreadPoolExecutor(4) as pool:
        answers = dict(pool.map(change, ["EUR", "GBP", "CHF", "SEK"]))

    (winner,) = [unit for unit, status in answers.items() if status == 200]
    assert {status for status in answers.values() if status != 200} <= {409, 412}
    assert client.get("/api/metrics/revenue/mrr").json()["unit"] == winner
    assert count(server) == 2


def test_a_version_that_another_server_gave_out_is_found(start: Start, catalog, tmp_path):
    """Two servers of one remote; this one has not yet fetched what the other one changed."""
    catalog.git("init", "--quiet", "--bare", str(tmp_path / "remote.git"))
    catalog.git("push", "--quiet", str(tmp_path / "remote.git"), "main")
    servers = []
    for name in ("one", "two"):
        clone = GitRepository(tmp_path / name)
        catalog.git("clone", "--quiet", "-b", "main", str(tmp_path / "remote.git"), str(clone.path))
        servers.append(start(clone, follow="origin/main", data_dir=tmp_path / f"data-{name}"))
    first = servers[0].as_("admin").patch(f"{ADMIN}/revenue/mrr", json={"unit": "EUR"})

    second = (
        servers[1]
        .as_("admin")
        .patch(
            f"{ADMIN}/revenue/mrr",
            json={"unit": "GBP"},
            headers={"If-Match": first.headers["etag"]},
        )
    )

    assert (first.status_code, second.status_code) == (200, 200), second.text
    assert GitRepository(tmp_path / "remote.git").git("rev-list", "--count", "main") == "3"


# Sent again


def test_a_request_that_is_sent_again_is_done_once_and_answered_the_same(server: Running):
    client = server.as_("admin")
    key = {"Idempotency-Key": "one"}

    first, second = (client.post(ADMIN, json=MRR, headers=key) for _ in range(2))

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["agnes-commit"] == second.headers["agnes-commit"]
    assert count(server) == 2


def test_also_when_somebody_changed_it_since(server: Running):
    client = server.as_("admin")
    sent = {
        "json": {"unit": "EUR"},
        "headers": {"Idempotency-Key": "one", "If-Match": etag(server)},
    }
    client.patch(f"{ADMIN}/revenue/mrr", **sent)
    client.patch(f"{ADMIN}/revenue/mrr", json={"unit": "GBP"})

    again = client.patch(f"{ADMIN}/revenue/mrr", **sent)

    assert (again.status_code, again.json()["unit"]) == (200, "EUR")
    assert client.get("/api/metrics/revenue/mrr").json()["unit"] == "GBP"


def test_a_deletion_that_is_sent_again_is_not_404(server: Running):
    client = server.as_("admin")
    key = {"Idempotency-Key": "one"}

    answers = [client.delete(f"{ADMIN}/revenue/mrr", headers=key) for _ in range(2)]

    assert [found.status_code for found in answers] == [200, 200]


def test_a_key_of_another_request_is_refused(server: Running):
    client = server.as_("admin")
    key = {"Idempotency-Key": "one"}
    client.post(ADMIN, json=MRR, headers=key)

    found = client.post(ADMIN, json=MRR | {"unit": "EUR"}, headers=key)

    assert found.status_code == 422


def test_what_failed_may_be_sent_again(server: Running):
    client = server.as_("admin")
    key = {"Idempotency-Key": "one"}
    server.repository.write(FILE, "being written")
    body = {"json": {"unit": "EUR"}, "headers": key}
    first = client.patch(f"{ADMIN}/revenue/mrr", **body)
    server.repository.git("checkout", "--quiet", "--", FILE)

    second = client.patch(f"{ADMIN}/revenue/mrr", **body)

    assert (first.status_code, second.status_code) == (409, 200)


def test_a_request_whose_answer_is_lost_is_done_once(server: Running):
    """The socket is cut; the client sends it again with its key."""
    import socket

    token = server.token("admin@example.com", "admin")
    body = json.dumps(MRR).encode()
    head = (
        f"POST {ADMIN} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: cut\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)

    found = server.client(token).post(
        ADMIN, content=body, headers={"Content-Type": "application/json", "Idempotency-Key": "cut"}
    )

    assert found.status_code == 201
    assert count(server) == 2


# Import


def upload(server: Running, text: str | bytes, **more):
    content = text.encode() if isinstance(text, str) else text
    return server.as_("admin").post(
        f"{ADMIN}/import", files={"file": ("pack.yml", content)}, **more
    )


ONE = "name: {name}\ncategory: sales\nsql: SELECT 1 AS x\n"


def listed(*names: str) -> str:
    return "".join(f"- name: {it}\n  category: sales\n  sql: SELECT 1 AS x\n" for it in names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ONE.format(name="a"), 1),
        (listed("a"), 1),
        (listed("a", "b", "c"), 3),
        ("- just text\n" + listed("a") + "- 7\n", 1),
        (ONE.format(name="a") + "table: orders\nsql_by_day: SELECT 2 AS x\n", 1),
    ],
)
def test_a_file_is_imported_in_one_commit(server: Running, text, expected):
    found = upload(server, text)

    assert (found.status_code, found.json()) == (200, {"status": "imported", "count": expected})
    row = server.as_("viewer").get("/api/metrics/sales/a").json()
    assert row["source"] == "yaml_import"
    assert count(server) == 2


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("name: [", "Invalid YAML: line 1, column 8: "),
        ("a: 1\na: 2", "Invalid YAML: line 2, column 1: "),
        (b"\xff\xfe\x00", "Invalid YAML: "),
        ("", "Empty YAML file"),
        ("# nothing\n", "Empty YAML file"),
        ("[]", "Empty YAML file"),
        ("just text", "Empty YAML file"),
        ("name: a\nsql: SELECT 1", "Each metric must have 'name' and 'category' fields"),
        ("- category: a\n", "Each metric must have 'name' and 'category' fields"),
        (listed("a") + "- name: b\n", "Each metric must have 'name' and 'category' fields"),
        ("&a [*a]", "Invalid YAML: "),
        ("[" * 100_000, "Invalid YAML: "),
    ],
)
def test_a_file_that_is_none_is_400_with_the_reason(server: Running, text, detail):
    found = upload(server, text)

    assert (found.status_code, found.json()["detail"][: len(detail)]) == (400, detail)
    assert count(server) == 1


@pytest.mark.parametrize(
    "text",
    [
        listed("a") + "- {name: b, category: sales}\n",
        listed("a") + "- {name: b, category: sales, sql: DROP TABLE x}\n",
        listed("a", "a"),
        listed("a") + "- {name: [b], category: {c: d}, sql: SELECT 1}\n",
    ],
)
def test_of_a_file_with_a_metric_that_is_none_nothing_is_imported(server: Running, text):
    found = upload(server, text)

    assert (found.status_code, bool(found.json()["diagnostics"])) == (422, True)
    assert count(server) == 1


def test_a_file_must_be_there(server: Running):
    client = server.as_("admin")

    assert client.post(f"{ADMIN}/import").status_code == 422
    assert client.post(f"{ADMIN}/import", data={"file": "text"}).status_code == 422


def test_an_import_that_is_sent_again_is_done_once(server: Running):
    answers = [upload(server, ONE.format(name="a"), headers={"Idempotency-Key": "x"}) for _ in "12"]

    assert [found.json()["count"] for found in answers] == [1, 1]
    assert count(server) == 2


# Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ADMIN),
        ("PUT", f"{ADMIN}/revenue/mrr"),
        ("PATCH", f"{ADMIN}/revenue/mrr"),
        ("DELETE", f"{ADMIN}/revenue/mrr"),
        ("POST", f"{ADMIN}/import"),
        ("POST", "/api/admin/metadata/orders"),
        ("POST", "/api/admin/metadata/orders/push"),
    ],
)
def test_only_admins_change_the_catalog(server: Running, method, path):
    sent = {"files": {"file": ("x.yml", b"a: 1")}} if "import" in path else {"json": MRR}
    sent = {} if method == "DELETE" or "push" in path else sent
    sent = {"json": {"columns": []}} if path.endswith("orders") else sent

    for role in ("viewer", "analyst"):
        found = server.as_(role).request(method, path, **sent)
        assert (found.status_code, found.json()) == (403, {"detail": "Admin access required"})
    nobody = server.client().request(method, path, **sent)
    assert (nobody.status_code, bool(nobody.json()["detail"])) == (401, True)
    assert count(server) == 1


def test_a_cookie_is_not_enough_to_change_something(server: Running):
    token = server.token("admin@example.com", "admin")

    found = server.client().post(ADMIN, json=MRR, headers={"Cookie": f"access_token={token}"})

    assert found.status_code == 401


def test_changes_are_in_the_audit_log(server: Running):
    client = server.as_("admin")
    client.post(ADMIN, json=MRR)
    client.patch(f"{ADMIN}/finance/mrr", json={"unit": "EUR"})
    client.delete(f"{ADMIN}/finance/mrr")

    entries, _ = server.instance.state.audit.list(action="metric.")
    assert [(entry.action, entry.target) for entry in entries] == [
        (f"metric.{what}", "finance/mrr") for what in ("delete", "update", "define")
    ]
    assert all(entry.facts["commit"] for entry in entries)


# Review


@pytest.fixture
def reviewed(start: Start, catalog: GitRepository) -> Running:
    catalog.write("agnes.yml", "write_mode: branch\n")
    catalog.commit()
    return start(catalog)


@pytest.mark.parametrize(
    ("method", "path", "sent", "what"),
    [
        ("POST", ADMIN, {"json": MRR}, "finance/mrr: added"),
        ("PATCH", f"{ADMIN}/revenue/mrr", {"json": {"unit": "EUR"}}, "revenue/mrr: unit"),
        ("DELETE", f"{ADMIN}/revenue/mrr", {}, "revenue/mrr: removed"),
        (
            *("POST", f"{ADMIN}/import"),
            {"files": {"file": ("x.yml", ONE.format(name="a"))}},
            "sales/a: added",
        ),
        (
            *("POST", "/api/admin/metadata/orders"),
            {"json": {"columns": [{"column_name": "amount", "description": "In dollars"}]}},
            "tables/orders: ",
        ),
    ],
)
def test_where_changes_are_reviewed_each_waits_on_a_branch(
    reviewed: Running, method, path, sent, what
):
    found = reviewed.as_("admin").request(method, path, **sent)

    assert found.status_code == 202, found.text
    said = found.json()
    assert said["status"] == "in_review"
    assert reviewed.repository.git("rev-parse", said["branch"]) == said["commit"]
    assert said["branch"].startswith("agnes/admin/")
    assert said["diff"].startswith(what)
    assert count(reviewed) == 2
