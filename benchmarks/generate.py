"""A catalog of N metrics, of about 40 lines (1.2 KB) each, in 20 categories."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

_CATEGORIES = [f"area_{number:02}" for number in range(20)]
_SUBJECTS = [
    "orders",
    "invoices",
    "tickets",
    "parcels",
    "visits",
    "leads",
    "seats",
    "claims",
    "shifts",
    "batches",
]
_MEASURES = [
    "amount",
    "value",
    "count",
    "duration",
    "cost",
    "margin",
    "share",
    "delay",
    "volume",
    "quality",
]
_QUALIFIERS = [
    "open",
    "closed",
    "late",
    "early",
    "net",
    "gross",
    "paid",
    "unpaid",
    "new",
    "returning",
    "internal",
    "external",
]


def metric(number: int, chance: random.Random) -> tuple[str, str]:
    """The path and text of one metric."""
    category = _CATEGORIES[number % len(_CATEGORIES)]
    qualifier, subject, measure = map(chance.choice, (_QUALIFIERS, _SUBJECTS, _MEASURES))
    name = f"{qualifier}_{subject}_{measure}_{number}"
    title = name.replace("_", " ")
    query = f"""\
  SELECT
    DATE_TRUNC('month', booked_on) AS month,{{extra}}
    SUM({measure}) AS {name}
  FROM {subject}
  WHERE status = '{qualifier}'
  GROUP BY ALL
  ORDER BY month ASC
"""
    text = f"""\
name: {name}
display_name: {title.capitalize()}
category: {category}
type: sum
unit: USD
grain: monthly
table: {subject}
expression: SUM({measure})
time_column: booked_on
description: The {measure} of all {qualifier} {subject} of the month, as agreed with department {number % 97}.
dimensions:
  - region
  - channel
synonyms:
  - {subject} {measure} {number}
  - {qualifier} {measure} of {subject} {number}
  - {measure} {number}
notes:
  - Counts in the month of the booking, not of the payment.
  - Test accounts are left out, and so is department {number % 89}.
  - Corrections are booked in the month in which they are found.
sql: |
{query.format(extra="")}sql_by_region: |
{query.format(extra=" region,")}"""
    return f"metrics/{category}/{name}.yml", text


def table(name: str) -> tuple[str, str]:
    """The path and text of one table."""
    types = {"booked_on": "DATE", "status": "STRING", "region": "STRING", "channel": "STRING"}
    types |= dict.fromkeys(_MEASURES, "NUMERIC")
    columns = "".join(f"  {column}: {{basetype: {kind}}}\n" for column, kind in types.items())
    return f"tables/{name}.yml", f"id: {name}\ncolumns:\n{columns}"


def generate(folder: Path, count: int, seed: int = 1) -> list[Path]:
    """Write and commit a catalog of `count` metrics and their tables; return the metrics' paths."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    (folder / "agnes.yml").write_text("name: Benchmark\n")
    paths = []
    for number in range(count):
        path, text = metric(number, chance)
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        paths.append(file)
    (folder / "tables").mkdir()
    for path, text in map(table, _SUBJECTS):
        (folder / path).write_text(text)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    git(folder, "repack", "-adq")
    return paths


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Change")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.com"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)
