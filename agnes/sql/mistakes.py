"""A text that is no SELECT, explained to who wrote it: what is wrong, where, what to do."""

from __future__ import annotations

import re
from difflib import get_close_matches

from sqlglot.errors import ParseError, SqlglotError

from agnes.sql.parser import UnreadableError
from agnes.sql.problem import RefusedSqlError, refusal
from agnes.sql.query import Place

_OPENINGS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([^\W\d]\w*)?", re.DOTALL)
_QUERY_WORDS = frozenset(["SELECT", "WITH", "FROM", "VALUES", "TABLE"])
_STATEMENT_WORDS = frozenset(
    """
    ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE
    DESCRIBE DETACH DROP EXECUTE EXPLAIN EXPORT FORCE GRANT IMPORT INSERT INSTALL KILL LOAD
    MERGE PIVOT PRAGMA PREPARE REPLACE RESET REVOKE ROLLBACK SET SHOW START SUMMARIZE
    TRUNCATE UNPIVOT UPDATE UPSERT USE VACUUM
    """.split()
)
_OPENED = re.compile(r"Missing (\S+) from \d+:(\d+)")
_DIGITS = re.compile(r"invalid characters from \d+:(\d+)")
_COMMENTS = re.compile(r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+"|--[^\n]*|/\*.*?\*/|(/\*)""", re.DOTALL)
"""What may hold a comment's opening, and one that is never closed."""
_BACKTICKS = re.compile(r"`([^`\n]+)`")
_DASHED = re.compile(r"(?:\b(?:FROM|JOIN)\s+|,\s*)(\w+(?=[\w.-]*\.)(?:[.-]\w+)+)", re.IGNORECASE)
_EXPECTED = re.compile(r"Expect(?:ed|ing) (.+?)(?: but got .*)?", re.DOTALL)
ONE_SELECT = "write one SELECT; WITH ... SELECT, UNION and subqueries are fine"


def not_a_select(sql: str) -> RefusedSqlError:
    """A statement that is another one."""
    found = _OPENINGS.match(sql)
    word = (found and found.group(1)) or ""
    where = Place(found.start(1), len(word)) if found and word else Place(0, 0)
    message = f"{word.upper()} is not a SELECT" if word else "this is not a SELECT"
    hint = ONE_SELECT
    if word.upper() in ("PIVOT", "UNPIVOT"):
        hint = f"put it into a FROM, in brackets: FROM ({word.upper()} ...)"
    elif word.upper() not in _STATEMENT_WORDS:
        hint = _meant(word) or ONE_SELECT
    return refusal("statement", message, hint, where)


def _meant(word: str) -> str | None:
    near = get_close_matches(word.upper(), ["SELECT", "WITH", "FROM"], 1, 0.7)
    return f"did you mean {near[0]}?" if near else None


def syntax_mistake(sql: str, error: SqlglotError) -> RefusedSqlError:
    """What the parser could not read."""
    found = _OPENINGS.match(sql)
    word = ((found and found.group(1)) or "").upper()
    if word not in _QUERY_WORDS and word in _STATEMENT_WORDS:
        return not_a_select(sql)
    if found and (hint := _meant(word)) and word not in _QUERY_WORDS:
        message = f"{found.group(1)} begins no query"
        return refusal("syntax", message, hint, Place(found.start(1), len(word)))
    if isinstance(error, ParseError) and error.errors:
        detail = error.errors[0]
        near = str(detail.get("highlight") or "")
        end = _offset(sql, int(detail.get("line") or 1), int(detail.get("col") or 1))
        where = Place(max(0, end - len(near)), len(near))
        at_end = not sql[end:].strip()
        description = str(detail.get("description"))
        # At the end it is about what is missing there, but for a token that nothing can take.
        at_end = at_end and not description.startswith("Invalid expression")
        message = _explain(description, "" if at_end else near)
        return refusal("syntax", message, _remedy(sql, where.start), where)
    if isinstance(error, UnreadableError):
        return refusal("syntax", "the query cannot be read")
    return _cut_mistake(sql, error)


def _cut_mistake(sql: str, error: SqlglotError) -> RefusedSqlError:
    """What could not even be cut into words."""
    if digits := _DIGITS.search(str(error.__cause__)):
        where = Place(int(digits.group(1)), 2)
        return refusal("syntax", "this is no hexadecimal number", "use 0-9 and A-F", where)
    opened = _OPENED.search(str(error.__cause__))
    if opened is None:
        message = "a quote or a comment is opened and never closed"
        at = next((found.start(1) for found in _COMMENTS.finditer(sql) if found.group(1)), None)
        return refusal("syntax", message, None, Place(at or 0, 0 if at is None else 2))
    message = f"{opened.group(1)} is opened and never closed"
    return refusal("syntax", message, None, Place(int(opened.group(2)), 1))


def _explain(description: str, near: str) -> str:
    """What sqlglot says of a mistake, for people."""
    if expected := _EXPECTED.fullmatch(description):
        where = f"before {near!r}" if near else "at the end"
        return f"expected {expected.group(1)} {where}"
    if description.startswith("Required keyword"):
        return (
            f"something is missing before {near!r}" if near else "something is missing at the end"
        )
    return f"{near!r} is unexpected here" if near else "the query ends too early"


def _remedy(sql: str, at: int) -> str | None:
    """What to write instead, where people who know another dialect stumble."""
    for quoted in _BACKTICKS.finditer(sql):
        if quoted.start() <= at < quoted.end():
            return f'write "{quoted.group(1)}"'
    if sql[at : at + 1] == "!":
        return "write factorial(n)"
    for name in _DASHED.finditer(sql):
        if name.start(1) <= at < name.end(1):
            return f'quote the name: "{name.group(1)}"'
    return None


def _offset(sql: str, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = sql.find("\n", at) + 1
    return min(at + column, len(sql))
