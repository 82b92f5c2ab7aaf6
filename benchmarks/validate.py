"""How long `da metrics validate` takes, beside its limits.

python -m benchmarks.validate [--count 10000]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks.generate import generate, git
from benchmarks.speed import DA, timed


def run(folder: Path, *options: str) -> float:
    command = [DA, "metrics", "validate", "--catalog", str(folder), *options]
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder))


def row(what: str, seconds: float, limit: float) -> None:
    print(f"| {what} | {seconds:.2f} s | {limit:.1f} s |")


def change(file: Path, number: int) -> None:
    """Change a note and a query, so that both are checked anew."""
    text = file.read_text().replace("Test accounts", f"Test accounts ({number})", 1)
    file.write_text(text.replace("  SELECT\n", f"  -- {number}\n  SELECT\n", 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "catalog"
        paths = generate(folder, options.count)
        print(f"| a catalog of {options.count:,} metrics | time | limit |")
        print("|---|---|---|")
        row("syntax and schema, all files", run(folder, "--level", "schema"), 60)
        row("all levels, all files, nothing kept", run(folder), 60)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        row("nothing new", statistics.median(run(folder) for _ in range(7)), 2)
        named, staged = [], []
        for number in range(7):
            file = paths[number]
            original = file.read_text()
            change(file, number)
            named.append(run(folder, str(file)))
            change(file, number + 100)
            git(folder, "add", "--all")
            staged.append(run(folder, "--staged"))
            file.write_text(original)
            git(folder, "add", "--all")
        row("one changed file, named", statistics.median(named), 1)
        row("one changed file, staged", statistics.median(staged), 1)
        kept = sum(file.stat().st_size for file in (folder / ".git/agnes/lint").iterdir())
        print(f"\npeak memory of a process {memory} MB; kept results {kept / 1e6:.1f} MB")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
