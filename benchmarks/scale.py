"""How cost grows with the catalog, and with its history.

python -m benchmarks.scale [--counts 1000 10000 100000] [--history 10000]
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from agnes.cache.store import Store
from agnes.git.refs import locate
from benchmarks.generate import commit, generate, metric
from benchmarks.speed import DA, timed


def run(folder: Path, *arguments: str) -> float:
    command = [DA, *arguments, "--catalog", str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return timed(lambda: subprocess.run(command, check=True, **quiet))


def one_change(folder: Path, file: Path, number: int) -> float:
    file.write_text(f"{file.read_text()}# {number}\n")
    commit(folder)
    return run(folder, "catalog", "sync")


def measure(folder: Path, paths: list[Path]) -> list[float]:
    shutil.rmtree(folder / ".git" / "agnes", ignore_errors=True)
    full = run(folder, "catalog", "sync")
    changes = [one_change(folder, paths[at * 3], at) for at in range(5)]
    nothing = statistics.median(run(folder, "catalog", "sync") for _ in range(5))
    metric_id = "/".join(paths[77].with_suffix("").parts[-2:])
    show = statistics.median(run(folder, "metrics", "show", metric_id, "--json") for _ in range(5))
    search = statistics.median(
        run(folder, "metrics", "search", "unpaid invoices") for _ in range(5)
    )
    current = Store(locate(folder)).current()
    assert current is not None
    size = current.path.stat().st_size / 1e6
    return [full, statistics.median(changes), nothing, show, search, size]


def long_history(folder: Path, commits: int) -> list[Path]:
    """A catalog of 1,000 metrics whose history is long; written by git's fast import."""
    generate(folder, 1_000)
    chance = random.Random(2)
    stream = []
    for at in range(commits):
        number = chance.randrange(1_000)
        path, text = metric(number, random.Random(number))
        data = text.replace("unit: USD", f"unit: C{at}").encode()
        message = b"Change"
        head = f"commit refs/heads/main\ncommitter B <b@example.com> {1_800_000_000 + at} +0000\n"
        stream.append(
            head.encode()
            + b"data %d\n%s\n" % (len(message), message)
            + (b"from refs/heads/main^0\n" if at == 0 else b"")
            + b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
        )
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(stream), check=True)
    subprocess.run(["git", "-C", str(folder), "reset", "--quiet", "--hard"], check=True)
    return sorted((folder / "metrics").rglob("*.yml"))


def row(what: str, values: list[float]) -> None:
    *seconds, size = values
    cells = [f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms" for value in seconds]
    print(f"| {what} | {' | '.join(cells)} | {size:.0f} MB |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--history", type=int, default=10_000)
    options = parser.parse_args()
    print("| catalog | full sync | one change | nothing new | show | search | snapshot |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for count in options.counts:
            folder = Path(temporary) / str(count)
            paths = generate(folder, count)
            row(f"{count:,} metrics", measure(folder, paths))
            shutil.rmtree(folder)
        if options.history:
            folder = Path(temporary) / "history"
            paths = long_history(folder, options.history)
            row(f"1,000 metrics, {options.history:,} commits", measure(folder, paths))


if __name__ == "__main__":
    main()
