"""What every rule knows: the dialect, the kinds of values, and how to refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from agnes.errors import UntranslatableError
from agnes.sql.translation.kinds import Kind, Kinds

CAST = "write CAST(... AS DOUBLE)"


@dataclass(frozen=True)
class Rewriter:
    """A query on its way into a dialect.

    Args:
        dialect: `postgres`, `spark`, `trino`, `bigquery` or `snowflake`.
        kinds: the kinds of what stands in the query.
        parameters: a value for each `$name`.
    """

    dialect: str
    kinds: Kinds
    parameters: Mapping[str, Any]

    def refuse(self, construct: str, hint: str | None = None) -> UntranslatableError:
        """The error of something that cannot be said there."""
        message = f"{construct} cannot be translated to {self.dialect} with the same result"
        return UntranslatableError(message, construct, hint)

    def kind(self, node: exp.Expr) -> Kind | None:
        """The kind of value that a node gives."""
        return self.kinds.of(node)


Rule = Callable[[Rewriter, exp.Expr], exp.Expr]
"""Gives what to put in the place of a node whose parts were rewritten: the node itself, or new."""


def double(node: exp.Expr) -> exp.Expr:
    """A copy of a node, as a DOUBLE."""
    is_double = isinstance(node, exp.Cast) and node.to.is_type("double")
    return node.copy() if is_double else exp.cast(node.copy(), "DOUBLE")


def timestamp(node: exp.Expr) -> exp.Expr:
    """A copy of a node, as a TIMESTAMP."""
    return exp.cast(node.copy(), "TIMESTAMP")
