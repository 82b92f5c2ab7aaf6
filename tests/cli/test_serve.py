from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.conftest import GitRepository


def start(*arguments: str, cwd: Path) -> tuple[subprocess.Popen[str], str]:
    """`da serve` on a free port, and its address once it answers."""
    command = [sys.executable, "-m", "agnes", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://\S+:\d+", line)
    assert found, line + process.communicate()[1]
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{found[0]}/api/health/ready", timeout=5).status_code == 200:
                return process, found[0]
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "it does not answer"
        time.sleep(0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_until_it_is_told_to_end(catalog: GitRepository, workers):
    process, url = start("--workers", str(workers), cwd=catalog.path)
    assert process.stdout
    assert "da setup bootstrap" in process.stdout.readline()
    assert httpx.get(f"{url}/api/health").json()["status"] == "healthy"

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)

    assert err == ""
    assert process.returncode in (0, -signal.SIGTERM)


def test_what_it_writes_is_its_own_and_none_of_gits(catalog: GitRepository):
    process, _ = start(cwd=catalog.path)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    secret = catalog.path / "data" / "state" / ".jwt_secret"
    assert oct(secret.stat().st_mode & 0o777) == "0o600"
    assert len(secret.read_text()) == 64
    assert catalog.git("status", "--porcelain") == ""


def test_a_port_that_is_taken_is_one_line_with_a_remedy(catalog: GitRepository):
    process, url = start(cwd=catalog.path)
    port = url.rpartition(":")[2]

    done = subprocess.run(
        [sys.executable, "-m", "agnes", "serve", "--port", port],
        cwd=catalog.path,
        capture_output=True,
        text=True,
        check=False,
    )
    process.kill()
    process.communicate()

    assert done.returncode == 1
    assert done.stderr == (
        f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "  help: choose another one: da serve --port 8001\n"
    )


def test_the_demo_has_metrics_data_and_an_admin(tmp_path: Path, monkeypatch):
    for name in ("AGNES_AUTHOR", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name)  # git need not know who somebody is who only looks
    process, url = start("--demo", cwd=tmp_path)
    assert process.stdout
    said = ""
    while "/api/query" not in said:
        said += process.stdout.readline()
    commands = [line for line in said.splitlines() if line.startswith(("  TOKEN=", "  curl "))]

    done = subprocess.run(
        ["bash", "-c", "; echo; ".join(commands)], capture_output=True, text=True, check=True
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)

    assert len(commands) == 3
    assert '"id":"revenue/mrr"' in done.stdout
    assert '"columns":["orders"]' in done.stdout.replace(" ", "")
    assert (tmp_path / "agnes-demo" / "agnes.yml").is_file()
    assert url in said
