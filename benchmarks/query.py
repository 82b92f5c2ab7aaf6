"""How quick a small query is: over HTTP, in a warm sandbox, and in DuckDB itself.

    python -m benchmarks.query [--rounds 300]

A server in a process of its own, one client, one connection, a signed-in analyst, a table of
100,000 rows. DuckDB runs in the same process as the measurement, with one thread, its file opened
before: nothing is checked there, and nobody is asked who they are.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import httpx

from agnes.queries import Queries, Tables
from agnes.sandbox import Limits

QUERIES = {
    "SELECT 1": "SELECT 1 AS one",
    "10 of 100,000 rows": "SELECT * FROM orders WHERE id BETWEEN 500 AND 509",
    "group and sort": "SELECT name, sum(amount) AS total FROM orders GROUP BY name "
    "ORDER BY total DESC LIMIT 10",
    "1,000 rows": "SELECT * FROM orders LIMIT 1000",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = make(folder)
        print(f"{'p50, milliseconds':24}{'duckdb':>9}{'sandbox':>9}{'http':>9}   http / duckdb")
        with duckdb.connect(config={"threads": 1}) as plain, Queries(Limits()) as queries:
            plain.execute(f"CREATE VIEW orders AS FROM '{file}'")
            tables: Tables = {"orders": [file]}
            with serve(folder) as client:
                for label, sql in QUERIES.items():
                    found = [
                        p50(lambda sql=sql: plain.execute(sql).fetchall(), rounds),
                        p50(lambda sql=sql: queries.run(sql, tables), rounds),
                        p50(lambda sql=sql: client(sql), rounds),
                    ]
                    shown = "".join(f"{ms:9.2f}" for ms in found)
                    print(f"{label:24}{shown}   {found[2] / found[0]:.1f}")


def make(folder: Path) -> Path:
    """A catalog of one table, and its data."""
    catalog, file = folder / "catalog", folder / "data" / "parquet" / "orders.parquet"
    (catalog / "tables").mkdir(parents=True)
    file.parent.mkdir(parents=True)
    (catalog / "agnes.yml").write_text("name: Benchmark\n")
    (catalog / "tables" / "orders.yml").write_text("id: orders\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Start"]):
        person = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(catalog), *person, *command], check=True)
    duckdb.sql(
        "COPY (SELECT i AS id, i * 1.25 AS amount, 'n' || i % 100 AS name FROM range(100000) t(i))"
        f" TO '{file}'"
    )
    return file


class serve:  # noqa: N801  (a context manager)
    """A server, and a function that asks it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Callable[[str], None]:
        code = (
            "import sys, socket, uvicorn\n"
            "from agnes.api.app import create_app\n"
            "from agnes.config.instance import InstanceSettings\n"
            "app = create_app(InstanceSettings.load(catalog=sys.argv[1], data_dir=sys.argv[2]))\n"
            "at = socket.create_server(('127.0.0.1', 0))\n"
            "class Server(uvicorn.Server):\n"
            "    async def startup(self, sockets=None):\n"
            "        await super().startup(sockets)\n"
            "        running = app.state.instance\n"
            "        user = running.state.users.create('ada@example.com', role='analyst')\n"
            "        token = running.authenticator.sign_in_as(user).token\n"
            "        print(at.getsockname()[1], token, flush=True)\n"
            "Server(uvicorn.Config(app, log_level='error')).run(sockets=[at])\n"
        )
        command = [sys.executable, "-c", code, self._folder / "catalog", self._folder / "data"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port, token = self._process.stdout.readline().split()
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers)
        return self._ask

    def _ask(self, sql: str) -> None:
        answer = self._client.post("/api/query", json={"sql": sql, "limit": 10_000})
        assert answer.status_code == 200, answer.text

    def __exit__(self, *exception: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait()


def p50(run: Callable[[], object], rounds: int) -> float:
    """The median of some rounds, in milliseconds; a tenth of them comes before, to warm up."""
    times = []
    for at in range(rounds + rounds // 10):
        started = time.perf_counter()
        run()
        if at >= rounds // 10:
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
