"""How long the profile of a large table takes, beside DuckDB's own SUMMARIZE of the same file.

python -m benchmarks.profile [--rows 10000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

TIMES, MEGABYTES = 3.0, 2048
_COLUMNS = """
    i AS id,
    'C' || lpad((hash(i) % 100000)::VARCHAR, 6, '0') AS customer_id,
    'customer' || (hash(i) % 100000) || '@example.com' AS email,
    DATE '2020-01-01' + (hash(i + 1) % 2000)::INT AS day,
    TIMESTAMP '2020-01-01' + to_seconds((hash(i + 2) % 200000000)::BIGINT) AS created_at,
    CASE WHEN hash(i + 3) % 10 < 3 THEN TIMESTAMP '2021-01-01' + to_seconds(i) END AS closed_at,
    (hash(i + 4) % 1000000)::DECIMAL(12, 2) / 100 AS amount,
    (hash(i + 5) % 1000)::DOUBLE / 7 AS score,
    CASE WHEN hash(i + 6) % 20 > 0 THEN (hash(i + 6) % 90)::INT END AS age,
    hash(i + 7) % 2 = 0 AS active,
    ['new', 'open', 'won', 'lost'][1 + (hash(i + 8) % 4)::INT] AS status,
    ['DE', 'CZ', 'US', 'FR', 'GB'][1 + (hash(i + 9) % 5)::INT] AS country,
    'note ' || (hash(i + 10) % 5000000) AS note,
    uuid()::VARCHAR AS session_id,
    (hash(i + 11) % 500)::SMALLINT AS quantity,
"""


def make(path: Path, rows: int) -> None:
    """Thirty columns: numbers, texts, days, times and flags, each kind twice."""
    again = _COLUMNS.replace(" AS ", " AS b_").replace("i + ", "i + 1000000000 + ")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {_COLUMNS} {again} FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)"
        )


_SUMMARIZE = """
import duckdb, sys
with duckdb.connect(config={"threads": 2}) as connection:
    connection.execute(f"SUMMARIZE FROM '{sys.argv[1]}'").fetchall()
"""
_PROFILE = """
import sys
from pathlib import Path
from agnes.profile import Subject, profile_table
found = profile_table(Subject("bench", [Path(sys.argv[1])], hash="known"), seconds=600)
assert found["column_count"] == 30
"""


def run(code: str, path: Path) -> tuple[float, float]:
    """Seconds, and the most megabytes."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("it failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agnes-bench-") as folder:
        path = Path(folder) / "table.parquet"
        make(path, options.rows)
        megabytes = path.stat().st_size / 1e6
        print(f"{options.rows:,} rows, 30 columns, {megabytes:,.0f} MB of parquet")
        theirs, ours = [], []
        for _ in range(options.rounds):
            theirs.append(run(_SUMMARIZE, path))
            ours.append(run(_PROFILE, path))
    peer, took = (statistics.median(it[0] for it in found) for found in (theirs, ours))
    print(f"SUMMARIZE     {peer:6.1f} s  {max(it[1] for it in theirs):6,.0f} MB")
    print(f"profile_table {took:6.1f} s  {max(it[1] for it in ours):6,.0f} MB")
    print(f"              {took / peer:6.2f} x (limit {TIMES}), memory limit {MEGABYTES} MB")


if __name__ == "__main__":
    main()
