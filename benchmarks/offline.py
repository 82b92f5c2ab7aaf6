"""How long commands take in a workspace, each beside its limit in the same run.

python -m benchmarks.offline [--count 10000] [--tables 50]
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
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from agnes.workspace.database import build_database
from agnes.workspace.layout import Workspace
from benchmarks.generate import generate
from benchmarks.speed import DA, process, python, row, timed

_CHECK = """
import time
from agnes.cli.main import _advise
started = time.process_time()
_advise("metrics")
print(time.process_time() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--tables", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(
            f"a workspace of {options.count:,} metrics, {options.tables} tables; times in ms, medians"
        )
        paths = generate(Path(temporary) / "catalog", options.count)
        workspace = make(Path(temporary), options.tables)
        os.chdir(workspace.root)
        metric_id = "/".join(paths[77].with_suffix("").parts[-2:])
        measure(workspace, metric_id)


def make(folder: Path, tables: int) -> Workspace:
    """A workspace as a sync leaves it."""
    found = subprocess.run(
        [DA, "catalog", "path", "--catalog", str(folder / "catalog")],
        check=True,
        capture_output=True,
        text=True,
    )
    snapshot = Path(found.stdout.strip())
    workspace = Workspace(folder / "workspace")
    for path in (workspace.parquet_dir, workspace.duckdb_dir, workspace.metadata_dir):
        path.mkdir(parents=True)
    shutil.copyfile(snapshot, workspace.snapshot(snapshot.stem))
    with duckdb.connect() as connection:
        for number in range(tables):
            file = workspace.parquet(f"in.c-crm.table_{number}")
            connection.sql("SELECT i, 'n' || i AS name FROM range(1000) t(i)").write_parquet(
                str(file)
            )
    note = {"hash": "0" * 64, "rows": 1000, "size_bytes": 1, "mtime_ns": 10**18}
    state = {
        "synced_at": datetime.now(UTC).isoformat(),
        "commit": snapshot.stem,
        "tables": {f"in.c-crm.table_{number}": note for number in range(tables)},
    }
    workspace.last_sync.write_text(json.dumps(state, indent=2))
    workspace.claude_md.write_text("# AI Data Analyst\n")
    return workspace


def measure(workspace: Workspace, metric_id: str) -> None:
    copy = str(workspace.snapshot(workspace.state()["commit"]))
    query = f"SELECT * FROM metric_definitions WHERE id = '{metric_id}'"
    bare = python(
        f"import duckdb; duckdb.connect({copy!r}, read_only=True).sql({query!r}).fetchall()"
    )
    show = process([DA, "metrics", "show", metric_id, "--json"])
    row("da metrics show", show, bare, 1.35, "import duckdb, open, select")
    search = process([DA, "metrics", "search", "unpaid invoices"])
    row("da metrics search", search, show, 1.5, "da metrics show")
    row("da --help", process([DA, "--help"]), python("import typer"), 1.4, "import typer")
    row("the check of its age", check(), 0.002, 1.0, "2 ms")
    snapshot = Path(copy)
    took = statistics.median(timed(lambda: build_database(workspace, snapshot)) for _ in range(5))
    print(f"{'its database anew':22} {took * 1000:8.0f}")
    sql = "SELECT count(*) FROM metric_definitions"
    print(f"{'da query':22} {process([DA, 'query', sql]) * 1000:8.0f}")


def check() -> float:
    """Processor time that the check takes within a process, its imports included."""
    runs = [
        float(
            subprocess.run([sys.executable, "-c", _CHECK], check=True, capture_output=True).stdout
        )
        for _ in range(15)
    ]
    return statistics.median(runs)


if __name__ == "__main__":
    main()
