"""How long the parts take, each beside its limit in the same run.

python -m benchmarks.speed [--count 10000]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate import commit, generate

BIN = Path(sys.executable).parent
DA = str(BIN / "da")


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def process(command: list[str], times: int = 7) -> float:
    """The median time of a process, in seconds."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = lambda: subprocess.run(command, check=True, **quiet)  # noqa: E731
    return statistics.median(timed(run) for _ in range(times))


def python(code: str) -> float:
    return process([sys.executable, "-c", code])


_PARTS = """
import time, sys, json
from pathlib import Path
import yaml, duckdb, arro3.core as arrow
from agnes.git.refs import locate
from agnes.git.repository import Repository
repository = Repository(locate(Path(sys.argv[1])))
tip = repository.tip().commit
started = time.perf_counter()
entries = [e for e in repository.entries(repository.catalog_tree(repository.root_tree(tip)))]
blobs = [repository.read(entry) for entry in entries if entry.path.startswith("metrics/")]
read = time.perf_counter()
data = [yaml.load(blob, yaml.CSafeLoader) for blob in blobs]
parsed = time.perf_counter()
names = list(data[0])
columns = {n: arrow.Array([json.dumps(d.get(n)) for d in data], type=arrow.DataType.string()) for n in names}
batch = arrow.Table.from_pydict(columns)
Path(sys.argv[2]).unlink(missing_ok=True)
with duckdb.connect(sys.argv[2]) as connection:
    connection.execute("CREATE TABLE t (" + ", ".join(f'"{n}" VARCHAR' for n in names) + ", PRIMARY KEY (name))")
    connection.execute("INSERT INTO t SELECT * FROM batch")
print(read - started, parsed - read, time.perf_counter() - parsed)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "catalog"
        print(f"a catalog of {options.count:,} metrics; times in ms, medians")
        paths = generate(folder, options.count)
        small = Path(temporary) / "small"
        measure(folder, paths, Path(temporary), one_change(small, generate(small, 1_000)))


def one_change(folder: Path, paths: list[Path]) -> float:
    """The median time of a sync after a commit that changed one file."""
    command = [DA, "catalog", "sync", "--catalog", str(folder)]
    process(command, 1)

    def change(number: int) -> float:
        file = paths[number]
        file.write_text(file.read_text().replace("unit: USD", f"unit: EUR{number}"))
        commit(folder)
        return process(command, 1)

    return statistics.median(change(number) for number in range(7))


def measure(folder: Path, paths: list[Path], temporary: Path, small: float) -> None:
    catalog = ["--catalog", str(folder)]
    parts = subprocess.run(
        [sys.executable, "-c", _PARTS, str(folder), str(temporary / "parts.duckdb")],
        check=True,
        capture_output=True,
        text=True,
    )
    limit = sum(map(float, parts.stdout.split()))

    def full() -> None:
        shutil.rmtree(folder / ".git" / "agnes", ignore_errors=True)
        subprocess.run([DA, "catalog", "sync", *catalog], check=True, stdout=subprocess.DEVNULL)

    row("full sync", statistics.median(timed(full) for _ in range(5)), limit, 2.0, "its parts")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'':22} the largest of its processes took {peak:.0f} MB; target 400 MB")
    nothing = process([DA, "catalog", "sync", *catalog])
    row("sync, nothing new", nothing, python("import typer, pygit2"), 1.5, "import typer, pygit2")

    one = one_change(folder, paths)
    row("sync, one change", one, python("import duckdb, pygit2, typer"), 2.5, "import duckdb ...")
    row("sync, one change", one, small, 1.3, "the same of 1,000")
    found = subprocess.run([DA, "catalog", "path", *catalog], check=True, capture_output=True)
    snapshot = found.stdout.decode().strip()
    metric_id = "/".join(paths[77].with_suffix("").parts[-2:])
    query = f"SELECT * FROM metric_definitions WHERE id = '{metric_id}'"
    bare = python(
        f"import duckdb; duckdb.connect({snapshot!r}, read_only=True).sql({query!r}).fetchall()"
    )
    show = process([DA, "metrics", "show", metric_id, "--json", *catalog])
    row("da metrics show", show, bare, 1.35, "import duckdb, open, select")
    search = process([DA, "metrics", "search", "unpaid invoices", *catalog])
    row("da metrics search", search, show, 1.5, "da metrics show")
    row("da --help", process([DA, "--help"]), python("import typer"), 1.4, "import typer")
    row("search, in a process", search_in_process(snapshot), 0.015, 1.0, "15 ms")


def search_in_process(snapshot: str) -> float:
    from agnes.cache.query import Snapshot
    from agnes.search.ranking import search

    questions = [
        "unpaid invoices",
        "what is the delay of our parcels",
        "late shifts cost",
        "retruning vists volume",
        "net margin 77",
    ]
    with Snapshot(Path(snapshot)) as opened:
        search(opened, "warm up")
        return statistics.median(
            timed(lambda question=question: search(opened, question)) for question in questions * 5
        )


def row(what: str, took: float, limit: float, target: float, named: str) -> None:
    verdict = "ok" if took <= limit * target else "OVER"
    print(
        f"{what:22} {took * 1000:8.0f}   limit {limit * 1000:7.0f} ({named})"
        f"   {took / limit:5.2f} x, target {target:g} x   {verdict}"
    )


if __name__ == "__main__":
    main()
