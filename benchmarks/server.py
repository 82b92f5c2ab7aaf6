"""How many requests the server answers, beside bare routes of FastAPI and Starlette in the same run.

python -m benchmarks.server [--count 10000] [--seconds 5]

Needs wrk on the PATH. Everything runs on loopback, the load on the same cores as the server.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import httpx

from benchmarks.generate import commit, generate

CONNECTIONS = 16
FIELDS = "id,display_name,description,category,unit,grain,status"
BARE = """
import json, sys
from fastapi import FastAPI
from starlette.responses import JSONResponse, Response
metric = json.load(open(sys.argv[1]))
packed = open(sys.argv[2], "rb").read()
app = FastAPI()
@app.get("/fastapi/{metric_id:path}")
async def of_fastapi(metric_id: str):
    return metric
async def of_starlette(request):
    return JSONResponse(metric)
async def of_bytes(request):
    return Response(packed, media_type="application/json", headers={"Content-Encoding": "gzip"})
app.add_route("/starlette/{metric_id:path}", of_starlette)
app.add_route("/bytes", of_bytes)
import uvicorn
uvicorn.run(app, port=int(sys.argv[3]), log_level="warning", access_log=False)
"""
LUA = """
local ids = {}
for line in io.lines("%s") do ids[#ids + 1] = line end
local headers = {["Authorization"] = "Bearer %s", ["Accept-Encoding"] = "gzip", %s}
local n = 0
request = function()
  n = n %% #ids + 1
  return wrk.format("GET", ids[n], headers)
end
local bad = 0
done = function(summary, latency, requests)
  io.write(string.format("RATE %%f\\n", summary.requests / summary.duration * 1e6))
  io.write(string.format("P50 %%f\\n", latency:percentile(50) / 1000))
  io.write(string.format("P99 %%f\\n", latency:percentile(99) / 1000))
  local e = summary.errors
  io.write(string.format("ERRORS %%d\\n", e.connect + e.read + e.write + e.timeout + e.status))
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests a second, milliseconds, failed requests."""

    rate: float
    p50: float
    p99: float
    errors: int


def wrk(url: str, paths: list[str], seconds: float, token: str = "", headers: str = "") -> Load:
    with tempfile.TemporaryDirectory() as folder:
        listed, script = Path(folder) / "paths", Path(folder) / "load.lua"
        listed.write_text("\n".join(paths))
        script.write_text(LUA % (listed, token, headers))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s", "-s", str(script), url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = dict(re.findall(r"(RATE|P50|P99|ERRORS) ([\d.]+)", said))
    return Load(
        float(found["RATE"]), float(found["P50"]), float(found["P99"]), int(found["ERRORS"])
    )


@contextmanager
def process(command: list[str], ready: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, text=True)
    try:
        for _ in range(600):
            try:
                if httpx.get(ready, timeout=60).status_code < 500:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield running
    finally:
        running.terminate()
        running.wait(30)


def resident(pid: int) -> float:
    """Megabytes of memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def committing(catalog: Path, seconds: float) -> Iterator[list[int]]:
    """A commit every so many seconds, of one metric each."""
    stop = threading.Event()
    made: list[int] = []
    files = sorted((catalog / "metrics").glob("*/*.yml"))

    def go() -> None:
        while not stop.wait(seconds):
            file = random.choice(files)
            text = file.read_text()
            file.write_text(re.sub(r"(?m)^unit: .*$", f"unit: U{len(made)}", text))
            commit(catalog)
            made.append(1)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()


def row(name: str, value: str, limit: str = "") -> None:
    print(f"{name:<52} {value:>22}  {limit}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    if which("wrk") is None:
        sys.exit("wrk is not on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.count, options.seconds)


def sign_up(url: str) -> str:
    person = {"email": "a@example.com", "name": "A", "password": "correct horse battery"}
    httpx.post(f"{url}/auth/bootstrap", json=person).raise_for_status()
    return httpx.post(f"{url}/auth/token", json=person, timeout=30).json()["access_token"]


def measure(folder: Path, count: int, seconds: float) -> None:
    catalog = folder / "catalog"
    generate(catalog, count)
    ids = [f"{file.parent.name}/{file.stem}" for file in (catalog / "metrics").glob("*/*.yml")]
    random.Random(1).shuffle(ids)
    url, bare_url = "http://127.0.0.1:8765", "http://127.0.0.1:8766"
    serve = [sys.executable, "-m", "agnes", "serve", "--port", "8765"]
    with process(serve, f"{url}/api/health/ready", catalog) as server:
        token = sign_up(url)
        client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120
        )
        first = client.get(f"/api/metrics/{ids[0]}")
        (folder / "metric.json").write_text(first.text)
        listing = f"/api/metrics?fields={FIELDS}"
        with client.stream("GET", listing) as listed:
            packed = b"".join(listed.iter_raw())
        (folder / "list.gz").write_bytes(packed)
        (folder / "bare.py").write_text(BARE)
        bare = [sys.executable, "bare.py", "metric.json", "list.gz", "8766"]
        with process(bare, f"{bare_url}/fastapi/x", folder):
            fastapi = wrk(bare_url, [f"/fastapi/{it}" for it in ids], seconds).rate
            starlette = wrk(bare_url, [f"/starlette/{it}" for it in ids], seconds).rate
            raw_list = wrk(bare_url, ["/bytes"], seconds).rate
        row("a bare FastAPI route, JSON", f"{fastapi:,.0f}/s")
        row("a bare Starlette route, JSON", f"{starlette:,.0f}/s")
        row("the same bytes of the list from memory", f"{raw_list:,.0f}/s")
        paths = [f"/api/metrics/{it}" for it in ids]
        by_id = wrk(url, paths, seconds, token)
        ratio = f"{by_id.rate / fastapi:.2f} x FastAPI, {by_id.rate / starlette:.2f} x Starlette"
        row("GET /api/metrics/{id}", f"{by_id.rate:,.0f}/s", f"{ratio} (>= 1.0 x FastAPI)")
        tag = f'["If-None-Match"] = {json.dumps(first.headers["etag"])}'
        known = wrk(url, [f"/api/metrics/{ids[0]}"], seconds, token, tag).rate
        row("its 304", f"{known:,.0f}/s", f"{known / fastapi:.2f} x FastAPI (>= 1.0)")
        lists = wrk(url, [listing], seconds, token).rate
        row(
            "list, seven fields, gzip", f"{lists:,.0f}/s", f"{raw_list / lists:.2f} x slower (<= 3)"
        )
        plain = wrk(url, ["/api/catalog/tables"], seconds, token).rate
        row(
            "GET /api/catalog/tables",
            f"{plain:,.0f}/s",
            f"{plain / fastapi:.2f} x FastAPI (>= 0.75)",
        )
        quiet = wrk(url, paths, 4 * seconds, token)
        before = resident(server.pid)
        with committing(catalog, 1.0) as made:
            busy = wrk(url, paths, 4 * seconds, token)
        row("p99 by id, quiet", f"{quiet.p99:.1f} ms")
        row(
            f"p99 by id, {len(made)} commits meanwhile",
            f"{busy.p99:.1f} ms",
            f"{busy.p99 / quiet.p99:.2f} x (<= 2), {busy.errors} failed",
        )
        with committing(catalog, 0.3) as made:
            while len(made) < 100:
                wrk(url, paths, seconds, token)
        after = resident(server.pid)
        row(
            f"memory after {len(made)} commits more",
            f"{after:.0f} MB",
            f"before {before:.0f} MB (< 300), {descriptors(server.pid)} descriptors",
        )


if __name__ == "__main__":
    main()
