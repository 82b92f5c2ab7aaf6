"""How many queries it takes to find the commit that moved a number, among many, and how long.

python -m benchmarks.bisect [--commits 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb

from agnes.compute.engine import DuckDB
from agnes.compute.folder import tables_of
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS
from agnes.numbers.bisect import bisect_commits
from benchmarks.generate import commit, git

LIMIT = 12
"""Queries for 1,000 commits."""
_FIRST_SECOND = 1_800_000_000
_PATH = "metrics/revenue/total.yml"


def write_commits(folder: Path, count: int, moved: int) -> None:
    """Make a catalog whose one metric means something else in every commit; from one of them on
    its value is another one, too.
    """
    folder.mkdir(parents=True)
    (folder / "agnes.yml").write_text("name: Benchmark\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    stream = []
    for at in range(count):
        amount = "2 * amount" if at >= moved else "amount"
        sql = f"SELECT month, SUM({amount}) AS total FROM orders WHERE id > -{at + 1} GROUP BY ALL"
        data = f"name: total\ngrain: monthly\ntable: orders\nsql: {sql}\n".encode()
        stream.append(
            b"commit refs/heads/main\n"
            + f"committer Benchmark <b@example.com> {_FIRST_SECOND + 600 * at} +0000\n".encode()
            + b"data 6\nchange\n"
            + (b"from refs/heads/main^0\n" if at == 0 else b"")
            + b"M 100644 inline %s\ndata %d\n%s\n" % (_PATH.encode(), len(data), data)
        )
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(stream), check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chance = random.Random(1)
    print(f"{options.commits:,} commits\n| moved in | queries | limit | seconds | of one query |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary)
        with duckdb.connect() as connection:
            rows = (
                "SELECT i AS id, DATE '2025-03-01' AS month, 1 AS amount FROM range(1000000) t(i)"
            )
            connection.sql(rows).write_parquet(str(data / "orders.parquet"))
        for turn in range(options.rounds):
            moved = chance.randrange(1, options.commits)
            folder = data / f"catalog-{turn}"
            write_commits(folder, options.commits, moved)
            repository = Repository(locate(folder), PARTS)
            with DuckDB(tables_of(data)) as engine:
                engine.query("SELECT 1")
                start = time.perf_counter()
                engine.query("SELECT month, SUM(amount) FROM orders GROUP BY ALL")
                one = time.perf_counter() - start
                start = time.perf_counter()
                tip = repository.resolve("HEAD")
                found = bisect_commits(repository, engine, "revenue/total", tip, period="2025-03")
                took = time.perf_counter() - start
            assert found.found.after.what["commit"] == repository.resolve(
                f"HEAD~{options.commits - 1 - moved}"
            )
            runs = found.found.runs
            print(f"| {moved} | {runs} | {LIMIT} | {took:.2f} | {one:.3f} |", flush=True)
            assert runs <= LIMIT or options.commits > 1000


if __name__ == "__main__":
    main()
