"""A change of many metrics, and their numbers before and after, computed once."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest

from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.git.refs import locate
from agnes.numbers.metric_diff import MetricDiff
from agnes.numbers.value_diff import ValueDiff, value_diff
from agnes.queries import Tables
from tests.conftest import GitRepository, empty_repository, own_environment

Query = str | Mapping[str, str]
SUM = "SELECT month, SUM(amount) AS {0} FROM orders GROUP BY month"
SUM_BY = "SELECT month, plan, SUM(amount) AS {0} FROM orders GROUP BY month, plan"
PAID = SUM.replace("GROUP", "WHERE paid GROUP")
PAID_BY = SUM_BY.replace("GROUP", "WHERE paid GROUP")


def definition(name: str, query: Query, **more: str) -> str:
    """A metric's file; of several queries each under its key."""
    queries = {"sql": query} if isinstance(query, str) else dict(query)
    lines = [f"name: {name}", *(f"{key}: {value}" for key, value in more.items())]
    if "grain" not in more:
        lines.append("grain: monthly")
    return "\n".join([*lines, *(f"{key}: {sql.format(name)}" for key, sql in queries.items()), ""])


def both(sql: str, by: str, name: str = "plan") -> dict[str, str]:
    return {"sql": sql, f"sql_by_{name}": by}


BEFORE = {
    "moved": definition("moved", both(SUM, SUM_BY), unit="USD"),
    "twin": definition("twin", SUM),
    "written": definition("written", SUM),
    "said": definition("said", SUM),
    "text": definition("text", SUM, filters="[paid]"),
    "gone": definition("gone", SUM),
    "here": definition("here", SUM),
    "failing": definition("failing", both(SUM, SUM_BY)),
    "broken": definition("broken", SUM),
    "elsewhere": definition("elsewhere", SUM.replace("orders", "absent")),
    "weekly": definition("weekly", SUM),
    "parts": definition("parts", both(SUM, SUM_BY)),
    "forgotten": definition("forgotten", both(SUM, SUM_BY)),
    "dimension": definition("dimension", both(SUM, SUM_BY)),
    "twice": definition("twice", SUM),
    "zone": definition("zone", SUM),
    "near": definition("near", SUM),
    "typed": definition("typed", SUM),
    "euro": definition("euro", SUM, unit="USD"),
    "columns": definition("columns", "SELECT month, 1 AS columns, 2 AS others FROM orders"),
    "empty": definition("empty", SUM),
}
AFTER = BEFORE | {
    "moved": definition("moved", both(PAID, PAID_BY), unit="USD"),
    "twin": definition("twin", PAID.replace("{0}", "moved")),
    "written": definition("written", SUM.replace("SUM(amount)", "sum((amount))")),
    "said": definition("said", SUM, description="Another word."),
    "text": definition("text", SUM, filters="[paid, not refunded]"),
    "come": definition("come", SUM),
    "failing": definition("failing", both(SUM.replace("amount", "amuont"), PAID_BY)),
    "broken": "name: broken\nsql: [\n",
    "elsewhere": definition("elsewhere", PAID.replace("orders", "absent")),
    "weekly": definition("weekly", SUM.replace("SELECT", "SELECT DISTINCT"), grain="weekly"),
    "parts": definition("parts", both(SUM, SUM_BY.replace("plan,", "upper(plan) AS plan,"))),
    "forgotten": definition("forgotten", both(PAID, SUM_BY)),
    "dimension": definition(
        "dimension", both(PAID, PAID_BY.replace("plan,", "plan AS tier,"), "tier")
    ),
    "twice": definition("twice", "SELECT month, amount AS twice FROM orders"),
    "zone": definition("zone", SUM.replace("month,", "month::TIMESTAMPTZ AS month,")),
    "near": definition("near", SUM.replace("SUM(amount)", "SUM(amount) * 1.0000000000001::DOUBLE")),
    "typed": definition("typed", SUM.replace("SUM(amount)", "SUM(amount)::VARCHAR")),
    "euro": definition("euro", SUM.replace("SUM(amount)", "SUM(amount) * 2"), unit="EUR"),
    "empty": definition("empty", PAID.replace("paid", "amount < 0")),
}
del AFTER["gone"], AFTER["here"], AFTER["columns"]
MOVED = {
    "b/here": definition("here", SUM),
    "a/others": definition("others", "SELECT month, 1 AS columns, 2 AS others FROM orders"),
}


@pytest.fixture
def repository(tmp_path) -> GitRepository:
    """An empty one, as everywhere but above."""
    return empty_repository(tmp_path / "repository")


@pytest.fixture(scope="module")
def orders(tmp_path_factory) -> Tables:
    """Two months of three plans."""
    path = tmp_path_factory.mktemp("data") / "orders.parquet"
    rows = ", ".join(
        f"(DATE '2025-0{month}-01', '{plan}', {amount * month}::DOUBLE, {paid})"
        for month in (1, 2)
        for plan, amount, paid in (
            ("basic", 10, "true"),
            ("basic", 1, "false"),
            ("team", 40, "true"),
            ("pro", 5, "false"),
        )
    )
    duckdb.sql(f"FROM (VALUES {rows}) t(month, plan, amount, paid)").write_parquet(str(path))
    return {"orders": [path]}


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> GitRepository:
    """A catalog with a change of every kind in its working tree."""
    with pytest.MonkeyPatch.context() as patch:
        own_environment(tmp_path_factory, patch)
        made = empty_repository(tmp_path_factory.mktemp("changed") / "catalog")
        made.write("agnes.yml", "name: Changed\n")
        for name, text in BEFORE.items():
            made.write(f"metrics/a/{name}.yml", text)
        made.commit("Before")
    for name in BEFORE.keys() - AFTER.keys():
        (made.path / f"metrics/a/{name}.yml").unlink()
    for name, text in AFTER.items():
        made.write(f"metrics/a/{name}.yml", text)
    for metric_id, text in MOVED.items():
        made.write(f"metrics/{metric_id}.yml", text)
    return made


@pytest.fixture(scope="module")
def values(changed: GitRepository, orders: Tables) -> ValueDiff:
    sides = choose_sides(locate(changed.path))
    return value_diff(sides, compare(sides), orders)


@pytest.fixture(scope="module")
def found(values: ValueDiff) -> dict[str, MetricDiff]:
    return {it.id: it for it in values.metrics}
