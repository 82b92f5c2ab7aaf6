"""How often the base type of a column is right, and how well its confidence says so.

    python -m benchmarks.basetypes [--misses] [--seeds 3]

The columns are those of tests/values/corpus. `held out` tables were not looked at while the
heuristics were made; `without names` calls every column the same. The peer is the type that the
file itself has, which for text is what DuckDB's CSV reader detects.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import Counter
from pathlib import Path

import duckdb

from agnes.tables.words import basetype
from agnes.values.basetype import guess
from tests.values.corpus import Labelled, labelled

LEVELS = ("high", "medium", "low")
TARGETS = {"high": 0.99, "medium": 0.9}


def peer(column: Labelled, folder: Path) -> str | None:
    """What DuckDB makes of a column: of text, as in a CSV file."""
    if column.type != "VARCHAR":
        return basetype(column.type)
    path = folder / "column.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", column.name])
        writer.writerows([number, value or ""] for number, value in enumerate(column.values))
    found = duckdb.read_csv(str(path), header=True, sample_size=-1, ignore_errors=False)
    return basetype(str(found.types[1]))


def measure(
    label: str, columns: list[Labelled], folder: Path | None, *, named: bool, misses: bool
) -> None:
    right, all_ = Counter(), Counter()
    theirs = 0
    for column in columns:
        found = guess(column.name if named else "column", column.type, column.values)
        all_[found.confidence] += 1
        right[found.confidence] += found.basetype == column.label
        theirs += folder is not None and peer(column, folder) == column.label
        if misses and found.basetype != column.label:
            print(
                f"  {column.table}.{column.name}: {column.label}, not {found.basetype} ({found.confidence})"
            )
    by_level = "  ".join(f"{it} {right[it]}/{all_[it]}" for it in LEVELS)
    total = all_.total()
    beside = f"  DuckDB {theirs / total:.1%}" if folder else ""
    print(f"{label:22} {total:5} columns  right {right.total() / total:.1%}{beside}  {by_level}")
    for level, target in TARGETS.items():
        if named and right[level] < target * all_[level]:
            print(f"  MISSED: {level} is to be right in {target:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    for label, held_out, named in (
        ("developed on", False, True),
        ("held out", True, True),
        ("all, without names", None, False),
    ):
        columns = [
            column
            for seed in range(1, options.seeds + 1)
            for column in labelled(seed, held_out=held_out)
        ]
        with tempfile.TemporaryDirectory() as folder:
            beside = Path(folder) if named else None
            measure(label, columns, beside, named=named, misses=options.misses)


if __name__ == "__main__":
    main()
