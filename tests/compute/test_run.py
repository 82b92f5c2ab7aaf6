"""What is derived of the starter metrics, beside what Python makes of the raw rows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from agnes.compute.engine import DuckDB
from agnes.compute.numbers import read_numbers
from agnes.compute.run import run
from agnes.demo import write_demo_data
from agnes.errors import NotDerivableError
from agnes.model.grain import GRAINS, first_day, next_period
from agnes.queries.tables import tables_in
from agnes.sql.ask import Ask
from tests.compute.conftest import METRICS
from tests.compute.oracle import ORACLES, Balance, Flat, alike

START, END = date(2024, 1, 1), date(2024, 8, 31)
STEPS = {
    "product_usage/feature_adoption": [("feature",)],
    "revenue/churn_rate": [("segment",), ("plan",), ("region",), ("contract_term",)],
    "sales/upsell_expansion": [("segment",), ("region",)],
}
"""Breakdowns that are computed in several steps: those without a variant are refused."""
JOINED = {"acquisition_channel"}
"""Dimensions of a table that only their variant reads."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("half-a-year")
    write_demo_data(found, start=START, end=END)
    with duckdb.connect() as connection:  # of the events every fifth: Python counts them
        path = found / "events.parquet"
        connection.sql(f"FROM '{path}' WHERE event_id % 5 = 0").write_parquet(f"{path}.new")
        (found / "events.parquet.new").rename(path)
    return found


@pytest.fixture(scope="module")
def engine(folder):
    with DuckDB(tables_in(folder, [path.stem for path in folder.glob("*.parquet")])) as opened:
        yield opened


@pytest.fixture(scope="module")
def tables(folder):
    found = {}
    with duckdb.connect() as connection:
        for path in folder.glob("*.parquet"):
            rows = connection.sql(f"FROM '{path}'")
            found[path.stem] = [
                dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()
            ]
    return found


def values(engine, metric, ask: Ask):
    return read_numbers(run(engine, metric, ask).result, metric, ask.by).values


def breakdowns(metric) -> Iterator[tuple[str, ...]]:
    yield ()
    yield from ((name,) for name in metric.dimensions)


def can_break_down(metric, by) -> bool:
    return by not in STEPS.get(metric.id, []) or f"by_{by[0]}" in metric.sql_variants


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_each_grain_and_dimension_gives_what_the_raw_rows_give(engine, tables, metric):
    for grain in GRAINS:
        for by in breakdowns(metric):
            ask = Ask(by, grain)
            if can_break_down(metric, by):
                expected = ORACLES[metric.id].compute(tables, grain, by, lambda _: True, None, None)
                assert alike(values(engine, metric, ask), expected), ask
            else:
                with pytest.raises(NotDerivableError, match="computes in steps"):
                    run(engine, metric, ask)


class Draw:
    """Random questions, of which each is asked of SQL and of Python."""

    def __init__(self, metric, tables) -> None:
        self.random = random.Random(metric.id)
        self.metric = metric
        self.oracle = ORACLES[metric.id]
        self.names = getattr(self.oracle, "names", {})
        rows = list(self.oracle.rows(tables)) if isinstance(self.oracle, Flat) else []
        known = [name for name in metric.dimensions if rows and name in rows[0]]
        self.parts = {name: sorted({row[name] for row in rows} - {None}) for name in known}
        self.breakdowns = [by for by in breakdowns(metric) if not by or can_break_down(metric, by)]

    def ask(self):
        grain = self.random.choice(GRAINS)
        by = self.random.choice(self.breakdowns)
        in_steps = not self.parts or by in STEPS.get(self.metric.id, [])
        start, end = self.range(grain, whole=type(self.oracle) is Balance or in_steps)
        where, keep = (None, lambda _: True) if in_steps else self.condition(by)
        return Ask(by, grain, start, end, where), keep

    def range(self, grain, *, whole):
        days = (END - START).days
        drawn = [START + timedelta(self.random.randrange(days)) for _ in range(2)]
        start, end = min(drawn), max(drawn)
        if whole:
            start, end = first_day(start, grain), next_period(end, grain) - timedelta(days=1)
        return self.random.choice([(start, end), (start, end), (start, None), (None, end)])

    def condition(self, by):
        """A condition as SQL, and as Python."""
        name = self.random.choice([it for it in self.parts if it not in JOINED or it in by])
        one, *others = self.random.sample(self.parts[name], min(2, len(self.parts[name])))
        nothing = self.names.get(name)

        def of(row):
            return row[name] if row[name] is not None else nothing

        listed = ", ".join(f"'{part}'" for part in (one, *others))
        kinds = [
            (f"{name} IN ({listed})", lambda row: of(row) in (one, *others)),
            (f"NOT ({name} = '{one}')", lambda row: of(row) not in (None, one)),
            (f"{name} = '{one}' OR {name} IS NULL", lambda row: of(row) in (None, one)),
            (f"{name} <> 'unknown'", lambda row: of(row) not in (None, "unknown")),
            (
                f"UPPER({name}) >= '{one.upper()}'",
                lambda row: (of(row) or "").upper() >= one.upper(),
            ),
        ]
        return self.random.choice(kinds)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_random_ranges_and_conditions_give_what_the_raw_rows_give(engine, tables, metric):
    draw = Draw(metric, tables)
    some = 0
    for _ in range(20):
        ask, keep = draw.ask()
        expected = draw.oracle.compute(tables, ask.grain, ask.by, keep, ask.start, ask.end)
        assert alike(values(engine, metric, ask), expected), ask
        some += bool(expected)
    assert some >= 10
