"""Trees back into text, when nothing is lost on the way."""

from __future__ import annotations

from collections import Counter

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import TokenType

from agnes.sql.gate import read_query
from agnes.sql.parser import WRITTEN, parse, render, tokenize
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Query

_IDLE = frozenset(
    [
        *(TokenType.ALIAS, TokenType.ASC, TokenType.INNER, TokenType.OUTER, TokenType.DCOLON),
        *(TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA, TokenType.SEMICOLON),
        *Parser.TYPE_TOKENS,
    ]
)
"""What may come and go when a tree is written, and changes nothing where the trees are equal."""


def write(tree: exp.Expr) -> str:
    """A tree as SQL of DuckDB, laid out in lines, without the comments."""
    return render(tree)


def identifier(name: str) -> exp.Identifier:
    """A name, in quotes where it needs them."""
    plain = name.isidentifier() and [it.token_type for it in tokenize(name)] == [TokenType.VAR]
    return exp.to_identifier(name, quoted=not plain)


def survives(query: Query) -> bool:
    """Whether a query that is read and written again is the same query.

    Two things are looked at, since a reader may lose what its writer then cannot miss: what was
    written reads as the same tree, and it has the same words as the original text.
    """
    try:
        written = write(query.tree)
        [again] = parse(written, tokenize(written))
        return bool(again == query.tree) and _words(written) == _words(query.sql)
    except (SqlglotError, ValueError):
        return False


def lost_words(query: Query) -> list[str]:
    """Words of a query that are gone when it is read and written again, but for other spellings.

    A reader that forgets one of them would not miss it when it writes for another engine.
    """
    lost = _words(query.sql) - _words(write(query.tree))
    return sorted(lost.keys() - _RESPELLED)


_RESPELLED = frozenset("if ifnull integer int4 int8 float8 string numeric substr".split())


def reads_as_written(tree: exp.Expr, parameters: list[str]) -> str | None:
    """The text of a derived query, if it passes the gate and reads as the tree that it is of."""
    text = write(tree)
    try:
        again = read_query(text, file_names=True, parameters=parameters)
    except RefusedSqlError:
        return None
    return text if _bare(again.tree) == _bare(tree) else None


def _bare(tree: exp.Expr) -> exp.Expr:
    """A copy without the marks that the parser leaves."""
    copied = tree.copy()
    for paren in copied.find_all(exp.Paren):
        paren.set(WRITTEN, None)
    return copied


def _words(sql: str) -> Counter[str]:
    words: Counter[str] = Counter()
    for token in tokenize(sql):
        if token.token_type not in _IDLE:
            text = sql[token.start : token.end + 1]
            odd = not (text[0].isalnum() or text[0] in "_'\"")
            words[
                token.token_type.name if odd else " ".join(text.lower().split()).strip("'\"")
            ] += 1
    del words["cast"]
    return words
