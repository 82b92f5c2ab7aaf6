"""A real Caddy, with the file that is shipped, before a real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def proxy(server, tmp_path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "AGNES_DOMAIN": url,  # without a certificate
        "AGNES_UPSTREAM": server.url.removeprefix("http://"),
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    caddy = [Path(sys.executable).parent / "caddy", "run", "--adapter", "caddyfile"]
    with subprocess.Popen(
        [*caddy, "--config", ROOT / "deploy" / "Caddyfile"],
        env=environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{url}/api/health/live")
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline, "Caddy does not answer"
                time.sleep(0.05)
        yield url
        process.terminate()


def test_what_the_server_answers_comes_through(server, proxy):
    headers = {"Authorization": f"Bearer {server.token('a@example.com')}"}
    near = httpx.get(f"{server.url}/api/metrics", headers=headers)
    far = httpx.get(f"{proxy}/api/metrics", headers=headers)

    assert far.json() == near.json()
    assert far.headers["ETag"] == near.headers["ETag"]
    assert far.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in far.headers
    headers["If-None-Match"] = near.headers["ETag"]
    again = httpx.get(f"{proxy}/api/metrics", headers=headers)
    assert again.status_code == 304


def test_events_come_at_once(server, proxy):
    headers = {"Authorization": f"Bearer {server.token('a@example.com')}"}
    with httpx.stream("GET", f"{proxy}/api/events", headers=headers, timeout=10) as stream:
        lines = stream.iter_lines()
        assert "event: commit" in next(lines)
