"""Parts of a query in the words of whoever wrote it, not in those that a parser has for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from agnes.sql.canonical import ORIGIN, UnreadableSqlError, read
from agnes.sql.parser import tokenize
from agnes.sql.query import Query, place

_REACH = 8
"""So many words may stand around the first and the last name of a part: `NOT EXISTS (SELECT`."""
_AFTER = "SELECT 1 FROM t "
_FRAMES: dict[type[exp.Expr], str] = {
    exp.Query: "",
    exp.Table: "SELECT 1 FROM ",
    **dict.fromkeys([exp.Join, exp.Group, exp.Order, exp.Limit, exp.Offset], _AFTER),
}
"""What makes a query of a part, by its kind; of an expression `SELECT` does."""


class Fragments:
    """One query, cut into the pieces that its canonical tree is made of."""

    def __init__(self, query: Query) -> None:
        self._sql = query.sql

    def said(self, node: exp.Expr) -> str:
        """A part of the canonical tree as the query says it, in one line, without comments."""
        written = node.meta.get(ORIGIN)
        if not isinstance(written, exp.Expr):
            return node.sql("duckdb", comments=False)
        return self._cut_out(written) or written.sql("duckdb", comments=False)

    @cached_property
    def _tokens(self) -> list[Token]:
        return [it for it in tokenize(self._sql) if it.token_type != TokenType.SEMICOLON]

    def _cut_out(self, node: exp.Expr) -> str | None:
        """The shortest piece of the text that reads as the node; the tree knows the places of names
        and literals alone, not of the words and brackets around them.
        """
        where = place(node)
        inside = [
            at
            for at, token in enumerate(self._tokens)
            if where.start <= token.start < where.start + where.length
        ]
        if not inside:
            return None
        frame = next((it for kind, it in _FRAMES.items() if isinstance(node, kind)), "SELECT ")
        if isinstance(node, exp.Window) and isinstance(node.parent, exp.Select):
            frame = f"{_AFTER}WINDOW "
        for first, last in self._around(inside[0], inside[-1]):
            piece = self._piece(first, last)
            tree = _tree(frame + piece)
            if tree and any(found == node for found in tree.find_all(type(node))):
                return piece
        return None

    def _around(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Pieces whose brackets match, the shortest first."""
        depth = self._depths
        starts = range(first, max(-1, first - _REACH), -1)
        ends = range(last, min(len(self._tokens), last + _REACH))
        pairs = [(start, end) for start in starts for end in ends]
        for start, end in sorted(pairs, key=lambda pair: pair[1] - pair[0]):
            goes_on = end + 1 < len(self._tokens) and self._tokens[end + 1].text == "("
            whole = depth[start] == depth[end + 1] == min(depth[start : end + 2])
            if whole and not goes_on:
                yield start, end

    @cached_property
    def _depths(self) -> list[int]:
        """How many brackets are open before each token, and at the end."""
        depths = [0]
        for token in self._tokens:
            opens, closes = (token.text in brackets for brackets in ("([{", ")]}"))
            step = (opens - closes) if token.token_type not in _TEXTS else 0
            depths.append(depths[-1] + step)
        return depths

    def _piece(self, first: int, last: int) -> str:
        words: list[str] = []
        end = self._tokens[first].start
        for token in self._tokens[first : last + 1]:
            words += [" "] if token.start > end else []
            words.append(self._sql[token.start : token.end + 1])
            end = token.end + 1
        return "".join(words)


@lru_cache(maxsize=1_024)
def _tree(sql: str) -> exp.Query | None:
    """A piece as it reads; most are the same in each version of a query. None if it is none."""
    try:
        return read(sql).tree
    except UnreadableSqlError:
        return None


_TEXTS = frozenset([TokenType.STRING, TokenType.IDENTIFIER])
