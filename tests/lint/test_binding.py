"""Queries that the engine prepares on empty tables."""

from __future__ import annotations

import sqlite3
import sys

import pytest

from agnes.errors import SandboxError
from agnes.lint.files import folder_files
from agnes.lint.page import BASE
from agnes.lint.results import Results
from agnes.lint.run import Request, lint
from tests.lint.conftest import REVENUE, SQL, codes, marked, metric, queries, table, write

TYPED = {
    "tables/orders.yml": table(
        "orders",
        order_id="STRING",
        customer_id="STRING",
        amount="NUMERIC",
        discount="NUMERIC",
        unit_price="NUMERIC",
        fx_rate="NUMERIC",
        tax_rate="NUMERIC",
        quantity="INTEGER",
        score="FLOAT",
        is_paid="BOOLEAN",
        is_trial="BOOLEAN",
        order_date="DATE",
        created_at="TIMESTAMP",
        shipped_at="TIMESTAMP",
        region="STRING",
        country="STRING",
        status="STRING",
        payload="STRING",
    ),
    "tables/customers.yml": table(
        "customers",
        customer_id="STRING",
        segment="STRING",
        signup_date="DATE",
        churned_at="TIMESTAMP",
        is_active="BOOLEAN",
    ),
    "tables/events.yml": table(
        "events",
        event_id="INTEGER",
        user_id="STRING",
        occurred_at="TIMESTAMP",
        event_name="STRING",
        duration_ms="INTEGER",
    ),
}
USUAL = queries(
    """
    SELECT DATE_TRUNC('month', order_date) AS m, SUM(amount) FROM orders GROUP BY 1 ORDER BY 1 ASC;
    SELECT CAST(DATE_TRUNC('month', created_at) AS DATE) AS m, SUM(amount) FROM orders GROUP BY m;
    SELECT DATE_TRUNC('week', created_at)::DATE AS w, COUNT(DISTINCT customer_id)
      FROM orders GROUP BY ALL;
    SELECT STRFTIME(order_date, '%Y-%m') AS m, STRFTIME('%Y', created_at) AS y FROM orders;
    SELECT EXTRACT(year FROM order_date) AS y, EXTRACT(quarter FROM created_at) AS q FROM orders;
    SELECT DATE_PART('isodow', created_at), YEAR(order_date), MONTHNAME(order_date) FROM orders;
    SELECT COUNT(*) FROM orders WHERE order_date >= CURRENT_DATE - INTERVAL 30 DAY;
    SELECT COUNT(*) FROM orders WHERE order_date >= CURRENT_DATE - INTERVAL '3 months';
    SELECT COUNT(*) FROM orders WHERE created_at >= NOW() - INTERVAL 1 DAY;
    SELECT COUNT(*) FROM orders WHERE created_at >= CURRENT_TIMESTAMP - INTERVAL '7' DAY;
    SELECT COUNT(*) FROM orders WHERE order_date BETWEEN '2024-01-01' AND '2024-12-31';
    SELECT COUNT(*) FROM orders WHERE order_date < '2025-01-01'::DATE AND created_at > '2024-01-01';
    SELECT DATEDIFF('day', order_date, CURRENT_DATE), order_date - DATE '2024-01-01' FROM orders;
    SELECT AVG(DATE_DIFF('hour', created_at, shipped_at)) / 24.0 FROM orders;
    SELECT AVG(EPOCH(shipped_at - created_at)) / 3600.0, MAX(shipped_at - created_at) FROM orders;
    SELECT SUM(amount * (1 - discount)) AS net FROM orders;
    SELECT SUM(quantity * unit_price * (1 - discount) * fx_rate * (1 + tax_rate)) FROM orders;
    SELECT SUM(amount * unit_price * fx_rate * discount * tax_rate * 1.2345) FROM orders;
    SELECT ROUND(amount * 0.123456789012 * fx_rate * discount * tax_rate, 2) FROM orders;
    SELECT SUM(amount * 1.21), SUM(amount) / 12, ROUND(SUM(amount), 2), amount * 1e-3 FROM orders
      GROUP BY amount;
    SELECT ROUND(100.0 * SUM(CASE WHEN is_paid THEN 1 ELSE 0 END) / COUNT(*), 2) FROM orders;
    SELECT COUNT(*) FILTER (WHERE is_paid) * 100.0 / NULLIF(COUNT(*), 0) AS rate FROM orders;
    SELECT SUM(amount) FILTER (WHERE status = 'paid' AND NOT is_trial) FROM orders;
    SELECT SUM(is_paid::INT), AVG(CAST(is_trial AS INTEGER)), SUM(is_paid) FROM orders;
    SELECT COUNT_IF(is_paid), SUM(CASE WHEN is_paid = TRUE THEN amount END) FROM orders;
    SELECT COUNT(*) FROM orders WHERE is_paid = 1 OR is_paid = 'true' OR is_paid IS NOT TRUE;
    SELECT COALESCE(SUM(amount), 0), IFNULL(SUM(discount), 0), SUM(quantity) * AVG(unit_price)
      FROM orders;
    SELECT COALESCE(region, 'none') AS r, SUM(amount) FROM orders GROUP BY COALESCE(region, 'none');
    SELECT m, v, v / NULLIF(LAG(v) OVER (ORDER BY m), 0) - 1 AS growth
      FROM (SELECT DATE_TRUNC('month', order_date) AS m, SUM(amount) AS v FROM orders GROUP BY 1);
    SELECT order_date, SUM(SUM(amount)) OVER (ORDER BY order_date ROWS BETWEEN 6 PRECEDING
      AND CURRENT ROW) FROM orders GROUP BY order_date;
    SELECT order_date, AVG(SUM(amount)) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 27 DAYS
      PRECEDING AND CURRENT ROW) FROM orders GROUP BY order_date;
    SELECT customer_id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY created_at DESC) AS rn
      FROM orders QUALIFY rn = 1;
    SELECT NTILE(4) OVER (ORDER BY amount), PERCENT_RANK() OVER (ORDER BY score),
      FIRST_VALUE(region) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY score);
    SELECT * EXCLUDE (rn) FROM (SELECT *, ROW_NUMBER() OVER () AS rn FROM orders) WHERE rn = 1;
    WITH f AS (SELECT customer_id, MIN(order_date) AS d FROM orders GROUP BY ALL)
      SELECT DATE_TRUNC('month', f.d) AS cohort, DATE_DIFF('month', f.d, o.order_date) AS n,
      COUNT(DISTINCT o.customer_id) FROM orders o JOIN f USING (customer_id) GROUP BY cohort, n;
    SELECT c.segment, SUM(o.amount) FROM orders AS o LEFT JOIN customers AS c
      ON c.customer_id = o.customer_id GROUP BY c.segment;
    SELECT COUNT(*) FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o
      WHERE o.customer_id = c.customer_id AND o.order_date > c.signup_date);
    SELECT COUNT(*) FROM customers WHERE customer_id IN (SELECT customer_id FROM orders);
    SELECT QUANTILE_CONT(amount, 0.95), MEDIAN(amount), MODE(region),
      PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount) FROM orders;
    SELECT APPROX_COUNT_DISTINCT(customer_id), STDDEV(score), VAR_POP(amount), CORR(score, amount)
      FROM orders;
    SELECT STRING_AGG(DISTINCT region, ', ' ORDER BY region), LIST(customer_id), ANY_VALUE(status)
      FROM orders;
    SELECT ARG_MAX(status, created_at), MAX_BY(status, amount), FIRST(region ORDER BY created_at)
      FROM orders;
    SELECT CASE WHEN amount >= 1000 THEN 'l' WHEN amount >= 9.5 THEN 'm' ELSE 's' END AS band,
      COUNT(*) AS n FROM orders GROUP BY band HAVING n > 10;
    SELECT region, country, SUM(amount), GROUPING(region) FROM orders
      GROUP BY ROLLUP (region, country);
    SELECT region, country, COUNT(*) FROM orders GROUP BY GROUPING SETS ((region), (country), ());
    SELECT UNNEST(GENERATE_SERIES(MIN(order_date), MAX(order_date), INTERVAL 1 MONTH)) FROM orders;
    WITH m AS (SELECT CAST(UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(order_date)),
      MAX(order_date), INTERVAL 1 MONTH)) AS DATE) AS m FROM orders)
      SELECT m, LAST_DAY(m), SUM(amount) FROM m JOIN orders ON order_date < LAST_DAY(m) GROUP BY 1;
    SELECT d::DATE AS day, COUNT(o.order_id) FROM GENERATE_SERIES(DATE '2024-01-01', CURRENT_DATE,
      INTERVAL 1 DAY) AS t(d) LEFT JOIN orders o ON o.order_date = t.d::DATE GROUP BY 1;
    WITH RECURSIVE days(d) AS (SELECT DATE '2024-01-01' UNION ALL SELECT CAST(d + INTERVAL 1 DAY
      AS DATE) FROM days WHERE d < '2024-02-01') SELECT d, COUNT(order_id) FROM days
      LEFT JOIN orders ON order_date = d GROUP BY d;
    SELECT 'new' AS k, SUM(amount) AS v FROM orders WHERE is_trial UNION ALL SELECT 'old', 0;
    SELECT amount FROM orders UNION SELECT quantity FROM orders UNION SELECT score FROM orders;
    SELECT JSON_EXTRACT_STRING(payload, '$.plan') AS p, payload->>'$.plan' AS q,
      (payload->>'price')::DECIMAL(18, 2) AS price FROM orders;
    SELECT LOWER(TRIM(region)) || '-' || country, LEFT(order_id, 3), SPLIT_PART(order_id, '-', 1),
      REGEXP_REPLACE(status, '[^a-z]', '', 'g'), CONCAT(region, quantity, order_date) FROM orders;
    SELECT COUNT(*) FROM orders WHERE status ILIKE '%paid%' AND REGEXP_MATCHES(order_id, '^O')
      AND region NOT IN ('eu', 'us') AND country IS NOT NULL;
    SELECT TRY_CAST(order_id AS INTEGER), CAST(amount AS DOUBLE), amount::DECIMAL(38, 20),
      amount::BIGINT, order_date::TIMESTAMP, created_at::DATE, quantity::VARCHAR FROM orders;
    SELECT created_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Prague',
      DATE_TRUNC('day', created_at AT TIME ZONE 'Europe/Prague') FROM orders;
    SELECT DATE_TRUNC('month', NOW()), DATE_TRUNC('month', CURRENT_DATE), TODAY(),
      MAKE_DATE(2024, 1, 1), STRPTIME('2024-01-01', '%Y-%m-%d') FROM orders;
    SELECT order_date + 1, order_date - INTERVAL '1 month', created_at + INTERVAL (quantity) DAY,
      created_at + quantity * INTERVAL 1 HOUR, TO_TIMESTAMP(quantity) FROM orders;
    SELECT TIME_BUCKET(INTERVAL '15 minutes', occurred_at) AS t, COUNT(*) FROM events GROUP BY t;
    SELECT user_id, SUM(duration_ms) / 1000.0 / 60 FROM events GROUP BY user_id HAVING COUNT(*) > 5;
    SELECT COUNT(DISTINCT CASE WHEN event_name = 'login' THEN user_id END),
      COUNT(DISTINCT (user_id, event_name)) FROM events;
    SELECT IF(is_paid, amount, 0), NULLIF(amount, 0), GREATEST(amount, 0), LEAST(amount, discount),
      ABS(amount), FLOOR(amount), CEIL(score), POWER(score, 2), SQRT(amount), LN(amount),
      MOD(quantity, 2), quantity // 2, amount % 7, -amount FROM orders;
    SELECT EXP(SUM(LN(1 + score))) - 1, PRODUCT(1 + score), GEOMEAN(amount),
      SUM(amount * amount) - SUM(amount) * SUM(amount) / COUNT(*) FROM orders;
    SELECT order_date::VARCHAR, LEFT(created_at::VARCHAR, 7), amount || ' USD' FROM orders;
    SELECT amount AS a, a * 2 AS b, b - discount AS c FROM orders WHERE a > 1;
    FROM orders SELECT region, SUM(amount) GROUP BY region;
    SELECT o.order_id FROM orders o ASOF JOIN customers c
      ON o.customer_id = c.customer_id AND o.created_at >= c.churned_at;
    SELECT o.order_id, e.n FROM orders o JOIN LATERAL (SELECT COUNT(*) AS n FROM events e
      WHERE e.user_id = o.customer_id) e ON TRUE;
    SELECT region, rate * amount FROM (VALUES ('eu', 1.1)) AS fx(region, rate)
      JOIN orders USING (region);
    SELECT LIST_TRANSFORM(LIST(amount), lambda x: x + 1), COLUMNS('is_.*') FROM orders GROUP BY ALL;
    SELECT eu, us FROM (PIVOT orders ON region IN ('eu', 'us') USING SUM(amount) GROUP BY status);
    SELECT COUNT(*) AS "Number of orders", SUM(amount) AS "Umsatz (€)" FROM orders
    """
)
UNTYPED = queries(
    """
    SELECT SUM(x), AVG(x), MAX(x) - MIN(x), x + 1, x || 'a' FROM t GROUP BY x;
    SELECT DATE_TRUNC('month', x) AS m, SUM(amount) FROM t GROUP BY 1;
    SELECT STRFTIME(x, '%Y'), EXTRACT(month FROM x), YEAR(x), x - INTERVAL 1 DAY FROM t;
    SELECT x->>'$.a', x['a'], JSON_EXTRACT(x, '$.a'), x.a, t.x.a.b FROM t;
    SELECT UNNEST(x) AS i FROM t;
    SELECT i.sku FROM t, UNNEST(t.x) AS u(i);
    SELECT i.sku FROM (SELECT UNNEST(x) AS i FROM t);
    SELECT LIST_CONTAINS(x, 'a'), LEN(x), x[1], 'a' IN x, LIST_SUM(x), MAP_KEYS(x) FROM t;
    SELECT SUM(amount) FILTER (WHERE x) FROM t WHERE x AND NOT x;
    SELECT CASE WHEN x THEN 1 END, COALESCE(x, 0), COALESCE(x, 'a'), LOWER(x), ABS(x) FROM t;
    SELECT x FROM t UNION ALL SELECT amount FROM t UNION ALL SELECT DATE '2024-01-01';
    SELECT LAG(x) OVER (ORDER BY x), SUM(amount) OVER (PARTITION BY x ORDER BY x) FROM t;
    SELECT amount FROM t WHERE x > 5 AND x < '2024-01-01' AND x IN ('a', 'b') AND x LIKE 'a%'
    """
)


def bound(find, sql: str, tables: dict[str, str]):
    """The findings of binding for a query."""
    found = find({REVENUE: metric(sql=f"|\n  {sql}", table=None), **tables})
    assert not {"AG301", "AG401", "AG402", "AG403"} & set(codes(found)), found
    return [item for item in found if item.code.startswith("AG5")]


# What binds


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The findings of all usual queries, by query."""
    root = tmp_path_factory.mktemp("usual")
    files = {
        f"metrics/usual/q{number}.yml": metric(f"q{number}", sql=f"|\n  {sql}", table=None)
        for number, sql in enumerate(USUAL)
    }
    found = lint(folder_files(write(root, {**TYPED, **files, "agnes.yml": ""})), Request())
    return {
        sql: [item for item in found.diagnostics if item.path == f"metrics/usual/q{number}.yml"]
        for number, sql in enumerate(USUAL)
    }


@pytest.mark.parametrize("sql", USUAL)
def test_a_usual_query_over_typed_columns_has_no_error(usual, sql):
    assert [item for item in usual[sql] if item.severity == "error"] == []


@pytest.mark.parametrize("sql", UNTYPED)
def test_columns_of_unknown_type_give_no_errors(find, sql):
    assert bound(find, sql, {"tables/t.yml": table("t", x=None, amount="NUMERIC")}) == []


@pytest.mark.parametrize(
    ("sql", "at", "hint"),
    [
        ("SELECT amuont FROM t", "amuont", "did you mean amount?"),
        ("SELECT t.amuont FROM t", "t.amuont", "did you mean amount?"),
        ("SELECT SUMM(amount) AS s FROM t", "SUMM(amount)", "did you mean sum?"),
        ("SELECT x, SUM(amount) FROM t", "x", "add it to the GROUP BY, or aggregate it"),
    ],
)
def test_columns_of_unknown_type_hide_no_misspelt_names(find, sql, at, hint):
    tables = {"tables/t.yml": table("t", x=None, amount="NUMERIC")}
    [found] = bound(find, sql, tables)

    assert found.code == "AG501"
    assert marked(found, metric(sql=f"|\n  {sql}", table=None)) == at
    assert found.hint == hint


def test_a_query_that_reads_nothing_is_prepared_too(find):
    assert bound(find, "SELECT 1 AS one", {}) == []
    assert [item.code for item in bound(find, "SELECT one AS two", {})] == ["AG501"]


def test_tables_without_columns_are_told_once_for_each_metric(find):
    found = find(
        {
            "tables/bare.yml": "id: bare\n",
            REVENUE: metric(
                sql="SELECT a FROM bare", sql_by_day="SELECT b FROM bare", table="bare"
            ),
        }
    )

    assert [(item.code, item.severity) for item in found] == [("AG503", "hint")]
    assert found[0].hint == "add `columns` to tables/bare.yml"


def test_a_table_is_known_by_all_its_names_in_one_query(find):
    tables = {
        "tables/in.c-crm.Company.yml": table("in.c-crm.Company", Id="STRING", Amount="NUMERIC"),
    }
    sql = (
        'SELECT a.ID, b.amount, c.id FROM company a, main.Company b, "IN.c-crm.company" c WHERE 1=1'
    )

    assert bound(find, sql, tables) == []


def test_columns_that_differ_in_case_do_not_break_the_others(find):
    tables = {"tables/t.yml": table("t", Amount="NUMERIC", amount="STRING", day="DATE")}

    assert bound(find, "SELECT SUM(amount) AS s FROM t GROUP BY day", tables) == []


@pytest.mark.parametrize("name", ["select", "group", "my column", 'quo"te', "žluť", "100%", "Δ"])
def test_columns_and_tables_may_have_odd_names(find, name):
    column = f"'{name}'"
    tables = {"tables/order.yml": f"id: order\ncolumns: {{{column}: {{basetype: NUMERIC}}}}\n"}
    quoted = '"' + name.replace('"', '""') + '"'

    assert bound(find, f'SELECT SUM({quoted}) AS s FROM "order"', tables) == []


# What does not


@pytest.mark.parametrize(
    ("sql", "at", "message", "hint"),
    [
        (
            "SELECT SUM(amuont) AS x FROM orders",
            "amuont",
            'Referenced column "amuont" not found in FROM clause',
            "did you mean amount?",
        ),
        (
            "SELECT 'žluť 🎉', SUM(o.amuont) AS x FROM orders o",
            "o.amuont",
            'Table "o" does not have a column named "amuont"',
            "did you mean amount?",
        ),
        (
            "SELECT region, SUM(amount) AS x FROM orders",
            "region",
            'column "region" must appear in the GROUP BY clause',
            "add it to the GROUP BY, or aggregate it",
        ),
        (
            "SELECT SUM(region) AS x FROM orders",
            "SUM(region)",
            "No function matches the given name and argument types 'sum(VARCHAR)'",
            "add a CAST, or correct the column's basetype",
        ),
        (
            "SELECT SUMM(amount) AS x FROM orders",
            "SUMM(amount)",
            "Scalar Function with name summ does not exist",
            "did you mean sum?",
        ),
        (
            "SELECT region FROM orders JOIN customers ON customer_id = 1",
            "customer_id",
            'Ambiguous reference to column name "customer_id"',
            None,
        ),
        ("SELECT p.x FROM orders o", "p.x", 'Referenced table "p" not found', None),
        (
            "SELECT SUM(qqq) AS x FROM orders",
            "qqq",
            'Referenced column "qqq" not found in FROM clause',
            None,
        ),
        (
            "SELECT BAR(region) AS x FROM orders",
            "BAR(region)",
            "No function matches the given name and argument types",
            "it takes bar(x DOUBLE, min DOUBLE, max DOUBLE, width DOUBLE)",
        ),
        (
            "SELECT STRFTIME(amount, '%Y') AS x FROM orders",
            "STRFTIME(amount, '%Y')",
            "No function matches the given name and argument types",
            "add a CAST, or correct the column's basetype",
        ),
    ],
)
def test_the_engine_s_words_stand_at_their_place(find, sql, at, message, hint):
    text = metric(sql=f"|\n  -- žluťoučký kůň 🎉\n  {sql}", table=None)

    found = [item for item in find({REVENUE: text}) if item.code == "AG501"]

    assert [(item.line, item.hint) for item in found] == [(5, hint)]
    assert found[0].message.startswith(message)
    assert marked(found[0], text) == at
    assert found[0].message == found[0].message.strip(" !.\n")


@pytest.mark.parametrize(
    "style",
    [
        "sql: SELECT 'ž🎉' AS z, SUM(amuont) AS x FROM orders\n",
        "sql: 'SELECT ''ž🎉'' AS z, SUM(amuont) AS x FROM orders'\n",
        "sql: \"SELECT 'ž🎉' AS z,\\n  SUM(amuont) AS x FROM orders\"\n",
        "sql: |\n  SELECT 'ž🎉' AS z,\n    SUM(amuont) AS x\n  FROM orders\n",
        "sql: >-\n  SELECT 'ž🎉' AS z,\n  SUM(amuont) AS x\n  FROM orders\n",
        "sql: SELECT 'ž🎉' AS z,\n  SUM(amuont) AS x\n  FROM orders\n",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_misspelt_column_is_found_in_every_style(find, style, end):
    data = ("\ufeff# ěšč\n" + metric(sql=None) + style).replace("\n", end).encode()

    found = [item for item in find({REVENUE: data}) if item.code == "AG501"]

    assert [marked(item, data) for item in found] == ["amuont"]


def test_a_mistake_of_a_list_of_one_metric_is_found_there(find):
    text = "- name: revenue\n  grain: monthly\n  table: orders\n  sql: SELECT amuont FROM orders\n"

    found = find({REVENUE: text})

    assert [(item.code, marked(item, text)) for item in found] == [("AG501", "amuont")]


# What is kept


def kept(folder) -> int:
    with sqlite3.connect(Results(folder).path) as database:
        return int(
            database.execute("SELECT count(*) FROM results WHERE key LIKE 'bind %'").fetchone()[0]
        )


def test_outcomes_are_kept_and_equal_queries_share_one(tmp_path):
    files = {
        REVENUE: metric(),
        "metrics/sales/same.yml": metric("same"),
        "metrics/sales/bad.yml": metric("bad", sql="SELECT amuont FROM orders", sql_by_day=SQL),
        "metrics/sales/worse.yml": metric("worse", sql="|-\n  SELECT amuont FROM orders"),
    }
    root = write(tmp_path / "catalog", {**BASE, **files})
    first = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
    assert [(item.path, item.line) for item in first] == [
        ("metrics/sales/bad.yml", 4),
        ("metrics/sales/worse.yml", 5),
    ]
    assert kept(tmp_path) == 2

    done: list[tuple[int, int]] = []
    request = Request(results=Results(tmp_path), advance=lambda *numbers: done.append(numbers))
    assert lint(folder_files(root), request).diagnostics == first
    assert done[-1] == (len(BASE) + len(files), len(BASE) + len(files))


def test_an_outcome_is_of_the_tables_that_the_query_reads(tmp_path):
    root = write(tmp_path / "catalog", {**BASE, REVENUE: metric()})
    for text, expected, number in (
        (BASE["tables/orders.yml"], [], 1),
        (BASE["tables/orders.yml"] + "description: Orders\n", [], 1),
        (table("orders", amount="FLOAT"), [], 2),
        (table("orders", amount="STRING"), ["AG501"], 3),
        (BASE["tables/orders.yml"], [], 3),
    ):
        write(
            root, {"tables/orders.yml": text, "tables/customers.yml": f"id: customers # {number}\n"}
        )
        found = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
        assert codes(found) == expected
        assert kept(tmp_path) == number


def test_a_query_that_takes_too_much_is_told_and_tried_again_next_time(tmp_path):
    sql = "SELECT SUM(amount) AS x FROM orders LIMIT length(repeat('x', 4000000000))"
    root = write(tmp_path / "catalog", {**BASE, REVENUE: metric(sql=sql, sql_by_day=SQL)})

    found = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics

    assert sorted(codes(found)) == ["AG410", "AG502"]
    assert kept(tmp_path) == 1
    again = lint(folder_files(root), Request(results=Results(tmp_path))).diagnostics
    assert again == found


def test_a_sandbox_that_does_not_work_is_an_error_of_the_run(find, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(SandboxError):
        find({REVENUE: metric(), "metrics/sales/costs.yml": metric("costs")})


# Expressions


def test_an_expression_is_bound_on_its_one_table(find):
    text = metric(expression="|\n  SUM(amount)\n  + SUM(amuont)")

    [found] = find({REVENUE: text})

    assert (found.code, found.line, found.hint) == ("AG501", 7, "did you mean amount?")
    assert marked(found, text) == "amuont"


@pytest.mark.parametrize("expression", ["SUM(region)", "SUM(BAR(amount))"])
def test_an_expression_of_the_wrong_type_does_not_bind(find, expression):
    assert codes(find({REVENUE: metric(expression=expression)})) == ["AG501"]


@pytest.mark.parametrize(
    "keys",
    [
        {"expression": "SUM(amount) / COUNT(*)"},
        {"expression": "SUM(o.amount)", "sql": "SELECT SUM(o.amount) AS x FROM orders o"},
        {
            "expression": "SUM(net)",
            "sql": "SELECT SUM(net) AS x FROM (SELECT amount - 1 AS net FROM orders) AS n",
        },
        {
            "expression": "SUM(length(name))",
            "table": None,
            "tables": "[orders, customers]",
            "sql": "SELECT SUM(amount) AS x FROM orders JOIN customers USING (customer_id)",
        },
    ],
)
def test_an_expression_over_what_a_query_makes_up_is_left_alone(find, keys):
    assert find({REVENUE: metric(**keys)}) == []


def test_an_expression_over_inputs_is_left_alone(find):
    made = metric("ratio", expression="revenue / revenue", inputs="[sales/revenue]")

    assert find({REVENUE: metric(), "metrics/sales/ratio.yml": made}) == []
