"""Queries that read what other queries give."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot.tokenizer_core import TokenType

from agnes.sql.parser import tokenize


def reading(sql: str, results: Mapping[str, str]) -> str:
    """A query in which names stand for what further queries give.

    Args:
        sql: one SELECT.
        results: a SELECT for each name.
    """
    if not results:
        return sql
    named = ",\n".join(f'"{name}" AS (\n{_bare(query)}\n)' for name, query in results.items())
    return f"WITH {named}\nSELECT * FROM (\n{_bare(sql)}\n)"


def _bare(sql: str) -> str:
    """A query without the semicolons that end it, and what comes after them."""
    tokens = tokenize(sql)
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    return sql[: tokens[-1].end + 1] if tokens else sql
