"""How quickly a workspace comes and is kept up to date, beside curl on the same files.

python -m benchmarks.workspace [--tables 50] [--megabytes 1000] [--rounds 3]

Needs curl on the PATH. Everything runs on loopback, on the same cores as the server; rounds of curl
and of `da` take turns. What one wrote is on the disk before the next begins: `da` waits until its
files are there, curl does not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import duckdb
import httpx

from benchmarks.generate import commit
from benchmarks.server import process, row, sign_up

PARALLEL = 4
PORT = 8767
_COLUMNS = 20
"""Of eight bytes each, in which nothing repeats."""


def make_catalog(catalog: Path, tables: int) -> list[str]:
    """A catalog of many tables."""
    subprocess.run(
        [sys.executable, "-m", "agnes", "init", str(catalog)], check=True, stdout=subprocess.DEVNULL
    )
    ids = [f"in.c-bench.table_{number:03d}" for number in range(tables)]
    for table_id in ids:
        (catalog / "tables" / f"{table_id}.yml").write_text(f"id: {table_id}\n")
    commit(catalog)
    return ids


def make_data(folder: Path, ids: list[str], megabytes: int) -> None:
    """As many bytes of parquet as are wanted, in equal parts."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(
        f"hash(range + {number * 1_000_000_000}) AS c{number}" for number in range(_COLUMNS)
    )
    rows = max(1, megabytes * 1_000_000 // len(ids) // (8 * _COLUMNS))
    with duckdb.connect() as connection:
        for table_id in ids:
            connection.execute(
                f"COPY (SELECT {columns} FROM range({rows})) "
                f"TO '{folder / table_id}.parquet' (FORMAT parquet, COMPRESSION uncompressed)"
            )


def curl(url: str, token: str, ids: list[str], folder: Path) -> float:
    """Seconds for all files, four at a time."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = folder / "curl.txt"
    settings.write_text(
        "\n".join(
            f'url = "{url}/api/data/{quote(it)}/download"\noutput = "{folder / it}.parquet"'
            for it in ids
        )
    )
    command = ["curl", "-sS", "--fail", "-Z", "--parallel-max", str(PARALLEL)]
    command += ["-H", f"Authorization: Bearer {token}", "-K", str(settings)]
    os.sync()
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def da(folder: Path, *arguments: str) -> tuple[float, str]:
    """Seconds of a command, and what it printed."""
    environment = os.environ | {"DA_CONFIG_DIR": str(folder.parent / "da-config")}
    folder.mkdir(exist_ok=True)
    command = [str(Path(sys.executable).with_name("da")), *arguments]
    os.sync()
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return took, done.stdout


def measure(folder: Path, tables: int, megabytes: int, rounds: int) -> None:
    catalog, data = folder / "catalog", folder / "data"
    ids = make_catalog(catalog, tables)
    make_data(data / "parquet", ids, megabytes)
    size = sum(path.stat().st_size for path in (data / "parquet").glob("*.parquet")) / 1e6
    url, workspace = f"http://127.0.0.1:{PORT}", folder / "workspace"
    serve = [sys.executable, "-m", "agnes", "serve", "--port", str(PORT)]
    os.environ["AGNES_DATA_DIR"] = str(data)
    with process(serve, f"{url}/api/health/ready", catalog):
        token = sign_up(url)
        answer = httpx.get(
            f"{url}/api/sync/manifest", headers={"Authorization": f"Bearer {token}"}, timeout=600
        )
        found = [it for it in ids if it in answer.json()["tables"]]
        assert len(found) == tables, json.dumps(answer.json())[:500]
        theirs, ours, whole = [], [], []
        for _ in range(rounds):
            theirs.append(curl(url, token, ids, folder / "curl"))
            shutil.rmtree(workspace, ignore_errors=True)
            took, said = da(workspace, "analyst", "setup", "--server-url", url, "--token", token)
            assert "Setup complete." in said
            whole.append(took)
            shutil.rmtree(workspace / "data" / "parquet")
            took, said = da(workspace, "sync")
            assert f"Downloaded: {tables}" in said
            ours.append(took)
        quiet = [da(workspace, "sync")[0] for _ in range(10)]
        bare = [_bare() for _ in range(5)]
    fast = size / statistics.median(theirs)
    row(f"curl, {tables} files, {size:,.0f} MB, {PARALLEL} at a time", f"{fast:,.0f} MB/s")
    speed = size / statistics.median(whole)
    row("da analyst setup, all eight steps", f"{speed:,.0f} MB/s", f"{speed / fast:.2f} (>= 0.80)")
    speed = size / statistics.median(ours)
    row("da sync of all tables", f"{speed:,.0f} MB/s", f"{speed / fast:.2f}")
    loading = statistics.median(ours) - statistics.median(quiet)
    row(
        "  what the files take of that",
        f"{size / loading:,.0f} MB/s",
        f"{size / loading / fast:.2f}",
    )
    row(
        "da sync, nothing new, cold",
        f"{1000 * statistics.median(quiet):,.0f} ms",
        f"longest {1000 * max(quiet):,.0f} (< 500)",
    )
    row('python -c "import typer, httpx"', f"{1000 * statistics.median(bare):,.0f} ms")


def _bare() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import typer, httpx"], check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=50)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("curl") is None:
        sys.exit("curl is not on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.tables, options.megabytes, options.rounds)


if __name__ == "__main__":
    main()
