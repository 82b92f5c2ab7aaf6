"""How long the comparison of two revisions takes, and that it follows what changed.

python -m benchmarks.diff [--count 10000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.git.refs import locate
from benchmarks.generate import commit, generate
from benchmarks.speed import DA, process, row, timed

WARM, CHANGES = 0.300, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(f"a catalog of {options.count:,} metrics, {CHANGES} changed; times in ms, medians")
        took = {}
        for count in (options.count // 10, options.count):
            folder = Path(temporary) / str(count)
            paths = generate(folder, count)
            change(folder, paths)
            took[count] = warm(folder)
        row("diff, warm", took[options.count], WARM, 1.0, "300 ms")
        print(
            f"the same of {options.count // 10:,} metrics: {took[options.count // 10] * 1000:.0f} ms"
        )
        command = [DA, "metrics", "diff", "HEAD~1", "HEAD", "--catalog", str(folder)]
        print(f"da metrics diff HEAD~1 HEAD, cold: {process(command) * 1000:.0f} ms")
        command = [DA, "metrics", "diff", "HEAD~1", "--catalog", str(folder)]
        print(
            f"da metrics diff HEAD~1, with the working tree, cold: {process(command) * 1000:.0f} ms"
        )


def change(folder: Path, paths: list[Path]) -> None:
    """A commit that changes the SQL of some metrics and the unit of others."""
    for at in range(CHANGES):
        text = paths[at * 7].read_text()
        old, new = ("WHERE", "WHERE 1 = 1 AND") if at % 2 else ("unit: USD", "unit: EUR")
        assert old in text
        paths[at * 7].write_text(text.replace(old, new))
    commit(folder)


def warm(folder: Path) -> float:
    """The median time of a comparison in a process that has made one before."""

    def run() -> None:
        found = compare(choose_sides(locate(folder), "HEAD~1", "HEAD"))
        assert len(found.changes) == CHANGES

    run()
    return statistics.median(timed(run) for _ in range(9))


if __name__ == "__main__":
    main()
