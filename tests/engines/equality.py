"""What must be equal on DuckDB and on another engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agnes.compute.engine import Engine
from agnes.compute.run import run
from agnes.errors import NotDerivableError
from agnes.model.grain import GRAINS
from agnes.model.metric import Metric
from agnes.sandbox import Result
from agnes.sql.ask import Ask
from tests.compute.conftest import METRICS

STARTER = [
    (metric_id, variant)
    for metric_id, metric in METRICS.items()
    for variant in ["", *metric.sql_variants]
]


def starter_sql(metric_id: str, variant: str) -> str:
    metric = METRICS[metric_id]
    return metric.sql_variants[variant] if variant else metric.sql


CONSTRUCTS = {
    "division of integers": "SELECT id, n / 2 AS x FROM facts ORDER BY id",
    "division of decimals": "SELECT id, amount / 3 AS x FROM facts ORDER BY id",
    "remainder": "SELECT id, n % 3 AS x FROM facts ORDER BY id",
    "mean of decimals": "SELECT AVG(amount) AS x, AVG(n) AS y, AVG(DISTINCT n) AS z FROM facts",
    "median": "SELECT MEDIAN(ratio) AS x, MEDIAN(n) AS y FROM facts",
    "quantile": "SELECT QUANTILE_CONT(ratio, 0.9) AS x FROM facts",
    "median by group": "SELECT flag, MEDIAN(n) AS x FROM facts GROUP BY flag ORDER BY flag",
    "deviation": "SELECT STDDEV(n) AS x, VAR_POP(amount) AS y, STDDEV_POP(ratio) AS z FROM facts",
    "deviation of one": "SELECT STDDEV(n) AS x FROM facts WHERE id = 1",
    "month of a date": "SELECT id, DATE_TRUNC('month', day) AS x FROM facts ORDER BY id",
    "week": "SELECT id, DATE_TRUNC('week', day) AS x, DATE_TRUNC('week', moment) AS y FROM facts"
    " ORDER BY id",
    "quarter": "SELECT id, CAST(DATE_TRUNC('quarter', day) AS DATE) AS x FROM facts ORDER BY id",
    "hour": "SELECT id, DATE_TRUNC('hour', moment) AS x FROM facts ORDER BY id",
    "last day": "SELECT id, LAST_DAY(day) AS x, LAST_DAY(moment) AS y FROM facts ORDER BY id",
    "a month later": "SELECT id, day + INTERVAL 1 MONTH AS x FROM facts ORDER BY id",
    "a quarter before": "SELECT id, moment - INTERVAL 1 QUARTER AS x FROM facts ORDER BY id",
    "two weeks later": "SELECT id, CAST(day + INTERVAL 2 WEEK AS DATE) AS x FROM facts ORDER BY id",
    "days between dates": "SELECT id, DATE '2025-03-01' - day AS x FROM facts ORDER BY id",
    **{
        f"{unit}s between": "SELECT id,"
        f" DATE_DIFF('{unit}', TIMESTAMP '2024-02-29 23:59:30', moment) AS x,"
        f" DATE_DIFF('{unit}', moment, TIMESTAMP '2025-01-05 00:00:00') AS y,"
        f" DATE_DIFF('{unit}', day, DATE '2025-03-01') AS z FROM facts ORDER BY id"
        for unit in ("year", "quarter", "month", "day", "hour", "minute", "second")
    },
    "parts of a date": "SELECT id, EXTRACT(year FROM day) AS y, QUARTER(day) AS q,"
    " MONTH(moment) AS m, EXTRACT(hour FROM moment) AS h FROM facts ORDER BY id",
    "a date as text": "SELECT id, STRFTIME(day, '%Y-%m') AS x,"
    " STRFTIME(moment, '%d/%m/%Y %H:%M:%S') AS y, CAST(day AS VARCHAR) AS z FROM facts ORDER BY id",
    "greatest of nothing": "SELECT id, GREATEST(n, NULL) AS x, LEAST(amount, 1) AS y,"
    " GREATEST(amount, 0) AS z FROM facts ORDER BY id",
    "order of nothing": "SELECT id, n FROM facts ORDER BY n ASC, id ASC",
    "order of nothing, down": "SELECT id, n FROM facts ORDER BY n DESC, id DESC",
    "order of texts": "SELECT id, name FROM facts ORDER BY name, id",
    "order of texts by an alias": "SELECT COALESCE(name, 'none') AS name, COUNT(*) AS x FROM facts"
    " GROUP BY ALL ORDER BY name DESC",
    "the first text": "SELECT MIN(name) AS x, MAX(name) AS y, GREATEST(MIN(name), 'B') AS z"
    " FROM facts",
    "texts compared": "SELECT id, name < 'a' AS x, name BETWEEN 'A' AND 'a' AS y, name >= 'B' AS z"
    " FROM facts ORDER BY id",
    "texts": "SELECT id, UPPER(name) AS u, LENGTH(name) AS n, SUBSTRING(name, 1, 2) AS s,"
    " TRIM(' ' || name || ' ') AS t, CONCAT(name, '-', NULL) AS c, name || NULL AS d"
    " FROM facts ORDER BY id",
    "patterns": "SELECT id, name LIKE 'a%' AS x, name LIKE '_o%' AS y, STARTS_WITH(name, 'a') AS z"
    " FROM facts ORDER BY id",
    "rounding": "SELECT id, ROUND(ratio, 2) AS x, ROUND(ratio) AS y, ROUND(amount, 1) AS z,"
    " FLOOR(ratio) AS f, CEIL(amount) AS c, ABS(n) AS a FROM facts ORDER BY id",
    "casts": "SELECT id, CAST(amount AS DECIMAL(18, 1)) AS x, CAST(n AS DOUBLE) AS y,"
    " CAST(moment AS DATE) AS z, CAST(n AS VARCHAR) AS t, CAST(FLOOR(ratio) AS BIGINT) AS i"
    " FROM facts ORDER BY id",
    "conditions": "SELECT id, CASE WHEN flag THEN n END AS x, IF(flag, 1, 2) AS y,"
    " COALESCE(n, 0) AS z, NULLIF(n, 7) AS w, n IS DISTINCT FROM 7 AS v FROM facts ORDER BY id",
    "conditions of nothing": "SELECT COUNT(*) AS x FROM facts WHERE NOT flag OR n IN (7, 2)",
    "filter": "SELECT COUNT(*) FILTER (WHERE flag) AS x, SUM(amount) FILTER (WHERE n > 100) AS y,"
    " COUNT_IF(flag) AS z, COUNT(DISTINCT n) FILTER (WHERE n > 0) AS w FROM facts",
    "sums of nothing": "SELECT SUM(n) AS x, COUNT(n) AS y, COUNT_IF(flag) AS z, AVG(n) AS w"
    " FROM facts WHERE id > 100",
    "and, or of flags": "SELECT BOOL_AND(flag) AS x, BOOL_OR(flag) AS y FROM facts",
    "group by an alias": "SELECT CAST(DATE_TRUNC('month', day) AS DATE) AS month, SUM(n) AS x"
    " FROM facts GROUP BY month ORDER BY month",
    "group by a column, not the alias": "SELECT MAX(id) AS n, COUNT(*) AS x FROM facts"
    " GROUP BY facts.n ORDER BY x, n",
    "group by all": "SELECT flag, n > 2 AS big, COUNT(*) AS x FROM facts GROUP BY ALL"
    " ORDER BY flag, big",
    "running total": "SELECT id, SUM(n) OVER (ORDER BY id) AS x, ROW_NUMBER() OVER (ORDER BY n, id)"
    " AS y, LAG(n) OVER (ORDER BY id) AS z, RANK() OVER (PARTITION BY flag ORDER BY n DESC) AS r"
    " FROM facts ORDER BY id",
    "moving mean": "SELECT id, AVG(amount) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT"
    " ROW) AS x FROM facts ORDER BY id",
    "qualify": "SELECT id, n FROM facts QUALIFY ROW_NUMBER() OVER (PARTITION BY flag ORDER BY id)"
    " = 1 ORDER BY id",
    "set operations": "SELECT n FROM facts UNION SELECT id FROM facts ORDER BY n",
    "differences of sets": "SELECT id FROM facts EXCEPT SELECT n FROM facts ORDER BY id",
    "subqueries": "SELECT id FROM facts WHERE n > (SELECT AVG(n) FROM facts) AND EXISTS (SELECT 1"
    " FROM facts AS f WHERE f.id = facts.n) ORDER BY id",
    "a series of months": "WITH months AS (SELECT CAST(UNNEST(GENERATE_SERIES(DATE_TRUNC('month',"
    " MIN(day)), DATE_TRUNC('month', MAX(day)), INTERVAL 1 MONTH)) AS DATE) AS month FROM facts)"
    " SELECT month, COUNT(id) AS x FROM months LEFT JOIN facts ON day <= LAST_DAY(month)"
    " GROUP BY month ORDER BY month",
    "a series of days": "SELECT UNNEST(GENERATE_SERIES(MIN(day), MAX(day), INTERVAL 1 WEEK)) AS day"
    " FROM facts WHERE id < 4",
    "a series of numbers": "SELECT UNNEST(GENERATE_SERIES(1, MAX(n))) AS x FROM facts",
    "a series of nothing": "SELECT UNNEST(GENERATE_SERIES(MIN(day), MAX(day), INTERVAL 1 DAY)) AS d"
    " FROM facts WHERE id > 100",
    "a name with dots": 'SELECT name, seats * 1.5 AS x FROM "in.c-crm.company"',
    "a table in main": "SELECT COUNT(*) AS x FROM main.facts",
    "case of names": "SELECT Facts.ID AS Number FROM Facts ORDER BY 1 LIMIT 2 OFFSET 1",
    "a number with an exponent": "SELECT 1e3 / 7 AS x, 2.50 * 3 AS y, 2 * 3 AS z",
    "a union of steps": "WITH a AS (SELECT n AS x FROM facts), b AS (SELECT x FROM a UNION ALL"
    " SELECT x + 1 FROM a) SELECT x, COUNT(*) AS y FROM b GROUP BY x ORDER BY x DESC",
    "a star": "SELECT * FROM facts ORDER BY id",
    "large decimals": "SELECT SUM(amount * 1000000000.5) AS x, SUM(amount) * 12 AS y FROM facts",
}
"""Queries that engines answer in different ways when they are told them word by word."""

PARAMETERS: Mapping[str, Any] = {
    "day": date(2025, 1, 31),
    "moment": datetime(2025, 1, 31, 12, 30, 15),  # noqa: DTZ001
    "amount": Decimal("-2.25"),
    "ratio": 0.125,
    "n": -7,
    "flag": True,
    "nothing": None,
}
TEXTS = ["O'Hara", "a\\b", "\\", "' OR 1=1 --", "\\' OR 1=1 --", 'ä\n%_\t"`$day', "\\n", "{x}"]


def assert_derived_equal(engine: Engine, duckdb: Engine, metric: Metric) -> None:
    """What is derived of a metric by grain, range, dimension and condition is equal."""
    compared = 0
    for ask in _asks(metric):
        try:
            expected = run(duckdb, metric, ask)
        except NotDerivableError:
            continue
        assert_equal(run(engine, metric, ask).result, expected.result)
        compared += 1
    assert compared > 3


def _asks(metric: Metric) -> Iterator[Ask]:
    yield from (Ask(grain=grain) for grain in GRAINS if grain != "daily")  # of many rows
    yield Ask(start=date(2025, 2, 1), end=date(2025, 3, 31))
    for name in metric.dimensions[:2]:
        yield Ask(by=(name,), where=f"{name} <> 'x'", grain="quarterly")


def alike(one: Any, other: Any) -> bool:
    """Whether two values are of one type and equal, floats but for their last digits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return type(one) is type(other) and one == other


def assert_equal(found: Result, expected: Result) -> None:
    assert [it.name for it in found.columns] == [it.name for it in expected.columns]
    assert len(found.rows) == len(expected.rows)
    for row, (one, other) in enumerate(zip(found.rows, expected.rows, strict=True)):
        assert all(map(alike, one, other)), f"row {row}: {one} is not {other}"
