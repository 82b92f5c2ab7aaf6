"""Several servers over one remote, with one PostgreSQL for users and tokens."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.api.conftest import PASSWORD, Running, Start
from tests.auth.conftest import kind, migrated, postgres, url  # noqa: F401  (fixtures)
from tests.conftest import GitRepository, metric_yaml


@pytest.fixture
def replicas(start: Start, catalog: GitRepository, tmp_path: Path, url: str):  # noqa: F811
    """Two servers, each with a clone of its own."""
    remote = tmp_path / "remote.git"
    catalog.git("clone", "--quiet", "--bare", str(catalog.path), str(remote))
    found = []
    for name in ("one", "two"):
        catalog.git("clone", "--quiet", str(remote), str(tmp_path / name))
        found.append(
            start(
                GitRepository(tmp_path / name),
                follow="origin/main",
                fetch_every=1,
                state_url=url,
                jwt_secret="the same in each of them, and long",
            )
        )
    return found


def unit(server: Running, token: str) -> str:
    return server.client(token).get("/api/metrics/revenue/mrr").json()["unit"]


def eventually(expected: object, ask) -> None:
    deadline = time.monotonic() + 20
    while (found := ask()) != expected:
        assert time.monotonic() < deadline, f"{found!r} instead of {expected!r}"
        time.sleep(0.1)


def test_they_are_one_server_to_their_users(replicas: list[Running]):
    one, two = replicas
    person = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    assert one.client().post("/auth/bootstrap", json=person).status_code == 200
    assert two.client().post("/auth/bootstrap", json=person).status_code == 403
    token = two.client().post("/auth/token", json=person).json()["access_token"]

    found = one.client(token).post(
        "/api/admin/metrics",
        json={"name": "mrr", "category": "revenue", "unit": "EUR", "sql": "SELECT 1 FROM orders"},
    )

    assert (found.status_code, found.json()["unit"]) == (201, "EUR")
    eventually("EUR", lambda: unit(two, token))
    assert one.client(token).post("/auth/logout").status_code in (200, 204)
    eventually(401, lambda: two.client(token).get("/api/metrics").status_code)


def test_what_is_pushed_by_others_reaches_both(replicas: list[Running], tmp_path: Path):
    author = GitRepository(tmp_path / "author")
    replicas[0].repository.git("clone", "--quiet", str(tmp_path / "remote.git"), str(author.path))
    author.write("metrics/revenue/mrr.yml", metric_yaml("mrr", unit="CZK"))
    author.commit()
    author.git("push", "--quiet", "origin", "main")

    for server in replicas:
        token = server.token("reader@example.com")
        eventually("CZK", lambda server=server, token=token: unit(server, token))
