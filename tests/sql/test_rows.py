"""The rows that a query aggregates."""

from __future__ import annotations

import pytest

from agnes.errors import NotDerivableError
from agnes.sql.gate import read_query
from agnes.sql.predicate import read_predicate
from agnes.sql.rows import Rows
from agnes.sql.writing import write

COLUMNS = {
    "orders": ["order_id", "region", "day", "amount", "account_id", "order"],
    "accounts": ["account_id", "region", "channel"],
    "in.c-crm.company": ["Name", "region"],
}
JOIN = "SELECT SUM(o.amount) AS a FROM orders AS o JOIN accounts USING (account_id)"


def rows(sql, home=()) -> Rows:
    return Rows(read_query(sql), COLUMNS.__getitem__, home)


def kept(sql: str, condition: str, home=()) -> str:
    found = rows(sql, home)
    found.keep(found.resolved(read_predicate(condition)))
    return " ".join(write(found.select).split())


def test_a_condition_stands_in_brackets_beside_the_one_that_is_there():
    sql = kept(
        "SELECT SUM(amount) AS a FROM orders WHERE day > '2025' OR amount = 1",
        "region = 'EU' OR amount > 2",
    )
    where = sql.partition("WHERE ")[2]
    assert where == (
        "( day > '2025' OR amount = 1 ) AND ( orders.region = 'EU' OR orders.amount > 2 )"
    )


@pytest.mark.parametrize(
    ("condition", "resolved"),
    [
        ("AMOUNT > 1", "o.amount > 1"),
        ("channel = 'x'", "accounts.channel = 'x'"),
        ("o.region = 'x'", "o.region = 'x'"),
        ("account_id = 1", "o.account_id = 1"),  # one column, by USING
        ('"order" = 1', 'o."order" = 1'),
    ],
)
def test_columns_are_written_with_the_table_that_they_are_of(condition, resolved):
    assert f"( {resolved} )" in kept(JOIN, condition)


@pytest.mark.parametrize(
    ("condition", "reason", "hint"),
    [
        ("regoin = 1", "regoin is no column of o or accounts", "there is: region"),
        ("region = 1", "region is a column of o and accounts", "write which: o.region"),
        ("users.region = 1", "no column of", None),
        ("a > 1", "a is no column", None),  # what the query calls its sum
    ],
)
def test_a_column_that_is_not_there_or_there_twice_is_named(condition, reason, hint):
    with pytest.raises(NotDerivableError, match=reason) as caught:
        kept(JOIN, condition)
    assert hint is None or (caught.value.hint or "").startswith(hint)


def test_a_column_is_of_the_canonical_querys_tables_before_it_is_of_a_further_one():
    assert "( o.region = 1 )" in kept(JOIN, "region = 1", home=["orders"])


def test_a_table_with_dots_in_its_name_is_quoted():
    sql = 'SELECT COUNT(*) AS n FROM "in.c-crm.company"'
    assert "\"in.c-crm.company\".Name = 'x'" in kept(sql, "name = 'x'")


def test_a_breakdown_moves_the_places_that_keys_are_named_by():
    found = rows("SELECT day, SUM(amount) AS a FROM orders GROUP BY 1 ORDER BY 2 DESC, 1")
    found.group("region", found.resolved(read_predicate("region")), 1)
    assert " ".join(write(found.select).split()) == (
        "SELECT day, orders.region AS region, SUM(amount) AS a FROM orders"
        " GROUP BY 1, orders.region ORDER BY 3 DESC, 1, orders.region ASC"
    )


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT day FROM orders", "does not aggregate"),
        ("SELECT SUM(amount) FROM orders UNION ALL SELECT 1", "joins the results of several"),
        ("SELECT day, SUM(amount) FROM orders GROUP BY 1 HAVING SUM(amount) > 9", "HAVING"),
        ("SELECT day, SUM(amount) FROM orders GROUP BY 1 LIMIT 3", "LIMIT"),
        ("SELECT DISTINCT SUM(amount) FROM orders GROUP BY day", "DISTINCT"),
        ("SELECT day, SUM(amount) FROM orders GROUP BY ROLLUP (day)", "several ways"),
        ("SELECT day, SUM(SUM(amount)) OVER () FROM orders GROUP BY 1", "window function"),
        ("SELECT SUM(amount) / (SELECT SUM(amount) FROM orders) FROM orders", "still be of all"),
        (
            "SELECT SUM(a) FROM (SELECT AVG(amount) AS a FROM orders GROUP BY day)",
            "no table|all rows",
        ),
        ("WITH m AS (SELECT AVG(amount) AS a FROM orders) SELECT SUM(a) FROM m", r"in steps \(m\)"),
        ("SELECT SUM(amount) FROM orders FULL JOIN accounts USING (account_id)", "FULL"),
        ("SELECT SUM(amount) FROM orders SEMI JOIN accounts USING (account_id)", "SEMI"),
        ("SELECT SUM(amount) FROM orders ASOF JOIN accounts USING (account_id)", "ASOF"),
    ],
)
def test_what_does_not_aggregate_rows_of_tables_once_is_refused(sql, reason):
    with pytest.raises(NotDerivableError, match=reason):
        rows(sql)
