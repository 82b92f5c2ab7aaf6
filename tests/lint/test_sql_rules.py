"""Rules about queries, beyond the examples in their pages."""

from __future__ import annotations

import pytest

from tests.lint.conftest import REVENUE, codes, marked, metric, queries


def block(sql: str) -> str:
    return f"|\n  {sql}"


def hits(find, code: str, **keys: str) -> list[str]:
    """What a rule marks in a metric of these keys."""
    text = metric(**keys)
    return [marked(item, text) for item in find({REVENUE: text}, only=code)]


# AG401 to AG404: one SELECT that reads tables


@pytest.mark.parametrize("end", ["", ";", " ;\n", " -- that is all", "\n  /* that is all */"])
def test_a_semicolon_or_a_comment_may_end_a_query(find, end):
    assert find({REVENUE: metric(sql=block(f"SELECT SUM(amount) AS x FROM orders{end}"))}) == []


@pytest.mark.parametrize(
    ("sql", "code", "at"),
    [
        ("SELECT SUM(amount FROM orders", "AG401", "FROM"),
        ("SELECT 1; SELECT 2", "AG402", "SELECT"),
        ("UPDATE orders SET amount = 0", "AG402", "UPDATE"),
        ("SELECT 1 FROM 'orders.csv'", "AG403", "'orders.csv'"),
        ("SELECT 1 FROM read_csv('orders.csv')", "AG403", "read_csv('orders.csv'"),
        ("SELECT getenv('HOME')", "AG403", "getenv('HOME'"),
        ("SELECT * FROM information_schema.tables", "AG403", "information_schema.tables"),
    ],
)
@pytest.mark.parametrize("key", ["sql", "sql_by_day"])
def test_a_refused_query_is_told_at_its_place_and_nothing_else_is_said_of_it(
    find, sql, code, at, key
):
    text = metric(**{"table": None, "sql": "SELECT 1 AS x", key: block(sql)})

    found = find({REVENUE: text})

    assert codes(found) == [code]
    assert marked(found[0], text).startswith(at)


def test_a_query_that_is_too_long_is_told(find):
    assert hits(find, "AG404", sql=block("SELECT 1 AS x -- " + "x" * 65_536)) != []


# AG405: the expression


@pytest.mark.parametrize(
    "expression",
    [
        "SUM(amount)",
        "sum(amount) / nullif(count(DISTINCT order_id), 0)",
        "100.0 * COUNT(*) FILTER (WHERE region = 'eu') / COUNT(*)",
        "SUM(CASE WHEN region = 'eu' THEN amount ELSE 0 END)",
        "COALESCE(SUM(amount), 0)",
        "ROUND(AVG(amount), 2)",
        "QUANTILE_CONT(amount, 0.5)",
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount)",
        "MEDIAN(DATE_DIFF('day', order_date, CURRENT_DATE))",
        "MAX(amount) - MIN(amount)",
        "COUNT(*)",
        "SUM(orders.amount) * 12",
        "APPROX_COUNT_DISTINCT(customer_id)::DOUBLE / 2",
        "SUM(amount) OVER (ORDER BY order_date)",
        "ARG_MAX(amount, order_date)",
        "STDDEV_SAMP(amount)",
    ],
)
def test_a_calculation_over_aggregates_is_an_expression(find, expression):
    assert hits(find, "AG405", expression=f'"{expression}"') == []


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("amount", "amount"),
        ("amount * 12", "amount * 12"),
        ("SUM(amount) / quantity", "quantity"),
        ("SUM(amount), COUNT(*)", "SUM(amount), COUNT(*)"),
        ("SUM(amount) FROM orders", "SUM(amount) FROM orders"),
        ("SUM(amount", "SUM(amount"),
        ("ROUND(amount, 2)", "ROUND(amount, 2)"),
    ],
)
def test_what_aggregates_nothing_is_no_expression(find, expression, at):
    [found] = hits(find, "AG405", expression=expression)

    assert found in at


@pytest.mark.parametrize("expression", ["costs * 12", "100.0 * costs / NULLIF(units, 0)"])
def test_a_metric_that_is_made_of_others_may_be_calculated_from_them(find, expression):
    inputs = "[sales/costs, sales/units]"

    assert hits(find, "AG405", expression=expression, inputs=inputs) == []
    assert hits(find, "AG405", expression=f"{expression} - amount", inputs=inputs) != []


# AG406: queries by a dimension


@pytest.mark.parametrize(
    ("name", "sql", "dimensions"),
    [
        ("region", "SELECT region, SUM(amount) AS x FROM orders GROUP BY region", "region"),
        ("region", "SELECT region, SUM(amount) AS x FROM orders GROUP BY 1", "Region"),
        ("region", "SELECT region, SUM(amount) AS x FROM orders GROUP BY ALL", "region"),
        ("region", "SELECT o.region, SUM(amount) AS x FROM orders o GROUP BY o.region", "o.region"),
        (
            "region",
            "SELECT UPPER(region) AS r, 1 AS x FROM orders GROUP BY UPPER(region)",
            "region",
        ),
        (
            "region",
            "SELECT COALESCE(region, '-') AS region, 1 AS x FROM orders GROUP BY 1",
            "region",
        ),
        ("region", "SELECT region, 1 AS x FROM orders GROUP BY ROLLUP (region)", "region"),
        ("region", "SELECT DISTINCT region FROM orders", "region"),
        (
            "size",
            "SELECT CASE WHEN amount > 9 THEN 'l' END AS size, 1 AS x FROM orders GROUP BY 1",
            "size",
        ),
        (
            "region",
            "WITH r AS (SELECT region, 1 AS x FROM orders GROUP BY region) SELECT region, x FROM r",
            "region",
        ),
        ("month", "SELECT MONTH(order_date) AS m, 1 AS x FROM orders GROUP BY 1", "region"),
        ("day", "SELECT order_date, SUM(amount) AS x FROM orders GROUP BY 1", "region"),
    ],
)
def test_a_variant_groups_by_what_it_is_called_after(find, name, sql, dimensions):
    keys = {"dimensions": f"[{dimensions}]", f"sql_by_{name}": block(sql)}

    assert hits(find, "AG406", **keys) == []


@pytest.mark.parametrize(
    ("sql", "dimensions", "message"),
    [
        (
            "SELECT region, SUM(amount) AS x FROM orders GROUP BY region",
            "[]",
            "region is not among the dimensions",
        ),
        (
            "SELECT customer_id, SUM(amount) AS x FROM orders GROUP BY customer_id",
            "[region]",
            "the query does not group by region",
        ),
        ("SELECT SUM(amount) AS x FROM orders", "[region]", "the query does not group by region"),
    ],
)
def test_a_variant_that_does_not_is_told_at_its_key(find, sql, dimensions, message):
    text = metric(sql_by_region=sql, dimensions=dimensions)

    found = find({REVENUE: text}, only="AG406")

    assert [(item.message, marked(item, text)) for item in found] == [(message, "sql_by_region")]


# AG407 to AG411: hints


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT * FROM orders", 1),
        ("SELECT o.* FROM orders o", 1),
        ("SELECT *, amount FROM orders", 1),
        ("SELECT amount FROM (SELECT * FROM orders)", 1),
        ("SELECT COUNT(*) AS x FROM orders", 0),
        ("SELECT COUNT(*) FILTER (WHERE amount > 1) * 2 AS x FROM orders", 0),
        ("SELECT amount * 2 AS x FROM orders", 0),
        ("SELECT region FROM orders WHERE EXISTS (SELECT 1 FROM orders)", 0),
    ],
)
def test_a_star_is_told_where_it_stands_for_columns(find, sql, number):
    assert len(hits(find, "AG407", sql=block(sql))) == number


@pytest.mark.parametrize(
    ("time_column", "sql"),
    [
        ("order_date", "SELECT DATE_TRUNC('month', order_date) AS m FROM orders"),
        ("Order_Date", 'SELECT o."order_date" AS m FROM orders o'),
        ("orders.order_date", "SELECT o.order_date AS m FROM orders o"),
        ("order_date", "SELECT order_date.year() AS m FROM orders"),
        ("order_date", "SELECT region FROM orders WHERE order_date > DATE '2024-01-01'"),
        ("order_date", "WITH o AS (SELECT MAX(order_date) AS d FROM orders) SELECT d FROM o"),
        ("order_date", "FROM orders SELECT MAX(order_date) AS d"),
    ],
)
def test_a_time_column_that_the_query_uses_is_fine(find, time_column, sql):
    assert hits(find, "AG408", time_column=time_column, sql=block(sql)) == []


@pytest.mark.parametrize(
    ("order", "at"),
    [
        ("ORDER BY region ASC", []),
        ("ORDER BY region DESC NULLS LAST, amount ASC", []),
        ("ORDER BY 1 ASC", []),
        ("ORDER BY ALL ASC", []),
        ("ORDER BY region", ["region"]),
        ("ORDER BY region, 2 DESC, amount", ["region", "amount"]),
        ("ORDER BY region NULLS LAST", ["region"]),
        ("ORDER BY 1", ["1"]),
        ("", []),
    ],
)
def test_an_order_says_its_direction(find, order, at):
    sql = f"SELECT region, amount FROM orders {order}"

    assert hits(find, "AG409", sql=block(sql)) == at


def test_an_order_within_a_query_needs_no_direction(find):
    sql = "SELECT LIST(region ORDER BY amount) AS r, SUM(1) OVER (ORDER BY region) AS s FROM orders"

    assert hits(find, "AG409", sql=block(sql)) == []


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT region FROM orders LIMIT 10", 1),
        ("SELECT region FROM orders ORDER BY 1 ASC LIMIT 10 OFFSET 5", 1),
        ("SELECT region FROM (SELECT region FROM orders LIMIT 1)", 0),
        ("SELECT (SELECT region FROM orders LIMIT 1) AS r", 0),
    ],
)
def test_a_limit_of_the_result_is_told(find, sql, number):
    assert len(hits(find, "AG410", sql=block(sql))) == number


FINE_JOINS = queries(
    """
    SELECT 1 AS x FROM orders JOIN customers USING (customer_id);
    SELECT 1 AS x FROM orders o LEFT JOIN customers c ON c.customer_id = o.customer_id;
    SELECT 1 AS x FROM orders CROSS JOIN customers;
    SELECT 1 AS x FROM orders NATURAL JOIN customers;
    SELECT 1 AS x FROM orders o, customers c WHERE o.customer_id = c.customer_id;
    SELECT 1 AS x FROM orders POSITIONAL JOIN customers;
    SELECT 1 AS x FROM orders, UNNEST([1, 2]) AS t(u);
    SELECT 1 AS x FROM orders, generate_series(1, 3) AS t(u);
    SELECT 1 AS x FROM orders o, LATERAL (SELECT o.amount AS n) AS l;
    SELECT 1 AS x FROM orders o SEMI JOIN customers c ON c.customer_id = o.customer_id;
    SELECT 1 AS x FROM orders o ASOF JOIN customers c ON o.customer_id >= c.customer_id
    """
)


@pytest.mark.parametrize("sql", FINE_JOINS)
def test_a_join_that_says_what_it_pairs_is_fine(find, sql):
    assert hits(find, "AG411", sql=block(sql)) == []


@pytest.mark.parametrize(
    "sql", ["SELECT 1 AS x FROM orders, customers", "SELECT 1 AS x FROM orders o, customers AS c"]
)
def test_a_join_without_a_condition_is_told_at_the_table(find, sql):
    assert hits(find, "AG411", sql=block(sql)) == ["customers"]


def test_every_rule_looks_into_variants_too(find):
    sql = "SELECT * FROM orders, customers ORDER BY 1 LIMIT 1"

    found = find({REVENUE: metric(sql_by_day=block(sql), tables="[orders, customers]")})

    assert sorted(codes(found)) == ["AG407", "AG409", "AG410", "AG411"]
    assert {item.severity for item in found} == {"hint"}


def test_a_list_of_one_metric_is_looked_at_like_any_other(find):
    text = (
        "- name: revenue\n  grain: monthly\n  table: orders\n  sql: SELECT * FROM orders LIMIT 1\n"
    )

    found = find({REVENUE: text})

    assert [(item.code, item.line, item.column) for item in found] == [
        ("AG407", 4, 15),
        ("AG410", 4, 35),
    ]
    assert marked(found[0], text) == "*"
