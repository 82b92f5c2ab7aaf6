"""sqlglot's parser of DuckDB's dialect, with a budget.

It reads a text in one way and, where that fails, goes back and tries another. In types, arrays and
joins without a condition such attempts nest, and each level doubles the work: 120 characters of
`DATE(DATE(DATE(` would take a minute.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import Token

# It warns of every statement that it does not know, on stderr.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())
logging.getLogger("sqlglot").propagate = False


class _Dialect(DuckDB):
    class Tokenizer(DuckDB.Tokenizer):
        HEX_STRINGS: ClassVar = [("x'", "'"), ("X'", "'")]  # blobs, which sqlglot does not know


_DIALECT = _Dialect()
_DIALECT.INDEX_OFFSET = 0  # or each [1] infers the types of everything before it
WRITTEN = "written"
"""What is set in an `exp.Paren` of the text; sqlglot puts some around terms that have none."""
_MAX_LEVELS = 300
_CHAINS = (exp.Binary, exp.SetOperation)
"""What makes a tree deep without a nesting in the text: sums, a row of UNIONs. A name of many
parts is binary too, but the engine takes seconds for it."""
_BUDGET, _BUDGET_PER_TOKEN, _COPY = 2_000, 8, 4
"""In tokens read once more; a copied node counts as four. What people write needs less than one for
each token that it has."""


class TooCostlyError(Exception):
    """A text that takes too much work to read, or nests too deeply."""


class UnreadableError(SqlglotError):
    """Nonsense on which sqlglot falls over its own feet."""


def tokenize(sql: str) -> list[Token]:
    """Cut a text into tokens.

    Raises:
        SqlglotError: it cannot be cut.
    """
    return _DIALECT.tokenize(sql)


def parse(sql: str, tokens: list[Token]) -> list[exp.Expr]:
    """Read tokens as statements.

    Raises:
        SqlglotError: they are none.
        TooCostlyError: they would take too long, or are nested too deeply.
    """
    try:
        trees = _Parser(len(tokens)).parse(tokens, sql)
    except (SqlglotError, TooCostlyError):
        raise
    except RecursionError:
        raise TooCostlyError from None
    except Exception as error:
        raise UnreadableError from error
    statements = [tree for tree in trees if tree and not isinstance(tree, exp.Semicolon)]
    for tree in statements:
        _check_levels(tree)
    return statements


def render(tree: exp.Expr) -> str:
    """A tree as text in the dialect that it was read in, without comments."""
    return _DIALECT.generate(tree, copy=True, pretty=True, comments=False)


def _check_levels(tree: exp.Expr) -> None:
    """Refuse a tree that is deep enough for a recursion over it to fail."""
    levels = {id(tree): 0}
    for node in tree.walk():
        level = levels[id(node)] + (not isinstance(node, _CHAINS) or isinstance(node, exp.Dot))
        if level > _MAX_LEVELS:
            raise TooCostlyError
        levels.update((id(child), level) for child in node.iter_expressions())


class _Parser(DuckDBParser):
    def __init__(self, tokens: int) -> None:
        super().__init__(dialect=_DIALECT)
        self._left = _BUDGET + _BUDGET_PER_TOKEN * tokens

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise TooCostlyError

    def _retreat(self, index: int) -> None:
        if index < self._index:
            self._spend(self._index - index)
        super()._retreat(index)

    def _parse_paren(self) -> Any:
        this = super()._parse_paren()
        if isinstance(this, exp.Paren):
            this.set(WRITTEN, True)
        return this

    def _parse_bracket(self, this: Any = None) -> Any:
        # What a method is called on was copied just before.
        if isinstance(this, exp.Dot) and isinstance(this.expression, exp.Func):
            self._spend(_COPY * sum(1 for _ in this.walk()))
        return super()._parse_bracket(this)
