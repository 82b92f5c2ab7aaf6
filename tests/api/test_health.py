from __future__ import annotations

import hmac
import json
import socket
from hashlib import sha256

import pytest

from tests.api.conftest import Running, Start
from tests.conftest import GitRepository, metric_yaml


def test_health_needs_no_token(server: Running):
    found = server.client().get("/api/health").json()

    assert found["status"] == "healthy"
    assert found["services"]["duckdb_state"]["status"] == "ok"
    assert found["catalog"]["commit"] == server.instance.serving.edition.commit
    assert (found["schema_version"], found["instance_name"]) == (4, "Test catalog")


def test_a_file_that_does_not_validate_degrades_the_instance_and_is_served_as_before(
    server: Running,
):
    server.commit({"metrics/revenue/mrr.yml": "name: [\n"})
    server.instance._status = None

    assert server.client().get("/api/health").json()["status"] == "degraded"
    assert server.client().get("/api/health/ready").status_code == 200
    assert server.as_("viewer").get("/api/metrics/revenue/mrr").json()["stale"] is True


def test_an_instance_without_a_commit_lives_but_is_not_ready(start: Start, repository):
    repository.write("agnes.yml", "name: Empty\n")
    client = start(repository).client()

    assert client.get("/api/health/live").status_code == 200
    assert client.get("/api/health/ready").status_code == 503
    assert client.get("/api/health").json()["status"] == "unhealthy"


def test_an_instance_serves_as_soon_as_there_is_a_commit(start: Start, repository: GitRepository):
    repository.write("agnes.yml", "name: Empty\n")
    server = start(repository)
    waiting = server.as_("viewer").get("/api/metrics")

    commit = repository.commit()
    while not server.instance.serving.is_ready:
        pass
    server.wait_for(commit)

    assert waiting.status_code == 503
    assert server.as_("viewer").get("/api/metrics").json()["count"] == 0


SECRET = "a webhook's secret"


@pytest.fixture
def followed(start: Start, catalog: GitRepository, tmp_path):
    """A server of a clone that fetches when it is told to alone."""
    path = tmp_path / "clone"
    catalog.git("clone", "--quiet", str(catalog.path), str(path))
    clone = GitRepository(path)
    return start(clone, follow="origin/main", webhook_secret=SECRET)


@pytest.mark.parametrize("by", ["signature", "token"])
def test_a_signed_webhook_brings_what_was_pushed(followed: Running, catalog: GitRepository, by):
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    commit = catalog.commit()
    body = json.dumps({"ref": "refs/heads/main"}).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, sha256).hexdigest()
    headers = (
        {"X-Hub-Signature-256": signature} if by == "signature" else {"X-Gitlab-Token": SECRET}
    )

    found = followed.client().post("/api/hooks/git", content=body, headers=headers)

    assert found.status_code == 202
    followed.wait_for(commit)


@pytest.mark.parametrize(
    "headers", [{}, {"X-Hub-Signature-256": "sha256=0"}, {"X-Gitlab-Token": "é"}]
)
def test_a_webhook_that_is_not_signed_is_refused(followed: Running, headers):
    encoded = {name: value.encode() for name, value in headers.items()}

    assert followed.client().post("/api/hooks/git", headers=encoded).status_code == 401


def test_where_no_secret_is_set_there_is_no_webhook(server: Running):
    assert server.client().post("/api/hooks/git").status_code == 404


def test_slow_clients_keep_nobody_out(server: Running):
    host, port = server.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(200)]
    for connection in slow:
        connection.sendall(b"POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")

    found = server.client().get("/api/health/ready", timeout=5)

    assert found.status_code == 200
    for connection in slow:
        connection.close()
