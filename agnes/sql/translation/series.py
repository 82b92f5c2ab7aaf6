"""`UNNEST(GENERATE_SERIES(low, high, step))` among the columns of a SELECT, for other engines.

    SELECT CAST(UNNEST(GENERATE_SERIES(MIN(a), MAX(a), INTERVAL 1 MONTH)) AS DATE) AS m FROM t

becomes a SELECT of the bounds, one of the series between them, and one of the rest:

    SELECT CAST(series.value AS DATE) AS m
    FROM (SELECT <series of bounds.low, bounds.high> AS value
          FROM (SELECT MIN(a) AS low, MAX(a) AS high FROM t) AS bounds) AS series
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

Refuse = Callable[[str, str | None], Exception]
_FROM_BOUNDS = {
    "postgres": "SELECT GENERATE_SERIES(low, high, step) AS value FROM bounds",
    "spark": "SELECT EXPLODE(SEQUENCE(low, high, step)) AS value FROM bounds",
    "trino": "SELECT value FROM bounds CROSS JOIN UNNEST(SEQUENCE(low, high, step)) AS s(value)",
    "bigquery": """
        SELECT CAST(day AS DATETIME) AS value FROM bounds
        CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(CAST(low AS DATE), CAST(high AS DATE), step)) AS day
    """,
    "snowflake": """
        SELECT DATEADD(MONTH, CAST(n.value AS INT), low) AS value FROM bounds,
        LATERAL FLATTEN(INPUT => ARRAY_GENERATE_RANGE(0, DATEDIFF(MONTH, low, high) + 1)) AS n
    """,
}
_MONTH_STARTS = ("MONTH", "QUARTER", "YEAR")


def unnest_series(select: exp.Select, dialect: str, refuse: Refuse) -> None:
    """Rewrite one SELECT in place, if there is such a series in it.

    Args:
        refuse: makes the error of what cannot be said, from its name and a hint.
    """
    found = [it for item in select.expressions for it in item.find_all(exp.Explode)]
    found = [it for it in found if it.find_ancestor(exp.Select) is select]
    if not found:
        return
    [explode, *more] = found
    clauses = ("group", "having", "qualify", "distinct", "order", "limit", "offset")
    alone = len(select.expressions) == 1 and not any(select.args.get(it) for it in clauses)
    if more or not alone:
        hint = "put it into a WITH of its own: SELECT UNNEST(...) AS month FROM t"
        raise refuse("UNNEST beside other columns", hint)
    series = explode.this
    low, high, step = (series.args.get(it) for it in ("start", "end", "step"))
    if series.args.get("is_end_exclusive"):
        raise refuse("RANGE", "write GENERATE_SERIES")
    _check_step(low, step, dialect, refuse)
    values = sqlglot.parse_one(_FROM_BOUNDS[dialect], dialect=dialect)
    assert isinstance(values, exp.Select)
    for mark in list(values.find_all(exp.Column)):
        if mark.name == "step":
            mark.replace(step.copy() if step else exp.Literal.number(1))
    bounds = exp.select(exp.alias_(low.copy(), "low"), exp.alias_(high.copy(), "high"))
    for clause in ("from_", "joins", "where"):
        if (value := select.args.get(clause)) is not None:
            bounds.set(clause, value)
            select.set(clause, None)
    for table in list(values.find_all(exp.Table)):
        if table.name == "bounds":
            table.replace(bounds.subquery("bounds"))
    explode.replace(exp.column("value", "series"))
    select.set("from_", exp.From(this=values.subquery("series")))
    select.set("joins", None)


def _check_step(low: exp.Expr, step: exp.Expr | None, dialect: str, refuse: Refuse) -> None:
    """Steps by months from the 31st are counted in two ways; not all engines have all steps."""
    if not isinstance(step, exp.Interval):
        of_numbers = dialect not in ("bigquery", "snowflake")
        if not of_numbers or not isinstance(step, exp.Literal | None):
            raise refuse("GENERATE_SERIES of numbers", None)
        return
    unit = step.text("unit").upper()
    whole = {"bigquery": ("DAY", "MONTH"), "snowflake": ("MONTH",)}.get(dialect, (unit,))
    if unit not in whole or (dialect == "snowflake" and step.name != "1"):
        raise refuse(f"GENERATE_SERIES by {step.name} {unit}", None)
    if unit == "MONTH" and not _starts_a_month(low):
        hint = "begin at DATE_TRUNC('month', ...)"
        raise refuse("GENERATE_SERIES by months from a day that may be the 29th or later", hint)


def _starts_a_month(node: exp.Expr) -> bool:
    while isinstance(node, exp.Cast | exp.Min | exp.Max | exp.Paren):
        node = node.this
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return node.text("unit").upper() in _MONTH_STARTS
    return isinstance(node, exp.Literal) and node.name[8:10] <= "28"
