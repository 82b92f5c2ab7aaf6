"""How long a metric's history takes to read, beside the limit of a second.

python -m benchmarks.history [--metrics 10000] [--commits 5000] [--own 36]
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks.generate import generate, git
from benchmarks.speed import DA, timed

LIMIT = 1.0
"""Seconds for the history of one metric over 5,000 commits."""
_FIRST_SECOND = 1_800_000_000
_TARGET = 77
"""The metric that is asked for, by its number."""


def write_history(folder: Path, metrics: int, commits: int, own: int) -> str:
    """Make a catalog with a history, written by git's fast import; return the id of a metric that
    `own` of the commits touch.
    """
    paths = generate(folder, metrics)
    chance = random.Random(2)
    every = commits // own
    stream = []
    for at in range(commits):
        number = _TARGET if at % every == 0 else chance.randrange(metrics)
        data = (
            paths[number]
            .read_text()
            .replace("unit: USD", f"unit: C{at}")
            .replace("SUM(", f"{at} * SUM(")
            .encode()
        )
        path = paths[number].relative_to(folder).as_posix()
        message = b"feat: change a metric"
        stream.append(
            b"commit refs/heads/main\n"
            + f"committer Benchmark <b@example.com> {_FIRST_SECOND + 600 * at} +0000\n".encode()
            + b"data %d\n%s\n" % (len(message), message)
            + (b"from refs/heads/main^0\n" if at == 0 else b"")
            + b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
        )
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(stream), check=True)
    git(folder, "reset", "--quiet", "--hard")
    return "/".join(paths[_TARGET].with_suffix("").parts[-2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metrics", type=int, default=10_000)
    parser.add_argument("--commits", type=int, default=5_000)
    parser.add_argument("--own", type=int, default=36, help="commits that touch the metric")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "catalog"
        name = write_history(folder, options.metrics, options.commits, options.own)
        print(f"{options.metrics:,} metrics, {options.commits:,} commits")
        print("| command | median | longest | limit |")
        print("|---|---|---|---|")
        for command in ("history", "blame"):
            arguments = [DA, "metrics", command, name, "--json", "--catalog", str(folder)]
            quiet = {"stdout": subprocess.DEVNULL}
            took = [timed(lambda: subprocess.run(arguments, check=True, **quiet)) for _ in range(5)]  # noqa: B023
            median, longest = statistics.median(took), max(took)
            print(f"| {command} | {median:.2f} s | {longest:.2f} s | {LIMIT:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
