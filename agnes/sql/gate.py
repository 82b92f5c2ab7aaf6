"""The gate: text is one SELECT that reads tables and nothing else, or it is refused with reasons.

Decided on the syntax tree. The sandbox decides the same a second time with DuckDB's own parser.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise, repeat

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from agnes.sql.mistakes import ONE_SELECT, not_a_select, syntax_mistake
from agnes.sql.names import IS_A_FILE, READ_TABLES, SYSTEM_TABLES, is_file_name, is_path
from agnes.sql.parser import TooCostlyError, parse, tokenize
from agnes.sql.problem import Problem, RefusedSqlError, refusal
from agnes.sql.query import Place, Query, name_place, place

MAX_CHARACTERS = 65_536
MAX_TOKENS = 30_000
MAX_COLUMNS = 1_000
"""Of one SELECT; the engine's work grows with their square."""

_TABLE_FUNCTIONS = frozenset(["range", "generate_series", "unnest", "json_each", "json_tree"])
_FUNCTIONS = frozenset(
    """
    current_connection_id current_query current_query_id current_setting current_transaction_id
    currval get_block_size getenv getvariable json_execute_serialized_sql json_serialize_plan
    nextval pg_get_constraintdef pg_get_viewdef pg_sleep set_config setseed setval sleep_ms stats
    vector_type write_log
    """.split()
)
_FUNCTION_STARTS = ("read_", "scan_", "__internal")
_SYSTEM_SCHEMAS = frozenset(["information_schema", "pg_catalog", "system", "temp"])
# What DuckDB takes for a blank and sqlglot for a letter, or the other way round.
_ODD = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\u1680\u200b\u2028\u2029\u2060\ufeff]")
_QUOTED = frozenset(
    kind for kind in TokenType if kind.name.endswith("STRING") or kind.name == "IDENTIFIER"
)
# Reserved words, so nothing can be called so; as statements they may stand where a SELECT may.
_SHOW_WORDS = frozenset(["SHOW", "DESCRIBE", "SUMMARIZE"])
_NAMED = re.compile(r"[?$]\w*")
_LOCK = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+|KEY\s+)?(?:UPDATE|SHARE)\b", re.IGNORECASE)
_WRAPPERS = (exp.CTE, exp.Subquery)
_WRITE_IN = "name them: PIVOT ... ON x IN ('a', 'b')"


def read_query(sql: str, *, file_names: bool = False, parameters: Collection[str] = ()) -> Query:
    """Read a text that must be one SELECT in DuckDB's dialect.

    Args:
        sql: one statement; a semicolon may end it.
        file_names: let names such as `"in.c-crm.json"` pass, since a table may be called so; who
            asks for it looks for the table, see `is_file_name`.
        parameters: names that have a value; `$start` may stand for that of `start`.

    Raises:
        RefusedSqlError: it is not SQL, not one SELECT, or reaches for files, the network, settings
            or the system's own tables.
    """
    if len(sql) > MAX_CHARACTERS:
        raise refusal(
            "size", f"the query has {len(sql):,} characters", f"at most {MAX_CHARACTERS:,}"
        )
    try:
        tokens = tokenize(sql)
        if len(tokens) > MAX_TOKENS:
            message = f"the query has {len(tokens):,} words and signs"
            raise refusal("size", message, f"at most {MAX_TOKENS:,}")
        _refuse(list(_token_problems(sql, tokens, parameters)))
        statements = parse(sql, tokens)
        if len(statements) != 1:
            raise _not_one(sql, tokens, statements)
        [tree] = statements
        if not isinstance(tree, exp.Query):
            raise not_a_select(sql)
        query = Query(sql, tree)
        _refuse(list(_problems(query, file_names, parameters)))
    except SqlglotError as error:
        raise syntax_mistake(sql, error) from None
    except TooCostlyError:
        raise refusal("size", "the query nests too deeply", "take it apart with WITH") from None
    return query


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise RefusedSqlError(problems)


def _not_one(sql: str, tokens: list[Token], statements: list[exp.Expr]) -> RefusedSqlError:
    if not statements:
        return refusal("statement", "there is no query", ONE_SELECT)
    if not isinstance(statements[0], exp.Query):
        return not_a_select(sql)
    first = next(token for token in tokens if token.token_type != TokenType.SEMICOLON)
    second = next(
        token
        for before, token in pairwise(tokens)
        if before.token_type == TokenType.SEMICOLON != token.token_type and token is not first
    )
    message = f"there are {len(statements)} statements"
    return refusal("statement", message, ONE_SELECT, _token_place(second))


def _token_problems(
    sql: str, tokens: list[Token], parameters: Collection[str]
) -> Iterator[Problem]:
    """What can be told before anything is understood."""
    quoted = [token for token in tokens if token.token_type in _QUOTED]
    starts = [0, *(token.end + 1 for token in quoted)]
    ends = [*(token.start for token in quoted), len(sql)]
    for found in map(_ODD.search, repeat(sql), starts, ends):
        if found:
            message = f"the character U+{ord(found.group()):04X} is not allowed here"
            yield Problem("syntax", message, "delete it", Place(found.start(), 1))
    for before, token in pairwise([None, *tokens]):
        assert token is not None
        word = sql[token.start : token.end + 1].upper()
        kind = before and before.token_type
        if word in ("?", "$"):
            where = _find(_NAMED, sql, token.start)
            if sql[where.start + 1 : where.start + where.length] not in parameters:
                message = "a parameter has no value here"
                yield Problem("statement", message, "write the value", where)
        elif token.token_type == TokenType.HEX_STRING and word.startswith("0"):
            message = "DuckDB reads this as 0 and a name"
            yield Problem("syntax", message, "write a decimal number", _token_place(token))
        elif (word in _SHOW_WORDS and kind not in (TokenType.DOT, TokenType.ALIAS)) or (
            word == "DESC" and kind == TokenType.L_PAREN
        ):
            message = f"{word} is not a SELECT"
            yield Problem("statement", message, ONE_SELECT, _token_place(token))


def _token_place(token: Token) -> Place:
    return Place(token.start, token.end + 1 - token.start)


def _problems(query: Query, file_names: bool, parameters: Collection[str]) -> Iterator[Problem]:
    """What a single query must not hold."""
    for node in query.tree.walk():
        match node:
            case exp.Table():
                yield from _check_table(query, node, file_names)
            case exp.Placeholder() if node.name in parameters:
                pass
            case exp.Lateral() if not isinstance(node.this, exp.Subquery):
                yield from _check_table_function(node.this, node)
            case exp.Func() if not isinstance(node.parent, exp.Table | exp.Lateral):
                name = _function_name(node)
                if name in _FUNCTIONS or name.startswith(_FUNCTION_STARTS):
                    yield _forbidden(f"the function {name}", node)
            case _:
                yield from _check_statement(query.sql, node)


def _find(pattern: re.Pattern[str], sql: str, start: int = 0) -> Place:
    """Where words stand that the tree has no place for."""
    found = pattern.search(sql, start)
    return Place(found.start(), len(found.group())) if found else Place(0, 0)


def _check_statement(sql: str, node: exp.Expr) -> Iterator[Problem]:
    match node:
        case exp.Select() if len(node.expressions) > MAX_COLUMNS:
            message = f"a SELECT of {len(node.expressions):,} columns"
            yield Problem("size", message, f"at most {MAX_COLUMNS:,}", place(node.expressions[0]))
        case exp.CTE() | exp.Subquery() if not _holds_a_query(node.this):
            yield _no_query(node.this, node)
        case exp.SetOperation():
            for side in (node.this, node.expression):
                if not isinstance(side, exp.Query):
                    yield _no_query(side, node)
        case exp.Values() if not node.expressions:
            yield Problem("syntax", "VALUES has no rows", "quote it if it is a table", place(node))
        case exp.Into() | exp.Lock():
            word = "INTO" if isinstance(node, exp.Into) else "FOR UPDATE"
            message = f"{word} has no place in a query that only reads"
            where = place(node) if word == "INTO" else _find(_LOCK, sql)
            yield Problem("statement", message, "leave it out", where)
        case exp.DML() | exp.DDL() | exp.Command():
            if not isinstance(node, exp.Query) and not isinstance(node.parent, _WRAPPERS):
                message = f"{node.key.upper()} has no place in a query that only reads"
                yield Problem("statement", message, ONE_SELECT, place(node))
        case exp.Placeholder() | exp.Parameter():
            message = "a parameter has no value here"
            name = re.compile(rf":{re.escape(node.name)}\b")
            where = place(node) if place(node).length else _find(name, sql)
            yield Problem("statement", message, "write the value", where)
        case exp.Pivot() if _finds_its_columns(node):
            message = "PIVOT does not say which values become columns"
            yield Problem("statement", message, _WRITE_IN, place(node))


def _holds_a_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query | exp.Table | exp.Values | exp.Join | exp.Pivot)


def _no_query(what: exp.Expr, node: exp.Expr) -> Problem:
    message = f"{what.key.upper()} is not a SELECT"
    return Problem("statement", message, ONE_SELECT, place(node))


def _finds_its_columns(pivot: exp.Pivot) -> bool:
    """Whether DuckDB must first run another statement, to see which columns there are."""
    if pivot.this is None or pivot.unpivot:
        return False
    return any(not isinstance(on, exp.In) or on.args.get("query") for on in pivot.expressions)


def _check_table(query: Query, table: exp.Table, file_names: bool) -> Iterator[Problem]:
    source, alias = table.this, table.args.get("alias")
    if isinstance(source, exp.Dot):
        message = "the name of a table has three parts at most"
        yield Problem("syntax", message, "quote a name that holds dots", name_place(table))
        return
    if not isinstance(source, exp.Identifier):
        yield from _check_table_function(source, table)
        return
    where = name_place(table)
    names = [part.name for part in table.parts]
    name = ".".join(names)
    quotes = {query.sql[place(part).start] for part in table.parts}
    # A table of another schema is found by no name in tables/, so it would be the file.
    may_be_table = file_names and names[:-1] in ([], ["main"])
    if "'" not in quotes and query.is_cte(table):
        return
    if "'" in quotes or is_path(name) or (is_file_name(name) and not may_be_table):
        yield Problem("access", f"{name!r} {IS_A_FILE}", READ_TABLES, where)
    elif names[-1].casefold() in SYSTEM_TABLES or any(
        name.casefold() in _SYSTEM_SCHEMAS for name in names[:-1]
    ):
        yield _forbidden(f"{name}, a table of the system,", table)
    elif alias and alias.columns and not alias.this:
        yield _forbidden(f"the table function {name}", table)


def _check_table_function(source: exp.Expr | None, node: exp.Expr) -> Iterator[Problem]:
    name = "ROWS FROM" if source is None else _function_name(source)
    if name not in _TABLE_FUNCTIONS:
        yield _forbidden(f"the table function {name}", node)


def _forbidden(what: str, node: exp.Expr) -> Problem:
    return Problem("access", f"{what} is not allowed here", "read tables alone", place(node))


def _function_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Dot) and isinstance(node.args.get("expression"), exp.Expr):  # main.f()
        return _function_name(node.right)
    if isinstance(node, exp.Anonymous):
        return node.name.casefold()
    if isinstance(node, exp.Func):
        return node.sql_name().casefold()
    return node.key
