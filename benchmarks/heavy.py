"""What files that mean harm cost `da metrics validate`, beside a catalog without them.

python -m benchmarks.heavy
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.corpus import Case, built, lay
from tests.corpus.measured import Measured, measured

SECONDS, MEGABYTES = 1.0, 256
SHOWN = 10


def validate(*cases: Case) -> Measured:
    """The quickest of three runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay(folder / "catalog", *cases)
        runs = [measured(folder, "catalog") for _ in range(3)]
    return min(runs, key=lambda run: run.processor_seconds)


def main() -> None:
    usual = validate()
    found = []
    for case in [case for kind in built.heavy().values() for case in kind]:
        run = validate(case)
        found.append((run.processor_seconds - usual.processor_seconds, run.megabytes, case))
    print(f"| the slowest of {len(found)} | more time | limit | memory | limit |")
    print("|---|---|---|---|---|")
    for seconds, megabytes, case in sorted(found, key=lambda it: -it[0])[:SHOWN]:
        print(f"| {case} | {seconds:.2f} s | {SECONDS} s | {megabytes:.0f} MB | {MEGABYTES} MB |")
    print(f"| any | {max(it[0] for it in found):.2f} s | | {max(it[1] for it in found):.0f} MB | |")


if __name__ == "__main__":
    main()
