"""What is called the same gives the same rows in DuckDB, and what changes the rows is not."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agnes.demo import write_demo_data
from agnes.demo.schema import SCHEMAS
from agnes.sql.canonical import canonical, same_meaning

METRICS = Path(__file__).parents[2] / "catalog_repo" / "metrics"
STARTERS = {
    f"{path.stem}.{key}": re.sub("--.*", "", text)
    for path in sorted(METRICS.glob("*/*.yml"))
    for key, text in yaml.safe_load(path.read_text("utf-8")).items()
    if key == "sql" or key.startswith("sql_")
}
VARIANTS = {
    "aliases": """
        SELECT o.region, a.segment, SUM(o.total_amount) AS total, COUNT(DISTINCT a.account_id) AS n
        FROM orders o JOIN accounts AS a ON a.account_id = o.account_id AND o.status <> 'refunded'
        WHERE o.total_amount > 100 AND (o.region = 'europe' OR a.segment IS NOT NULL)
          AND o.order_date BETWEEN DATE '2024-01-01' AND DATE '2024-03-15'
        GROUP BY o.region, a.segment HAVING COUNT(*) >= 2 AND SUM(o.total_amount) > 0
        ORDER BY total DESC NULLS FIRST, o.region ASC, a.segment ASC LIMIT 5""",
    "self join": """
        SELECT p.plan, COUNT(*) AS pairs
        FROM subscriptions p LEFT JOIN subscriptions q
          ON q.account_id = p.account_id AND q.start_date > p.start_date
        WHERE q.plan IS NULL AND NOT p.is_trial GROUP BY p.plan""",
    "window": """
        SELECT s.account_id, s.start_date,
          SUM(s.mrr_amount) OVER (PARTITION BY s.segment ORDER BY s.start_date ASC,
            s.subscription_id ASC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS running,
          LAG(s.mrr_amount, 1, 0) OVER (PARTITION BY s.account_id ORDER BY s.start_date) AS before
        FROM subscriptions s
        QUALIFY ROW_NUMBER() OVER (PARTITION BY s.plan ORDER BY s.subscription_id) <= 3""",
    "correlated": """
        SELECT a.segment, COUNT(*) AS n FROM accounts a
        WHERE EXISTS (SELECT 1 FROM orders o WHERE o.account_id = a.account_id AND o.tax_amount > 9)
          AND a.account_id NOT IN (SELECT t.account_id FROM tickets t WHERE t.priority = 'urgent')
        GROUP BY a.segment""",
    "set operations": """
        SELECT o.account_id FROM orders o WHERE o.status = 'paid'
        UNION ALL SELECT t.account_id FROM tickets t WHERE t.channel = 'chat'
        EXCEPT SELECT s.account_id FROM subscriptions s WHERE s.is_trial AND s.seats > 3""",
    "recursive": """
        WITH RECURSIVE days AS (
          SELECT DATE '2024-01-01' AS day
          UNION ALL SELECT CAST(days.day + INTERVAL 1 DAY AS DATE) FROM days
          WHERE days.day < DATE '2024-01-20'
        )
        SELECT days.day, COUNT(o.order_id) AS orders FROM days
        LEFT JOIN orders o ON o.order_date = days.day GROUP BY days.day""",
    "case": """
        SELECT CASE WHEN o.total_amount > 1000 AND o.region = 'europe' THEN 'big'
          WHEN o.total_amount > 100 THEN 'middle' ELSE 'small' END AS size,
          SUM(o.total_amount - o.tax_amount * 2) AS net,
          COUNT(*) FILTER (WHERE NOT (o.status = 'paid' OR o.status = 'pending')) AS lost,
          COALESCE(MAX(o.region), 'unknown') AS region
        FROM orders o GROUP BY 1""",
    "subquery": """
        SELECT b.month, AVG(b.total) AS mean FROM (
          SELECT DATE_TRUNC('month', o.order_date) AS month, o.account_id,
            SUM(o.total_amount) AS total
          FROM orders o GROUP BY ALL
        ) AS b WHERE b.total > 10 GROUP BY b.month""",
    "nested names": """
        WITH t AS (SELECT o.account_id, o.total_amount AS n FROM orders o WHERE o.status = 'paid'),
        u AS (
          WITH t AS (SELECT k.account_id, COUNT(*) AS n FROM tickets k GROUP BY k.account_id)
          SELECT t.account_id, t.n FROM t WHERE t.n > 1
        )
        SELECT SUM(t.n) AS a, SUM(u.n) AS b FROM t LEFT JOIN u ON u.account_id = t.account_id""",
}
QUERIES = STARTERS | VARIANTS


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo data of three months, and a small table of what else there is."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo_data(folder, start=date(2024, 1, 1), end=date(2024, 3, 31))
    with duckdb.connect() as connection:
        for table in SCHEMAS:
            connection.execute(f"CREATE TABLE {table} AS FROM '{folder}/{table}.parquet'")
        connection.execute("""
            CREATE TABLE odd AS SELECT i, i % 3 AS j, NULLIF(i, 4) AS k, i % 2 = 0 AS b,
              ['x', 'A', 'b', 'B'][i % 4 + 1] AS s, [i, 3, i + 1] AS l,
              {'a': i, 'odd': -i, 'B': {'c': i * 2}} AS st, {'a': 10 + i} AS o, i * 7 % 5 AS "a",
              TIMESTAMP '2024-03-01 23:30:00' + i * INTERVAL 20 DAY AS ts,
              JSON('{"a": {"b": 1}, "a.b": 2, "A": 3, "x": [4, 5]}') AS js
            FROM range(8) r(i)""")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def rows(engine: duckdb.DuckDBPyConnection, sql: str) -> Counter[str]:
    return Counter(repr(row) for row in engine.execute(sql).fetchall())


# What changes the writing alone, on tokens of its own


TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|\w+(?:\.\d+)?|<>|!=|<=|>=|::|\S")
NO_ALIAS = frozenset(
    "on where group order left join inner union except limit using having qualify".split()
)
COLUMNS = frozenset(SCHEMAS) | {column for schema in SCHEMAS.values() for column in schema}


def tokens(sql: str) -> list[str]:
    return [token for token in TOKEN.findall(sql) if not token.startswith("--")]


def closing(words: list[str], start: int) -> int:
    """Where the bracket that opens at `start` ends."""
    depth = 0
    for at in range(start, len(words)):
        depth += (words[at] == "(") - (words[at] == ")")
        if depth == 0:
            return at
    raise AssertionError(words)


def rename_aliases(words: list[str], rng: random.Random) -> list[str]:
    """Call tables and CTEs otherwise: `FROM t` is `FROM t AS x1`, `t.a` is `x1.a`."""
    ctes = {
        words[at]: f"{rng.choice('pqr')}_cte{at}"
        for at in range(len(words) - 2)
        if words[at + 1 : at + 3] == ["AS", "("] and words[at - 1] in ("WITH", "RECURSIVE", ",")
    }
    labels: dict[str, str] = {}
    written: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        after = words[at + 1] if at + 1 < len(words) else ""
        if word.upper() in ("FROM", "JOIN") and after != "(":
            end = at + 3 if words[at + 2 : at + 3] == ["AS"] else at + 2
            alias = words[end] if end < len(words) and re.fullmatch(r"[a-z]\w*", words[end]) else ""
            if alias.lower() in NO_ALIAS:
                alias = ""
            label = labels.setdefault(alias or after, f"{rng.choice('xyz')}{len(labels)}")
            written += [word, ctes.get(after, after), *rng.choice([["AS"], []]), label]
            at = end + 1 if alias else at + 2
            continue
        if word == ")" and words[at + 1 : at + 2] == ["AS"] and words[at + 3 : at + 4] != ["("]:
            alias = words[at + 2]
            if f"{alias} ." in " ".join(words):
                labels.setdefault(alias, f"{rng.choice('xyz')}{len(labels)}")
                written += [word, "AS", labels[alias]]
                at += 3
                continue
        is_cte = word in ctes and words[at + 1 : at + 3] == ["AS", "("]
        written.append(ctes[word] if is_cte else f"\0{word}" if after == "." else word)
        at += 1
    return [labels[word[1:]] if word.startswith("\0") else word for word in written]


def reorder(words: list[str], rng: random.Random) -> list[str]:
    """Mix the terms of each WHERE, ON and HAVING, and put brackets around some."""
    written: list[str] = []
    at = 0
    while at < len(words):
        written.append(words[at])
        if words[at] in ("WHERE", "ON", "HAVING"):
            terms: list[list[str]] = [[]]
            between = False
            at += 1
            while at < len(words):
                word = words[at]
                if word in (")", "GROUP", "ORDER", "WHERE", "LEFT", "JOIN", "UNION", "EXCEPT"):
                    break
                if word in ("HAVING", "LIMIT", "QUALIFY"):
                    break
                end = closing(words, at) if word == "(" else at
                if word == "AND" and not between:
                    terms.append([])
                else:
                    terms[-1] += words[at : end + 1]
                between = word == "BETWEEN" or (between and word != "AND")
                at = end + 1
            if not any(word == "OR" for term in terms for word in flat(term)):
                rng.shuffle(terms)
                terms = [["(", *term, ")"] if rng.random() < 0.3 else term for term in terms]
            written += terms[0] + [word for term in terms[1:] for word in ("AND", *term)]
        else:
            at += 1
    return written


def flat(words: list[str]) -> Iterator[str]:
    """The words that are in no bracket."""
    at = 0
    while at < len(words):
        yield words[at]
        at = closing(words, at) + 1 if words[at] == "(" else at + 1


def cast(words: list[str], rng: random.Random) -> list[str]:
    for at in reversed([at for at, word in enumerate(words) if word == "CAST"]):
        end = closing(words, at + 1)
        if rng.random() < 0.5 and "INTERVAL" not in words[at:end]:
            words = [*words[:at], "(", *words[at + 2 : end - 2], ")", "::", *words[end - 1 :]]
            del words[words.index("::", at) + 2]
    return words


def spell(words: list[str], rng: random.Random) -> list[str]:
    written: list[str] = []
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        spelt = word
        if word in ("<>", "!="):
            spelt = rng.choice(["<>", "!="])
        elif word == "JOIN" and rng.random() < 0.5:
            written.append("OUTER" if words[at - 1] == "LEFT" else "INNER")
        elif word in COLUMNS and after != "(" and rng.random() < 0.2:
            spelt = f'"{word}"'
        elif word[0].isalpha():
            spelt = rng.choice([str.lower, str.upper, str.title, str])(word)
        written.append(spelt)
    return written


def lay_out(words: list[str], rng: random.Random) -> str:
    text = ""
    for word in words:
        blank = rng.choice([" ", "\n", "\t ", " /* ' -- */ ", " -- it's\n"])
        if word.upper() == "BY":
            blank = rng.choice([" ", "\n "])  # sqlglot reads no comment within GROUP BY
        text += word if text.endswith(".") or word == "." else f"{blank}{word}"
    return text + rng.choice(["", ";", "\n;\n"])


def rewritten(sql: str, rng: random.Random) -> str:
    words = tokens(sql)
    for change in (rename_aliases, reorder, cast, spell):
        if rng.random() < 0.8:
            words = change(words, rng)
    return lay_out(words, rng)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.sampled_from(sorted(QUERIES)), seed=st.integers(0, 1 << 32))
def test_a_query_written_otherwise_is_the_same_and_gives_the_same_rows(
    engine: duckdb.DuckDBPyConnection, name: str, seed: int
) -> None:
    sql = QUERIES[name]
    other = rewritten(sql, random.Random(seed))
    assert rows(engine, other) == rows(engine, sql), other
    assert canonical(other) == canonical(sql) is not None, other


# What changes the rows


def swap(pattern: str, replacement: str) -> Callable[[str], Iterator[str]]:
    """Every text that comes of replacing one of the places that are found."""

    def mutate(sql: str) -> Iterator[str]:
        for found in re.finditer(pattern, sql):
            changed = found.expand(replacement)
            yield sql[: found.start()] + changed + sql[found.end() :]

    return mutate


MUTATIONS = {
    "a term dropped": swap(r"\bAND (NOT )?[\w.]+( [<>=]+ [\w.()']+)?(?=\s)", ""),
    "a term added": swap(r"\bWHERE\b", "WHERE 1 = 0 AND"),
    "a filter added": swap(r"\bGROUP BY\b", "HAVING COUNT(*) > 3 GROUP BY"),
    "a group filter added": swap(r"\bORDER BY (?!.*\))", "HAVING COUNT(*) > 3 ORDER BY "),
    "OR for AND": swap(r"\bAND\b", "OR"),
    "AND for OR": swap(r"\bOR\b", "AND"),
    "less for less or equal": swap("<=", "<"),
    "less or equal for less": swap("<(?![=>])", "<="),
    "greater turned": swap(">(?!=)", "<"),
    "equal turned": swap(r"(?<= )=(?= )", "<>"),
    "a number altered": swap(r"\b(\d+)(?![\w.-])", r"1\g<1>"),
    "a text altered": swap(r"'([a-z]+)'", r"'\g<1>x'"),
    "the case of a text": swap(r"'(paid|unknown|new|resolved|europe|big)'", r"'P\g<1>'"),
    "LEFT for INNER": swap(r"(?<!LEFT )\bJOIN\b", "LEFT JOIN"),
    "INNER for LEFT": swap(r"\bLEFT JOIN\b", "JOIN"),
    "FULL for LEFT": swap(r"\bLEFT JOIN\b", "FULL JOIN"),
    "a condition crossed": swap(r"\bON\b", "ON 1 = 1 OR"),
    "COUNT for SUM": swap(r"\bSUM\(", "COUNT("),
    "MAX for SUM": swap(r"\bSUM\(", "MAX("),
    "AVG for MEDIAN": swap(r"\bMEDIAN\(", "AVG("),
    "DISTINCT left out": swap(r"\bDISTINCT ", ""),
    "DISTINCT put in": swap(r"\b(SUM|COUNT|AVG)\((?!\*|DISTINCT)", r"\g<1>(DISTINCT "),
    "SELECT DISTINCT": swap(r"\bSELECT\b(?! DISTINCT)", "SELECT DISTINCT"),
    "another column": swap(r"\b(total|tax|mrr|cost|credit)_amount\b", "account_id"),
    "another date": swap(r"\bstart_date\b", "end_date"),
    "another table": swap(r"(FROM|JOIN) (orders|subscriptions|events)\b", r"\g<1> other.\g<2>"),
    "another qualifier": swap(r"\b(opening|closing)\.", "other."),
    "a group more": swap(r"\bGROUP BY\b(?! ALL)", "GROUP BY account_id,"),
    "a group less": swap(r"(GROUP BY [\w.]+), [\w.]+", r"\g<1>"),
    "GROUP BY left out": swap(r"GROUP BY [\w., ]+", ""),
    "a limit": swap(r"\s*$", " LIMIT 3"),
    "an offset": swap(r"\s*$", " OFFSET 1"),
    "another limit": swap(r"LIMIT (\d)", r"LIMIT \g<1>0"),
    "the order turned": swap(r"\bASC\b", "DESC"),
    "nulls first": swap(r"\bASC\b", "ASC NULLS FIRST"),
    "nulls last": swap(r"\bNULLS FIRST\b", "NULLS LAST"),
    "UNION for UNION ALL": swap(r"\bUNION ALL\b", "UNION"),
    "INTERSECT for EXCEPT": swap(r"\bEXCEPT\b", "INTERSECT"),
    "another unit": swap("'month'", "'week'"),
    "another interval": swap(r"INTERVAL 1 (MONTH|DAY)", "INTERVAL 1 YEAR"),
    "another default": swap(r"(COALESCE\([^()]*(?:\(.*?\))?, )('\w+'|0)", r"\g<1>NULL"),
    "COALESCE left out": swap(r"COALESCE\(([\w.]+), ('\w+'|0)\)", r"\g<1>"),
    "a branch altered": swap(r"\bTHEN '(\w+)'", r"THEN 'not \g<1>'"),
    "ELSE left out": swap(r"\bELSE 'small'", ""),
    "another frame": swap(r"2 PRECEDING", "UNBOUNDED PRECEDING"),
    "RANGE for ROWS": swap(r"ROWS BETWEEN .*? AND CURRENT ROW", ""),
    "another partition": swap(r"PARTITION BY s\.\w+", "PARTITION BY s.region"),
    "no partition": swap(r"PARTITION BY s\.\w+ ", ""),
    "NOT left out": swap(r"\bNOT ", ""),
    "NOT put in": swap(r"\bWHERE (?!NOT)([\w.]+)", r"WHERE NOT \g<1>"),
    "NULL for NOT NULL": swap("IS NOT NULL", "IS NULL"),
    "other brackets": swap(r"([\w.]+) - ([\w.]+) \* 2", r"(\g<1> - \g<2>) * 2"),
    "brackets left out": swap(r"\(([^()]* (?:OR|IS NULL OR) [^()]*(?:\([^()]*\))?)\)", r"\g<1>"),
    "brackets of a difference": swap(
        r"100\.0 \* \(([^()]*\(.*?\) - COUNT\(.*?\))\)", r"100 * \g<1>"
    ),
    "another name": swap(r"AS (\w+)(?=,?\n)", r"AS new_\g<1>"),
    "another type": swap(r"AS DATE\)", "AS TIMESTAMP)"),
    "FILTER left out": swap(r" FILTER \(WHERE [^()]*(\([^()]*\))?\)", ""),
    "NULLIF left out": swap(r"NULLIF\((COUNT\([\w. ]+\)|[\w.]+), 0\)", r"\g<1>"),
    "another last day": swap(r"LAST_DAY\(([\w.]+)\)", r"\g<1>"),
    "GREATEST turned": swap("GREATEST", "LEAST"),
    "factors": swap(r"\* 12", "/ 12"),
    "a sign": swap(r"(?<=[\w)]) - (?=[\w(])", " + "),
    "IN for NOT IN": swap("NOT IN", "IN"),
    "a lag of two": swap(r", 1, 0\)", ", 2, 0)"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_no_change_of_the_rows_is_called_the_same(name: str) -> None:
    sql = QUERIES[name]
    known = canonical(sql)
    altered = set()
    for kind, mutate in MUTATIONS.items():
        for other in mutate(sql):
            altered.add(other)
            assert other != sql
            assert canonical(other) != known, (kind, other)
    assert len(altered) >= 20


def test_every_change_is_made_somewhere() -> None:
    made = {kind for kind, it in MUTATIONS.items() for sql in QUERIES.values() for _ in it(sql)}
    assert set(MUTATIONS) - made == set()


# What is alike to a reader, or to sqlglot


UNLIKE = [
    tuple(block.split(";\n", 1))
    for block in Path(__file__).with_name("unlike.sql").read_text("utf-8").strip().split("\n\n")[1:]
]


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_queries_that_look_alike_and_give_other_rows_are_not_the_same(
    engine: duckdb.DuckDBPyConnection, one: str, other: str
) -> None:
    assert result(engine, one) != result(engine, other)
    assert None not in (canonical(one), canonical(other))
    assert not same_meaning(one, other)


def result(engine: duckdb.DuckDBPyConnection, sql: str) -> object:
    found = engine.execute(sql)
    assert found.description is not None
    return [column[0] for column in found.description], sorted(map(repr, found.fetchall()))


WORDS = "NOT IN,IS DISTINCT FROM,SIMILAR TO,NOT LIKE,AT TIME ZONE,COLLATE,IN,AND,OR,LIKE,ILIKE,GLOB"
SIGNS = "+ - * / // % ^ || = <> < >= ~ !~ ~~ & | << -> ->> && <@ @> <=> ^@ =="
OPERATORS = WORDS.split(",") + SIGNS.split()
AFTER = [
    "",
    "",
    "",
    "",
    "IS NULL",
    "IS NOT TRUE",
    "::INT",
    "[1]",
    "BETWEEN 1 AND 2",
    "NOT IN (1, 2)",
]
BEFORE = ["", "", "", "", "NOT", "-", "~", "+", "@"]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0:
        return draw(st.sampled_from("abcd"))
    one, other = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    text = f"{one} {draw(st.sampled_from(OPERATORS))} {other} {draw(st.sampled_from(AFTER))}"
    text = f"{draw(st.sampled_from(BEFORE))} {text}"
    return f"({text})" if draw(st.booleans()) else text


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=expressions(), data=st.data())
def test_brackets_are_forgotten_only_where_they_change_nothing_to_duckdb(
    engine: duckdb.DuckDBPyConnection, expression: str, data: st.DataObject
) -> None:
    opened = [at for at, sign in enumerate(expression) if sign == "(" and expression[at + 1] != "1"]
    if not opened:
        return
    start = data.draw(st.sampled_from(opened))
    end = closing(list(expression), start)
    other = f"{expression[:start]} {expression[start + 1 : end]} {expression[end + 1 :]}"
    trees = parsed(engine, expression), parsed(engine, other)
    if None not in trees and trees[0] != trees[1]:
        assert not same_meaning(f"SELECT {expression}", f"SELECT {other}")


def parsed(engine: duckdb.DuckDBPyConnection, expression: str) -> object:
    """The expression as DuckDB's own parser takes it apart."""
    try:
        sql = "SELECT json_serialize_sql($1::VARCHAR)"
        [row] = engine.execute(sql, [f"SELECT {expression}"]).fetchall()
    except duckdb.Error:
        return None
    tree = json.loads(row[0])
    return None if tree["error"] else without_places(tree["statements"])


def without_places(tree: object) -> object:
    if isinstance(tree, list):
        return [without_places(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    found = {key: without_places(item) for key, item in tree.items() if "location" not in key}
    if found.get("class") == "CONJUNCTION":
        terms = []
        for term in found["children"]:
            inner = term.get("type") == found["type"] and term["class"] == "CONJUNCTION"
            terms += term["children"] if inner else [term]
        found["children"] = sorted(terms, key=repr)
    return found


LARGE = {
    "a sum": "SELECT " + " + ".join(["t.a"] * 5_000) + " FROM t",
    "unions": " UNION ALL ".join(["SELECT a FROM t"] * 2_000),
    "joins": "SELECT 1 FROM t " + " ".join(f"JOIN t t{i} ON t{i}.a = t.a" for i in range(1_500)),
    "commas": "SELECT 1 FROM " + ", ".join(f"t t{i}" for i in range(4_000)),
    "terms": "SELECT 1 FROM t WHERE " + " AND ".join(f"t.a <> {i}" for i in range(2_500)),
    "AND in OR": "SELECT 1 FROM t WHERE "
    + ("(" + "a AND " * 200 + "(" + "a OR " * 200) * 12
    + "b"
    + "))" * 12,
    "queries": "SELECT "
    + "(SELECT max(x.a) FROM t x WHERE x.b = y.b AND x.c = " * 30
    + "1"
    + ")" * 30,
    "brackets": "SELECT " + "(" * 20 + "a" + ")" * 20,
    "CTEs": "WITH c0 AS (SELECT 1), "
    + ", ".join(f"c{i} AS (SELECT a FROM c{i - 1})" for i in range(1, 1_700))
    + " SELECT a FROM c9",
}


@pytest.mark.timeout(60)  # it is one second, unless something grows with the square
@pytest.mark.parametrize("name", LARGE)
def test_a_large_query_is_read_in_the_end(name: str) -> None:
    assert canonical(LARGE[name]) is not None
