"""Rules about tables, columns and names, beyond the examples in their pages."""

from __future__ import annotations

import pytest

from tests.lint.conftest import REVENUE, SQL, codes, marked, metric, queries, table

NO_TABLES = {"agnes.yml": "name: Acme\n"}
KEBOOLA = {"tables/in.c-crm.company.yml": table("in.c-crm.company", id="STRING", amount="NUMERIC")}


# AG301: tables are registered


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT SUM(amount) AS x FROM orders", "orders"),
        ("SELECT SUM(amount) AS x FROM ORDERS", "orders"),
        ("SELECT SUM(amount) AS x FROM orders", "Orders"),
        ("SELECT SUM(amount) AS x FROM main.orders", "orders"),
        ('SELECT SUM(amount) AS x FROM "orders"', "orders"),
        ('SELECT SUM(amount) AS x FROM main."Orders" AS o', "orders"),
        ('SELECT SUM(amount) AS x FROM "in.c-crm.company"', "in.c-crm.company"),
        ('SELECT SUM(amount) AS x FROM "IN.C-CRM.company" c', "in.c-crm.company"),
        ('SELECT SUM(amount) AS x FROM "in.c-crm.company"', "company"),
        ("SELECT SUM(amount) AS x FROM company", "in.c-crm.company"),
        ("SELECT SUM(amount) AS x FROM company", "company"),
        ("SELECT SUM(company.amount) AS x FROM main.company", "in.c-crm.company"),
    ],
)
def test_the_spellings_of_a_table_all_mean_it(find, sql, named):
    files = KEBOOLA | {REVENUE: metric(sql=f"|\n  {sql}", table=named)}

    assert find(files) == []


ONLY_ORDERS = queries(
    """
    WITH paid AS (SELECT amount FROM orders) SELECT SUM(amount) AS x FROM paid;
    WITH Paid AS (SELECT amount FROM orders) SELECT SUM(amount) AS x FROM PAID;
    WITH orders AS (SELECT amount FROM orders) SELECT SUM(amount) AS x FROM orders;
    WITH a AS (SELECT amount FROM orders), b AS (SELECT amount FROM a) SELECT SUM(amount) FROM b;
    SELECT SUM(amount) AS x FROM (WITH p AS (SELECT amount FROM orders) SELECT amount FROM p);
    WITH p AS (WITH q AS (SELECT amount FROM orders) SELECT amount FROM q) SELECT amount FROM p;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i,
      SUM(amount) AS x FROM n CROSS JOIN orders GROUP BY i;
    WITH p AS MATERIALIZED (SELECT amount FROM orders) SELECT SUM(amount) AS x FROM p AS q;
    WITH p AS (FROM orders) SELECT SUM(amount) AS x FROM p;
    FROM orders SELECT SUM(amount) AS x;
    SELECT (SELECT MAX(amount) FROM orders) AS x;
    SELECT region FROM orders WHERE amount > (SELECT AVG(amount) FROM orders);
    SELECT region FROM orders o WHERE EXISTS (SELECT 1 FROM orders p WHERE p.region = o.region);
    SELECT a.amount FROM orders a JOIN orders b USING (order_id);
    SELECT v.a, SUM(amount) AS x FROM orders JOIN (VALUES ('eu')) AS v(a) ON v.a = region GROUP
      BY 1;
    SELECT d::DATE AS day, SUM(amount) AS x FROM generate_series(DATE '2024-01-01', DATE
      '2024-12-31', INTERVAL 1 DAY) AS t(d) LEFT JOIN orders ON order_date = d::DATE GROUP BY 1;
    SELECT r.range, SUM(amount) AS x FROM range(9) AS r CROSS JOIN orders GROUP BY 1;
    SELECT u FROM orders, UNNEST([1, 2]) AS t(u);
    SELECT l.n FROM orders o, LATERAL (SELECT o.amount AS n) AS l;
    SELECT x FROM (SELECT amount AS x FROM orders) AS region;
    SELECT SUM(amount) AS x FROM (FROM orders WHERE region = 'eu');
    SELECT eu FROM (PIVOT orders ON region IN ('eu') USING SUM(amount));
    SELECT SUM(amount) AS x FROM orders UNION ALL SELECT 0 FROM orders;
    SELECT SUM(amount) AS x FROM orders TABLESAMPLE 10%;
    SELECT o.region.upper() AS x FROM orders o;
    SELECT arg_max(o, o.amount).region AS x FROM orders o;
    SELECT {'a': amount}.a AS x FROM orders;
    SELECT SUM(amount) AS x FROM ((orders))
    """
)


@pytest.mark.parametrize("sql", ONLY_ORDERS)
def test_only_tables_are_taken_for_tables(find, sql):
    found = find({REVENUE: metric(sql=f"|\n  {sql}")})

    assert [item for item in found if item.severity == "error"] == []
    assert "AG302" not in codes(found)


def test_a_table_is_told_once_for_each_metric_at_its_first_place(find):
    text = metric(
        sql="SELECT a FROM ordres UNION SELECT b FROM ordres",
        sql_by_day="SELECT a FROM ordres",
        table=None,
    )

    found = find({REVENUE: text}, only="AG301")

    assert [(item.line, marked(item, text), item.hint) for item in found] == [
        (3, "ordres", "did you mean orders?")
    ]


def test_a_table_that_is_only_named_is_looked_up_too(find):
    text = metric(table=None, tables="[orders, ordres, refunds]")

    found = find({REVENUE: text})

    assert [(item.code, marked(item, text), item.hint) for item in found] == [
        ("AG301", "ordres", "did you mean orders?"),
        ("AG301", "refunds", "add tables/refunds.yml"),
    ]


def test_a_catalog_that_registers_no_table_is_warned_only(find):
    found = find({REVENUE: metric()}, base=NO_TABLES)

    assert [(item.code, item.severity) for item in found] == [("AG301", "warning")]


def test_a_short_name_of_two_tables_names_both(find):
    other = {"tables/in.c-erp.company.yml": table("in.c-erp.company", id="STRING")}
    text = metric(sql="SELECT COUNT(*) AS x FROM company", table="in.c-crm.company")

    found = find(KEBOOLA | other | {REVENUE: text})

    assert codes(found) == ["AG301"]
    assert found[0].hint == 'say which one: "in.c-crm.company" or "in.c-erp.company"'


def test_a_name_with_dots_is_to_be_quoted(find):
    tables = {"tables/crm.company.yml": table("crm.company", id="STRING")}
    text = metric(sql="SELECT COUNT(*) AS x FROM crm.company", table="crm.company")

    found = find(tables | {REVENUE: text})

    assert [(item.code, item.hint) for item in found] == [
        ("AG501", 'quote the name: "crm.company"')
    ]
    quoted = text.replace("FROM crm.company", 'FROM "crm.company"')
    assert find(tables | {REVENUE: quoted}) == []


@pytest.mark.parametrize("name", ["revenue.json", "in.c-crm.csv"])
def test_a_name_of_a_file_is_a_table_if_one_is_registered(find, name):
    reads = {REVENUE: metric(table=name, sql=f'SELECT SUM(amount) AS x FROM "{name}"')}

    assert find(reads | {f"tables/{name}.yml": table(name, amount="NUMERIC")}) == []


def test_a_name_of_a_file_that_nobody_registered_is_the_file(find):
    text = metric(table=None, sql='SELECT SUM(amount) AS x FROM "orders.csv"')

    [found] = find({REVENUE: text, "agnes.yml": "lint: {severities: {AG301: off}}"})

    assert (found.code, found.severity) == ("AG403", "error")
    assert found.message == "'orders.csv' is a file, not a table"
    assert marked(found, text) == '"orders.csv"'


# AG302: table and tables agree with the queries

JOIN = "SELECT SUM(amount) AS x FROM orders JOIN customers USING (customer_id)"


@pytest.mark.parametrize(
    "keys",
    [
        {"table": "orders"},
        {"table": None, "table_name": "orders"},
        {"table": None, "tables": "[orders]"},
        {"tables": "[orders]"},
        {"sql": JOIN, "tables": "[orders, customers]", "table": None},
        {"sql": JOIN, "tables": "[CUSTOMERS, main.orders]", "table": None},
        {"sql": JOIN, "tables": "[customers]"},
        {"sql": JOIN, "tables": "[orders, customers]"},
        {"sql_by_name": JOIN.replace("SELECT", "SELECT name,") + " GROUP BY name",
         "dimensions": "[name]", "tables": "[orders, customers]"},
        {"sql": "SELECT 1 AS x", "table": None},
    ],
)  # fmt: skip
def test_tables_may_be_named_in_several_ways(find, keys):
    assert find({REVENUE: metric(**keys)}) == []


@pytest.mark.parametrize(
    ("keys", "at", "message"),
    [
        ({"table": "customers"}, "customers", "`table` names customers, which no query reads"),
        (
            {"tables": "[orders, customers]"},
            "customers",
            "`tables` names customers, which no query reads",
        ),
        ({"sql": JOIN}, "table", "the queries read customers too"),
        ({"sql": JOIN, "table": None, "tables": "[orders]"}, "tables", "read customers too"),
        ({"sql_by_day": "SELECT 1 AS d FROM customers"}, "table", "the queries read customers too"),
        ({"sql": "SELECT 1 AS x"}, "orders", "`table` names orders, which no query reads"),
    ],
)
def test_tables_that_disagree_are_told_where_they_are_named(find, keys, at, message):
    text = metric(**keys)

    found = find({REVENUE: text}, only="AG302")

    assert message in found[0].message
    assert marked(found[0], text) == at
    assert found[0].severity == "error"


@pytest.mark.parametrize(
    ("sql", "hint"),
    [(SQL, "add `table: orders`"), (JOIN, "add `tables: [orders, customers]`")],
)
def test_a_metric_that_names_no_table_is_warned(find, sql, hint):
    found = find({REVENUE: metric(table=None, sql=sql)})

    assert [(item.code, item.severity, item.hint) for item in found] == [("AG302", "warning", hint)]


def test_a_table_that_is_the_wrong_one_is_one_mistake(find):
    found = find({REVENUE: metric(table="customers")})

    assert [(item.code, item.hint) for item in found] == [("AG302", "the queries read orders")]


# AG303 and AG304: the time column and the dimensions


@pytest.mark.parametrize(
    ("sql", "time_column"),
    [
        ("SELECT order_date AS d, SUM(amount) AS x FROM orders GROUP BY 1", "order_date"),
        ("SELECT order_date AS d, SUM(amount) AS x FROM orders GROUP BY 1", "ORDER_DATE"),
        ("SELECT order_date AS d, SUM(amount) AS x FROM orders GROUP BY 1", "orders.order_date"),
        (
            "SELECT order_date AS d, SUM(amount) AS x FROM orders GROUP BY 1",
            "main.orders.order_date",
        ),
        ("SELECT o.order_date AS d, SUM(amount) AS x FROM orders o GROUP BY 1", "o.order_date"),
        (
            "WITH o AS (SELECT order_date + 1 AS due FROM orders) SELECT due FROM o GROUP BY due",
            "due",
        ),
        ("SELECT DATE_TRUNC('month', order_date) AS month FROM orders", "month"),
    ],
)
def test_a_time_column_is_a_column_or_what_the_query_makes_of_one(find, sql, time_column):
    found = find({REVENUE: metric(sql=f"|\n  {sql}", time_column=time_column)}, only="AG303")

    assert found == []


@pytest.mark.parametrize(
    ("dimensions", "extra"),
    [
        ("[region]", {}),
        ("[Region]", {}),
        ("[orders.region]", {}),
        ("[order_date, customer_id]", {}),
        ("[size]", {"sql_by_size": "SELECT CASE WHEN amount > 9 THEN 'l' END AS size, 1 AS n"
                    " FROM orders GROUP BY 1"}),
        ("[size]", {"sql_by_size": "WITH o AS (SELECT amount > 9 AS size FROM orders)"
                    " SELECT size, COUNT(*) AS n FROM o GROUP BY size"}),
        ("[size]", {"sql": "WITH o AS (SELECT amount > 9 AS size FROM orders) SELECT * FROM o"}),
        ("[Size of order]", {"sql": 'SELECT amount AS "Size of order" FROM orders'}),
    ],
)  # fmt: skip
def test_a_dimension_is_a_column_or_what_a_query_makes_of_one(find, dimensions, extra):
    keys = {key: f"|\n  {sql}" for key, sql in extra.items()}

    assert find({REVENUE: metric(dimensions=dimensions, **keys)}, only="AG304") == []


def test_what_is_no_column_names_the_nearest(find):
    text = metric(time_column="order_dat", dimensions="[region, regoin, colour]")

    found = [item for item in find({REVENUE: text}) if item.code != "AG408"]

    assert [(item.code, marked(item, text), item.hint) for item in found] == [
        ("AG303", "order_dat", "did you mean order_date?"),
        ("AG304", "regoin", "did you mean region?"),
        (
            "AG304",
            "colour",
            "the columns are amount, customer_id, order_date, order_id, region, revenue",
        ),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"tables/orders.yml": "id: orders\n"},
        {REVENUE: metric(sql="SELECT 1 AS x FROM events", table=None, dimensions="[a]")},
    ],
)
def test_columns_that_are_not_known_are_not_guessed(find, files):
    files = {REVENUE: metric(time_column="day", dimensions="[segment]")} | files

    assert {"AG303", "AG304"}.isdisjoint(codes(find(files)))


# AG305 and AG306: a table on its own


@pytest.mark.parametrize("key", ["order_id", "ORDER_ID", "[order_id, line]", "[]", ""])
def test_a_primary_key_may_be_one_column_or_several(find, key):
    text = table("lines", order_id="STRING", line="INTEGER") + f"primary_key: {key}\n"

    assert find({"tables/lines.yml": text}) == []


def test_a_primary_key_that_is_wrong_in_part_is_told_there(find):
    text = table("lines", order_id="STRING", line="INTEGER") + "primary_key: [order_id, lien]\n"

    found = find({"tables/lines.yml": text})

    assert [(item.code, marked(item, text), item.hint) for item in found] == [
        ("AG305", "lien", "did you mean line?")
    ]


def test_a_table_without_columns_may_have_a_primary_key(find):
    assert find({"tables/lines.yml": "id: lines\nprimary_key: order_id\n"}) == []


def test_columns_that_differ_in_case_are_told_at_the_second(find):
    text = table("lines", Amount="NUMERIC", note=None, amount="STRING", AMOUNT="FLOAT")

    found = find({"tables/lines.yml": text})

    assert [(item.code, item.line) for item in found] == [("AG306", 5), ("AG306", 6)]
    assert "the column amount is Amount again" in found[0].message


# AG307: words that mean one metric


def two(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    return {REVENUE: metric(**first), "metrics/sales/costs.yml": metric("costs", **second)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"synonyms": "[turnover]"}, {"synonyms": "[Turnover]"}),
        ({"synonyms": "[net  sales]"}, {"synonyms": "[Net sales]"}),
        ({"display_name": "Net Sales"}, {"synonyms": "[net sales]"}),
        ({"display_name": "Sales"}, {"display_name": "sales "}),
        ({"synonyms": "[ŽLUŤ]"}, {"synonyms": "[žluť]"}),
        ({"synonyms": "[costs]"}, {}),
    ],
)
def test_a_word_of_two_metrics_is_told_at_both(find, first, second):
    found = find(two(first, second), only="AG307")

    assert [item.path for item in found] == ["metrics/sales/costs.yml", REVENUE]
    assert "also means sales/revenue" in found[0].message
    assert "also means sales/costs" in found[1].message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"synonyms": "[turnover, Turnover]"}, {}),
        ({"display_name": "Turnover", "synonyms": "[turnover]"}, {}),
        ({"synonyms": "[turnover]"}, {"synonyms": "[turnovers]"}),
        ({"synonyms": "[turnover]"}, {"synonyms": "[turnover]", "status": "deprecated"}),
        ({"synonyms": "[turnover]"}, {"synonyms": "[turnover]", "status": "removed"}),
    ],
)
def test_words_that_mean_one_metric_in_use_are_fine(find, first, second):
    assert find(two(first, second), only="AG307") == []


def test_of_many_metrics_that_share_a_word_three_are_named(find):
    files = {f"metrics/sales/m{n}.yml": metric(f"m{n}", synonyms="[x]") for n in range(6)}

    found = find(files, only="AG307")

    assert len(found) == 6
    assert found[0].message == "'x' also means sales/m1, sales/m2, sales/m3 and more"


def test_the_sql_of_these_tests_is_clean(find):
    assert find({REVENUE: metric(sql=SQL)}) == []
