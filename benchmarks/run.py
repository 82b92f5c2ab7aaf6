"""What `da metrics run` adds to DuckDB's own time for the same SQL, each in a fresh process.

    python -m benchmarks.run [--rounds 15]

The starter catalog and two years of sample data. DuckDB is a Python process that imports it, makes
a view of the table and runs the query that `--compile` prints, with its parameters. The two take
turns, so that both see the same machine. The limit is 150 ms for a canonical query.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agnes.demo import write_demo_data
from agnes.scaffold import create_catalog

LIMIT_MS = 150
ASKS = {
    "canonical": ["revenue/total_revenue"],
    "canonical, a variant": ["revenue/total_revenue", "--by", "region"],
    "a balance": ["revenue/mrr"],
    "derived: quarterly": ["revenue/total_revenue", "--grain", "quarterly"],
    "derived: condition": ["revenue/total_revenue", "--where", "region = 'europe'"],
}
_PEER = """
import sys
import duckdb
connection = duckdb.connect()
for table in ("orders", "subscriptions"):
    connection.execute(f"CREATE VIEW {table} AS FROM 'data/parquet/{table}.parquet'")
print(connection.execute(open(sys.argv[1]).read()).fetchall())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        catalog = Path(name) / "catalog"
        create_catalog(catalog)
        write_demo_data(catalog / "data" / "parquet")
        (catalog / "peer.py").write_text(_PEER)
        print(f"{'p50, milliseconds':24}{'duckdb':>9}{'run':>9}{'added':>9}   limit {LIMIT_MS}")
        for label, ask in ASKS.items():
            (catalog / "query.sql").write_text(da(catalog, *ask, "--compile"))
            peer = [sys.executable, "peer.py", "query.sql"]
            run = [sys.executable, "-m", "agnes", "metrics", "run", *ask]
            pairs = [(seconds(peer, catalog), seconds(run, catalog)) for _ in range(rounds)]
            plain, ours = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
            added = statistics.median(b - a for a, b in pairs) * 1000
            print(f"{label:24}{plain:9.0f}{ours:9.0f}{added:9.0f}", flush=True)


def da(catalog: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "agnes", "metrics", "run", *arguments]
    return subprocess.run(command, cwd=catalog, check=True, capture_output=True, text=True).stdout


def seconds(command: Sequence[str], folder: Path) -> float:
    at = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=dict(os.environ))
    return time.perf_counter() - at


if __name__ == "__main__":
    main()
