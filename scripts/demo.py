"""`make demo`: from the starter pack to a number, in a temporary folder, step by step.

Every step says what it does and shows the command that does it; all commands are run for real.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import duckdb
from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from agnes import MetricRepository

console = Console(highlight=False)
_numbers = count(1)
_ENVIRONMENT = {
    "AGNES_AUTHOR": "Demo <demo@example.com>",
    **{f"GIT_{role}_NAME": "Demo" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "demo@example.com" for role in ("AUTHOR", "COMMITTER")},
}


def main() -> None:
    """Walk through the demo."""
    os.environ.update(_ENVIRONMENT)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.pop("AGNES_CATALOG", None)
    with tempfile.TemporaryDirectory(prefix="agnes-demo-") as folder:
        os.chdir(folder)
        walk()


def walk() -> None:
    """The steps, in an empty folder."""
    step("Make a catalog from the starter pack: a git repository with twelve metrics as YAML.")
    run("da init metrics-catalog")
    os.chdir("metrics-catalog")

    step("Generate two years of sample data for the tables that the metrics read.")
    run("da demo-data ../data")

    step("Bring the cache to the newest commit. It is there already: `da init` did it.")
    run("da catalog sync")

    step("List what is defined.")
    run("da metrics list")

    step("Find a metric by what people call it.")
    run("da metrics search 'how much do subscriptions bring in per month?' --limit 2")

    step("Show what to know before using the number: its rules and its SQL.")
    run("da metrics show revenue/mrr")

    step("Run the canonical SQL on the sample data, in Python: MetricRepository and DuckDB.")
    chart("revenue/mrr", Path("../data"))

    step("Change the metric: another rule, as a person would edit the file. Then check it.")
    edit("metrics/revenue/mrr.yml", "notes:\n", "notes:\n  - Non-profit customers pay half.\n")
    run("git diff --unified=1")
    run("da metrics validate")

    step("Commit it. The next read follows: what is committed is what is served.")
    run("git commit --quiet --all --message 'docs: say what non-profit customers pay'")
    run("da catalog sync")
    run("da metrics show revenue/mrr --json | grep Non-profit")

    console.print("\n[bold green]Done.[/] Make your own: [bold]da init my-metrics[/]")


def step(text: str) -> None:
    """Announce a step."""
    console.print(f"\n[bold cyan]{next(_numbers)}.[/] [bold]{text}[/]")


def run(command: str) -> None:
    """Show a command and run it."""
    console.print(f"[dim]$[/] [green]{command}[/]")
    subprocess.run(command, shell=True, check=True, env=os.environ | {"GIT_PAGER": "cat"})


def edit(path: str, old: str, new: str) -> None:
    """Replace text in a file, and say so."""
    file = Path(path)
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{path} has no {old!r}")
    console.print(f"[dim]$[/] [green]$EDITOR {shlex.quote(path)}[/]")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def chart(metric_id: str, data: Path) -> None:
    """Run a metric's SQL on parquet files and draw the last twelve periods."""
    console.print(
        "[dim]>>>[/] [green]metric = MetricRepository('.').get('revenue/mrr')[/]\n"
        "[dim]>>>[/] [green]duckdb.sql(metric['sql'])  # over a view per parquet file[/]"
    )
    metric = MetricRepository(".").get(metric_id)
    assert metric is not None
    connection = duckdb.connect()
    for file in sorted(data.glob("*.parquet")):
        connection.execute(f"CREATE VIEW \"{file.stem}\" AS FROM '{file}'")
    rows = connection.execute(metric["sql"]).fetchall()[-12:]
    largest = max(value for _, value in rows)
    drawn = Table(box=None, padding=(0, 1), header_style="dim")
    drawn.add_column("month")
    drawn.add_column(metric["unit"], justify="right")
    drawn.add_column(metric["display_name"], width=40)
    for month, value in rows:
        bar = Bar(float(largest), 0, float(value), width=40, color="cyan")
        drawn.add_row(f"{month:%Y-%m}", f"{value:,.0f}", bar)
    console.print(drawn)


if __name__ == "__main__":
    main()
