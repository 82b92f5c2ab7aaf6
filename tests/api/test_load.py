"""Reads while commits arrive: none fails, and each is wholly of one commit."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Running, Start
from tests.conftest import GitRepository, metric_yaml

NAMES = [f"zebra_{number:02}" for number in range(20)]
READERS = 4
ROUTES = ["/api/metrics", "/api/metrics?fields=id,unit", "/api/metrics?q=zebra&fields=unit,id"]


def files(unit: str) -> dict[str, str]:
    return {f"metrics/load/{name}.yml": metric_yaml(name, unit=unit) for name in NAMES}


def read(server: Running, token: str, stop: threading.Event, problems: list[str]) -> None:
    """Read until the end; each list has one unit, and a later one never an earlier unit."""
    headers = {"Authorization": f"Bearer {token}"}
    last = 0
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        while not stop.is_set():
            for route in ROUTES:
                found = client.get(route)
                if found.status_code != 200:
                    problems.append(f"{route}: {found.status_code} {found.text}")
                    return
                metrics = [it for it in found.json()["metrics"] if it["id"].startswith("load/")]
                units = {it["unit"] for it in metrics}
                if len(units) != 1 or len(metrics) != len(NAMES):
                    problems.append(f"{route}: torn: {sorted(units)}, {len(metrics)} metrics")
                    return
                unit = int(units.pop())
                if unit < last:
                    problems.append(f"{route}: {unit} after {last}")
                    return
                last = unit


def resident() -> int:
    """Bytes of memory of this process, which is the server's too."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize(
    "seconds", [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
def test_no_read_fails_or_is_torn(start: Start, catalog: GitRepository, seconds):
    for path, content in files("0").items():
        catalog.write(path, content)
    catalog.commit()
    server = start(catalog)
    token = server.token("reader@example.com")
    stop, problems = threading.Event(), []
    readers = [
        threading.Thread(target=read, args=[server, token, stop, problems]) for _ in range(READERS)
    ]
    for reader in readers:
        reader.start()
    warm: tuple[int, int] | None = None
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < seconds and not problems:
        number += 1
        server.commit(files(str(number)))
        if warm is None and time.monotonic() - began > seconds / 3:
            warm = resident(), descriptors()
        time.sleep(0.5)
    memory, files_open = resident(), descriptors()
    stop.set()
    for reader in readers:
        reader.join(30)

    assert problems == []
    assert number >= seconds / 3
    assert warm is not None
    assert memory < warm[0] * 1.1 + 20 * 2**20
    assert files_open <= warm[1] + 10
