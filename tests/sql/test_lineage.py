from __future__ import annotations

import random
from contextlib import suppress

import duckdb
import pytest

from agnes.sql.lineage import columns_read
from agnes.sql.problem import RefusedSqlError
from tests.conftest import FUZZ
from tests.sql.queries import TABLES, Queries

KNOWN = {
    "orders": ["id", "amount", "status", "user_id"],
    "users": ["id", "name", "status"],
    "in.c-crm.company": ["id", "Name"],
}


def reads(sql: str) -> dict[str, set[str]]:
    return {table: set(names) for table, names in columns_read(sql, KNOWN).tables.items()}


def made_of(sql: str) -> dict[str, set[str]]:
    outputs = columns_read(sql, KNOWN).outputs
    return {name: {".".join(origin) for origin in found} for name, found in outputs.items()}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT amount FROM orders", {"amount"}),
        ("SELECT o.amount FROM orders o", {"amount"}),
        ("SELECT main.orders.AMOUNT FROM main.Orders", {"amount"}),
        ("SELECT sum(amount) FROM orders WHERE status = 'paid'", {"amount", "status"}),
        ("SELECT count(*) FROM orders", set()),
        ("SELECT count(*) FILTER (WHERE status = 'paid') FROM orders", {"status"}),
        ("SELECT 1 FROM orders GROUP BY status HAVING min(id) > 1", {"status", "id"}),
        ("SELECT 1 FROM orders ORDER BY amount LIMIT 1", {"amount"}),
        ("SELECT sum(id) OVER w FROM orders WINDOW w AS (ORDER BY amount)", {"id", "amount"}),
        ("SELECT id FROM orders QUALIFY row_number() OVER (ORDER BY amount) = 1", {"id", "amount"}),
        ("SELECT DISTINCT ON (status) id FROM orders", {"status", "id"}),
        ("SELECT status.lower(), orders.user_id.f() FROM orders", {"status", "user_id"}),
        ("SELECT user_id.city.name, orders.amount.cents FROM orders", {"user_id", "amount"}),
        ("SELECT [x + amount FOR x IN [id]] FROM orders", {"amount", "id"}),
        ("SELECT list_transform([1], lambda id: id + amount) FROM orders", {"amount"}),
        ("SELECT note FROM orders", {"note"}),
    ],
)
def test_a_column_is_read_wherever_it_stands(sql, columns):
    assert reads(sql) == {"orders": columns}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders",
        "FROM orders",
        "SELECT orders.* FROM orders",
        "SELECT orders FROM orders",
        "SELECT hash(o) FROM orders o",
        "SELECT COLUMNS('a.*') FROM orders",
        "SELECT * EXCLUDE (amount) FROM orders",
        "SELECT * REPLACE (1 AS amount) FROM orders",
        "SELECT id FROM (SELECT DISTINCT * FROM orders)",
        "SELECT id FROM (SELECT * FROM orders UNION ALL SELECT * FROM orders)",
        "SELECT a FROM (FROM orders) t(a)",
        "SELECT 1 FROM orders o(a)",
        "SELECT hash(q) FROM ((FROM orders) p CROSS JOIN (SELECT 1 AS i) r) q",
        "SELECT p FROM orders PIVOT (sum(amount) FOR status IN ('p'))",
        "SELECT 1 WHERE 1 IN (SELECT * FROM orders)",
    ],
)
def test_a_star_whose_columns_all_matter_reads_all(sql):
    assert reads(sql) == {"orders": set(KNOWN["orders"])}


@pytest.mark.parametrize(
    "sql",
    [
        "WITH o AS (SELECT * FROM orders) SELECT amount FROM o",
        "WITH o AS (FROM orders), p AS (FROM o) SELECT p.amount FROM p",
        "SELECT amount FROM (SELECT o.* FROM orders o)",
        "SELECT a FROM (SELECT * RENAME (amount AS a) FROM orders)",
        "SELECT sum(amount) FROM orders WHERE EXISTS (SELECT * FROM orders)",
        "WITH orders AS (SELECT amount FROM main.orders) SELECT * FROM orders",
    ],
)
def test_a_star_within_a_query_reads_what_is_used_of_it(sql):
    assert reads(sql) == {"orders": {"amount"}}


@pytest.mark.parametrize(
    ("sql", "orders", "users"),
    [
        (
            "SELECT amount, name FROM orders o JOIN users u ON u.id = o.user_id",
            {"amount", "user_id"},
            {"name", "id"},
        ),
        ("SELECT amount FROM orders JOIN users USING (id)", {"amount", "id"}, {"id"}),
        ("SELECT amount FROM orders SEMI JOIN users USING (id)", {"amount", "id"}, {"id"}),
        (
            "SELECT 1 FROM orders NATURAL JOIN users",
            set(KNOWN["orders"]),
            set(KNOWN["users"]),
        ),
        (
            "SELECT name FROM users u WHERE EXISTS (FROM orders WHERE user_id = u.id)",
            {"user_id"},
            {"name", "id"},
        ),
        (
            "SELECT name, (SELECT sum(amount) FROM orders WHERE user_id = name) FROM users",
            {"amount", "user_id"},
            {"name"},
        ),
        ("SELECT amount FROM orders UNION SELECT name FROM users", {"amount"}, {"name"}),
        ("SELECT amount, l.n FROM orders, (SELECT name AS n FROM users) l", {"amount"}, {"name"}),
        ("SELECT note FROM orders, users", {"note"}, {"note"}),
    ],
)
def test_columns_are_told_apart_in_joins_and_subqueries(sql, orders, users):
    assert reads(sql) == {"orders": orders, "users": users}


def test_a_column_counts_for_every_table_that_it_may_be_of():
    assert reads("SELECT price FROM lines, parts") == {"lines": {"price"}, "parts": {"price"}}
    assert reads("SELECT amount FROM orders, lines") == {"orders": {"amount"}, "lines": set()}


def test_a_star_over_an_unknown_table_says_so():
    assert reads("SELECT * FROM lines") == {"lines": {"*"}}
    assert made_of("SELECT id, l.* FROM orders, lines l") == {"id": {"orders.id"}, "*": {"lines.*"}}


def test_an_alias_is_not_a_column_of_a_known_table():
    sql = "SELECT date_trunc('month', id) AS month FROM orders GROUP BY month ORDER BY month"
    assert reads(sql) == {"orders": {"id"}}


def test_the_first_of_a_name_in_a_star_may_be_of_an_unknown_table():
    sql = "SELECT q.id FROM (lines CROSS JOIN users) q"
    assert reads(sql) == {"lines": {"id"}, "users": {"id"}}
    assert reads("SELECT id_1 FROM (FROM orders, users)") == {"orders": {"id"}, "users": {"id"}}


def test_nonsense_that_sqlglot_takes_for_sql_is_read_somehow():
    assert reads("SELECT * RENAME f(amount AS a) FROM lines") == {"lines": {"amount", "*"}}


def test_ids_may_hold_dots_and_dashes_and_the_last_part_will_do():
    expected = {"in.c-crm.company": {"Name"}}
    assert reads('SELECT c.name FROM "in.c-crm.company" c') == expected
    assert reads("SELECT NAME FROM Company") == expected


def test_outputs_are_made_of_columns_and_not_of_filters():
    sql = """
        WITH paid AS (SELECT user_id, amount * 2 AS twice FROM orders WHERE status = 'paid')
        SELECT name, sum(twice) / count(*) AS mean, count(*)
        FROM paid JOIN users ON users.id = user_id
        GROUP BY ALL
    """
    assert made_of(sql) == {"name": {"users.name"}, "mean": {"orders.amount"}, "#3": set()}


def test_outputs_of_a_union_are_made_of_both_sides():
    sql = "SELECT id, amount AS x FROM orders UNION ALL SELECT id, name FROM users"
    assert made_of(sql) == {
        "id": {"orders.id", "users.id"},
        "x": {"orders.amount", "users.name"},
    }


def test_a_recursive_cte_is_made_of_both_its_parts():
    sql = """
        WITH RECURSIVE r(n, x) AS (
          SELECT id, amount FROM orders UNION ALL SELECT n + 1, status FROM r JOIN users ON id = n
        ) SELECT x FROM r
    """
    assert made_of(sql) == {"x": {"orders.amount", "users.status"}}
    assert reads(sql)["users"] == {"id", "status"}


@pytest.mark.parametrize("sql", ["SELECT FROM", "DROP TABLE orders", "", "SELECT 1; SELECT 2"])
def test_what_is_no_query_is_refused(sql):
    with pytest.raises(RefusedSqlError):
        columns_read(sql, KNOWN)


_WIDE = {"w": [f"c{number}" for number in range(1000)]}


_HUGE = {
    "a sum": f"SELECT {' + '.join(f'a{n % 50}' for n in range(14_000))} FROM t",
    "a chain": "WITH c0 AS (FROM w), "
    f"{', '.join(f'c{n} AS (FROM c{n - 1})' for n in range(1, 2500))} SELECT c5 FROM c2499",
    "doubling": "WITH c0 AS (FROM w), "
    f"{', '.join(f'c{n} AS (FROM c{n - 1} x, c{n - 1} y)' for n in range(1, 1900))} FROM c1899",
    "a union": " UNION ALL ".join(["SELECT a, b FROM t"] * 1800),
    "a union of stars": " UNION ALL ".join(["FROM w"] * 3500),
    "columns of many tables": f"SELECT {', '.join(f'x{n}' for n in range(1000))} "
    f"FROM {', '.join(f't{n}' for n in range(5000))}",
    "joins": f"SELECT 1 FROM t0 {' '.join(f'JOIN t{n} USING (k)' for n in range(1, 2400))}",
    "subqueries": f"SELECT a FROM {'(SELECT * FROM ' * 60}t{')' * 60}",
    "nested CTEs": f"{'WITH c AS (' * 60}SELECT 1{' UNION ALL SELECT 2) SELECT * FROM c' * 60}",
}


@pytest.mark.timeout(90)  # each takes a few seconds, unless something grows with the square
@pytest.mark.parametrize("sql", _HUGE.values(), ids=_HUGE)
def test_a_huge_query_is_read_or_refused_in_the_end(sql):
    with suppress(RefusedSqlError):
        assert columns_read(sql, _WIDE) is not None


def test_a_column_that_is_not_read_can_be_dropped():
    """DuckDB answers equally without it; with what is known of some tables only, too."""
    whole = _database()
    without = {(t, c): _database(drop=(t, c)) for t, names in TABLES.items() for c in names}
    queries, chance = Queries(FUZZ), random.Random(FUZZ)
    valid = 0
    for _ in range(FUZZ):
        sql = queries.next()
        expected = _answer(whole, sql)
        if expected is None:
            continue
        valid += 1
        known = {table: names for table, names in TABLES.items() if chance.random() < 0.75}
        read = columns_read(sql, known).tables
        for (table, column), database in without.items():
            if not read.get(table, frozenset()) & {column, "*"}:
                assert _answer(database, sql) == expected, f"{sql}\n{known}\n{table}.{column}"
    assert valid > FUZZ / 50


def _database(drop: tuple[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    for table, names in TABLES.items():
        columns = [
            f"((i * {7 + at * 3 + ord(name[0]) % 5} + {at}) % 5)::INT AS {name}"
            for at, name in enumerate(names)
            if (table, name) != drop
        ]
        database.execute(f"CREATE TABLE {table} AS SELECT {', '.join(columns)} FROM range(5) r(i)")
    return database


def _answer(database: duckdb.DuckDBPyConnection, sql: str) -> list[str] | None:
    """The rows in any order; None when the query is not valid."""
    try:
        rows = database.execute(sql).fetchmany(5000)
    except duckdb.Error:
        return None
    return sorted(map(repr, rows))
