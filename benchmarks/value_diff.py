"""What the numbers before and after a change cost, beside the queries after it alone.

    python -m benchmarks.value_diff [--rows 10000000] [--rounds 3]

The twelve starter metrics, each changed so that other numbers come out, on sample data that are
copied until they have so many rows, ids made distinct. Alone is what is there after the change,
each metric as a whole and by its dimensions, in the same sandboxes, two queries at a time. Processor
time is told too: the clock depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from agnes.compute.engine import DuckDB
from agnes.compute.folder import tables_of
from agnes.demo import write_demo_data
from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.diff.versions import metric_at
from agnes.git.refs import locate
from agnes.model.metric import Metric
from agnes.numbers.value_diff import WORKERS, value_diff
from agnes.queries import Tables
from agnes.scaffold import create_catalog
from benchmarks.speed import row, timed

TARGET = 2.2
CHANGES = {
    "operations/infrastructure_cost": ("COALESCE(credit_amount, 0)", "COALESCE(credit_amount, 1)"),
    "operations/support_resolution_time": ("/ 60.0", "/ 61.0"),
    "product_usage/active_users": ("NOT users.is_internal", "users.role <> 'viewer'"),
    "product_usage/feature_adoption": ("100.0 *", "101.0 *"),
    "product_usage/usage_vs_limit": ("AVG(100.0 *", "AVG(101.0 *"),
    "revenue/arr": ("SUM(", "1.01 * SUM("),
    "revenue/churn_rate": ("100.0 *", "101.0 *"),
    "revenue/mrr": ("SUM(", "1.01 * SUM("),
    "revenue/total_revenue": ("SUM(total_amount)", "SUM(total_amount + 1)"),
    "sales/new_customers": ("start_reason = 'new'", "start_reason <> 'migration'"),
    "sales/pipeline_value": ("SUM(opportunities.amount)", "SUM(opportunities.amount + 1)"),
    "sales/upsell_expansion": ("opening.mrr_amount, 0)", "opening.mrr_amount, 1)"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        count = scale(folder / "small", folder / "data", options.rows)
        tables = tables_of(folder / "data")
        create_catalog(folder / "catalog")
        change(folder / "catalog")
        sides = choose_sides(locate(folder / "catalog"))
        diff = compare(sides)
        queries = list(after(sides))
        print(f"{len(CHANGES)} metrics, {len(queries)} queries a side, {count:,} rows; times in ms")

        def both() -> None:
            found = value_diff(sides, diff, tables)
            outcomes = {it.id: it.outcome for it in found.metrics}
            assert outcomes == dict.fromkeys(CHANGES, "different"), outcomes

        run(queries, tables)  # so that the files are in memory for all
        ratios = []
        for _ in range(options.rounds):
            (alone, busy), (took, worked) = (
                used(it) for it in (lambda: run(queries, tables), both)
            )
            ratios.append((took / alone, worked / busy))
            row("value diff", took, alone, TARGET, "the SQLs alone")
            row("its processor time", worked, busy, TARGET, "the SQLs alone")
        wall, processor = (statistics.median(it) for it in zip(*ratios, strict=True))
        print(f"median ratios: {wall:.2f}, of processor time {processor:.2f}")


def used(action: Callable[[], None]) -> tuple[float, float]:
    """The seconds that something takes by the clock, and of processors, sandboxes included."""
    before = processor_seconds()
    took = timed(action)
    return took, processor_seconds() - before


def processor_seconds() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(it.ru_utime + it.ru_stime for it in found)


def scale(small: Path, large: Path, rows: int) -> int:
    """Copy the sample data until there are so many rows; what has no ids of its own stays."""
    counts = write_demo_data(small)
    copies = -(-rows // sum(counts.values()))
    large.mkdir()
    total = 0
    for file in sorted(small.glob("*.parquet")):
        table = duckdb.read_parquet(str(file))
        kinds = dict(zip(table.columns, map(str, table.types), strict=True))
        ids = [name for name in kinds if name.endswith("_id")]
        times = 1 if file.stem == "plan_limits" else copies
        distinct = ", ".join(
            f"{name} || '-' || copy AS {name}"
            if kinds[name] == "VARCHAR"
            else f"{name} + copy * 100000000 AS {name}"
            for name in ids
        )
        duckdb.sql(
            f"COPY (SELECT * EXCLUDE copy REPLACE ({distinct}) FROM '{file}', range({times}) t(copy))"
            f" TO '{large / file.name}'"
        )
        total += counts[file.stem] * times
    return total


def change(catalog: Path) -> None:
    """Another definition of each metric, by which other numbers come out."""
    for metric_id, (old, new) in CHANGES.items():
        path = catalog / "metrics" / f"{metric_id}.yml"
        start, found, rest = path.read_text().partition("\nsql: |")
        assert old in rest, metric_id
        path.write_text(start + found + rest.replace(old, new))


def after(sides):
    """The queries of the metrics after the change."""
    for metric_id in CHANGES:
        metric = metric_at(sides.repository, sides.head_tree, metric_id).document.value
        assert isinstance(metric, Metric)
        yield from (metric.sql, *metric.sql_variants.values())


def run(queries: list[str], tables: Tables) -> None:
    with DuckDB(tables, workers=WORKERS) as engine, ThreadPoolExecutor(WORKERS) as threads:
        assert all(result.rows for result in threads.map(engine.query, queries))


if __name__ == "__main__":
    main()
