"""Which brackets of an expression change nothing.

Where sqlglot takes the same text apart otherwise than DuckDB, its tree says nothing about that:
there all brackets stay, and all terms where they are.
"""

from __future__ import annotations

from sqlglot import exp

from agnes.sql.parser import WRITTEN

_PLAIN = (
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Cast),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.Neg, exp.Bracket),
)
"""Operators of which sqlglot and DuckDB agree what binds to what. Of others they do not: to DuckDB
`j -> 'a' = 'b'` is `j -> ('a' = 'b')`."""
_OPERATORS = (
    *(*_PLAIN, exp.Binary, exp.Unary, exp.Predicate),
    *(exp.AtTimeZone, exp.Lambda, exp.Interval, exp.Slice),
)
_NO_OPERATORS = (exp.Paren, exp.Exists, exp.SubqueryPredicate)


def drop_brackets(tree: exp.Expr) -> None:
    """Take the brackets out of a tree that it says the same without."""
    for node in list(tree.find_all(exp.Paren)):
        if not node.args.get(WRITTEN):
            node.replace(node.this)
    odd = odd_operators(tree)
    for node in reversed(list(tree.find_all(exp.Paren, bfs=False))):
        around = node.parent
        if not _is_operator(around) or not {id(around), id(node.this)} & odd:
            node.replace(node.this)


def odd_operators(tree: exp.Expr) -> set[int]:
    """The operators in terms, from bracket to bracket, in which not all are plain."""
    whole: dict[int, int] = {}
    odd = set()
    for node in tree.walk(bfs=False):
        if _is_operator(node):
            whole[id(node)] = whole.get(id(node.parent), id(node))
            if not isinstance(node, _PLAIN) or node.args.get("field"):  # of IN without brackets
                odd.add(whole[id(node)])
    return {node for node, term in whole.items() if term in odd}


def _is_operator(node: exp.Expr | None) -> bool:
    if isinstance(node, exp.Interval) and isinstance(node.this, exp.Literal):
        return False
    return isinstance(node, _OPERATORS) and not isinstance(node, _NO_OPERATORS)
