"""How long discovering takes, beside DuckDB's own SUMMARIZE of the same files.

    python -m benchmarks.discover [--columns 1000] [--tables 20] [--rows 20000]

The limit for 1,000 columns is 10 seconds.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb

from agnes.describe import Rules
from agnes.git.refs import locate
from agnes.proposals.discover import discover
from agnes.proposals.saving import save
from agnes.sync.reading import Reading, open_snapshot
from benchmarks.speed import DA

LIMIT = 10.0
_KINDS = (
    "i",
    "'C-' || i",
    "(i * 1.25)::DECIMAL(18,2)",
    "random()",
    "TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND",
    "strftime(DATE '2024-01-01' + (i % 900)::INTEGER, '%d.%m.%Y')",
    "CASE WHEN i % 3 = 0 THEN 'Y' ELSE 'N' END",
    "'user' || i || '@example.com'",
    "printf('%06d', i)",
    "1700000000 + i",
    "uuid()",
    "md5(i::VARCHAR)",
    "'{\"a\": ' || i || '}'",
    "'+49 171 ' || printf('%07d', i)",
    "'$' || printf('%.2f', i * 0.5)",
    "['red', 'green', 'blue'][1 + i % 3]",
)
_NAMES = "id code amount ratio created_at day flag email number ts uid hash meta phone price color".split()


def write(folder: Path, tables: int, columns: int, rows: int) -> list[Path]:
    files = []
    for table in range(tables):
        chosen = [(at, at % len(_KINDS)) for at in range(columns // tables)]
        sql = ", ".join(f"{_KINDS[kind]} AS {_NAMES[kind]}_{at}" for at, kind in chosen)
        path = folder / f"table_{table}.parquet"
        duckdb.sql(f"SELECT {sql} FROM range({rows}) t(i)").write_parquet(str(path))
        files.append(path)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=1000)
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog, data = Path(folder) / "catalog", Path(folder) / "data"
        data.mkdir()
        files = write(data, options.tables, options.columns, options.rows)
        subprocess.run([DA, "init", str(catalog), "--empty"], check=True, capture_output=True)
        for path in files:
            (catalog / "tables").mkdir(exist_ok=True)
            (catalog / "tables" / f"{path.stem}.yml").write_text(f"id: {path.stem}\n")
        for command in (["add", "--all"], ["commit", "--quiet", "--message", "Tables"]):
            subprocess.run(["git", "-C", str(catalog), *command], check=True)
        started = time.perf_counter()
        with duckdb.connect(config={"threads": 2}) as connection:
            for path in files:
                connection.execute(f"SUMMARIZE FROM '{path}'").fetchall()
        summarized = time.perf_counter() - started
        started = time.perf_counter()
        with open_snapshot(catalog, Reading()) as snapshot:
            found = discover(snapshot, {path.stem: [path] for path in files}, Rules())
        save(locate(catalog), found.proposal)
        took = time.perf_counter() - started
    limit = LIMIT * options.columns / 1000
    print(f"{len(found.columns)} columns of {options.tables} tables, {options.rows:,} rows each")
    print(f"discover, and commit  {took:6.2f} s   limit {limit:.1f} s")
    print(f"DuckDB's SUMMARIZE    {summarized:6.2f} s")


if __name__ == "__main__":
    main()
