"""Queries that mean the same have one canonical form, however they are written.

The form forgets layout, comments, the case of keywords and of unquoted names, the names of CTEs and
of table aliases, the order of AND and OR terms, brackets that change nothing, and the several
spellings of one operator. It forgets nothing else: what it calls equal, every engine answers
equally. In doubt it keeps what is written: that a change of writing shows as one of meaning is a
nuisance, that a change of meaning does not show is not to happen.

One thing cannot be seen without the tables: `x.a` may be a field of a column `x` although a table
is called `x` too. It is taken for the table's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import TokenType

from agnes.sql.brackets import drop_brackets, odd_operators
from agnes.sql.gate import read_query
from agnes.sql.names import lower
from agnes.sql.parser import tokenize
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Query
from agnes.sql.renaming import rename, sources

__all__ = [
    "ORIGIN",
    "UnreadableSqlError",
    "canonical",
    "canonical_expression",
    "canonical_tree",
    "read",
    "same_meaning",
    "sources",
    "terms",
    "text",
]

_CONNECTORS = (exp.And, exp.Or)
_WORDED = (exp.Anonymous, exp.Join, exp.Var, exp.Window, exp.WindowSpec)
"""Nodes that hold keywords, or the name of a function, as they are written."""
_ODD_SIGNS = ("!", "@", "^@", "&&", "<@", "@>", "<->", "<=>")
"""Operators that sqlglot takes for others, for functions, or in another order."""
_IDLE = {
    *(TokenType.ALIAS, TokenType.ASC, TokenType.INNER, TokenType.OUTER, TokenType.DCOLON),
    *(TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA, TokenType.SEMICOLON),
    *Parser.TYPE_TOKENS,
}
"""What changes nothing, and what can be written otherwise and is kept by the tree."""
ORIGIN = "origin"
"""The key in a node's `meta` of the node of the query as written that it comes from."""


class UnreadableSqlError(Exception):
    """A text that is no query which could be compared by its meaning."""


def canonical(sql: str) -> str | None:
    """The canonical form of a query; None for a text that cannot be read as one.

    Args:
        sql: one SELECT, in DuckDB's dialect.
    """
    try:
        return text(canonical_tree(read(sql)))
    except UnreadableSqlError:
        return None


def same_meaning(one: str, other: str) -> bool:
    """Whether two queries are the same but for how they are written.

    Texts that are no queries mean the same if they are equal.
    """
    if one.strip() == other.strip():
        return True
    form = canonical(one)
    return form is not None and form == canonical(other)


def canonical_expression(sql: str) -> str | None:
    """The canonical form of an expression such as `SUM(amount)`; None if it is none."""
    return canonical(f"SELECT {sql}")


def read(sql: str) -> Query:
    """Read a query that is to be compared.

    Raises:
        UnreadableSqlError: it is none.
    """
    try:
        return read_query(sql, file_names=True)
    except RefusedSqlError as error:
        raise UnreadableSqlError(str(error)) from error


def canonical_tree(query: Query, ctes: Mapping[str, str] | None = None) -> exp.Query:
    """The canonical form as a tree, a copy of the query's own.

    Names that are written in the query are quoted in it, names that are given here are not.

    Args:
        ctes: what to call CTEs, by their names in lower case; by default they are numbered.

    Returns:
        A tree for `text`, not for sqlglot's generator.

    Raises:
        UnreadableSqlError: sqlglot reads it otherwise than DuckDB does.
    """
    tree = query.tree.copy()
    for copied, written in zip(tree.walk(bfs=False), query.tree.walk(bfs=False), strict=True):
        copied.meta[ORIGIN] = written
    tree = _outermost(tree)
    words = _words(query)
    _normalize(tree)
    drop_brackets(tree)
    rename(Query(query.sql, tree), ctes or {})
    _sort_terms(tree)
    tree.set("words", words)
    return tree


def text(node: exp.Expr) -> str:
    """A canonical tree, or a part of one, as text: equal for equal trees alone.

    It is no SQL, in which different trees may look alike, but tells all that a tree holds.
    """
    return _text(node, {})


def _text(node: exp.Expr, known: Mapping[int, str]) -> str:
    written: list[str] = []
    pending: list[object] = [node]
    while pending:
        item = pending.pop()
        if id(item) in known:
            written.append(known[id(item)])
        elif isinstance(item, exp.Expr):
            pending += reversed(list(_told(item)))
        else:
            written.append(str(item))
    return "".join(written)


def _told(node: exp.Expr) -> Iterator[exp.Expr | str]:
    """What a node says, in pieces: texts, and nodes that have their own to say."""
    if isinstance(node, exp.Identifier):
        yield json.dumps(node.name) if node.quoted else node.name
    elif isinstance(node, exp.Literal):
        yield repr(node.name) if node.is_string else node.name
    else:
        yield f"{node.key}("
        for key, value in sorted(node.args.items()):
            if value is not None and value != []:
                yield f" {key}="
                for item in value if isinstance(value, list) else [value]:
                    yield item if isinstance(item, exp.Expr) else repr(item)
                    yield ","
        yield ")"


def _words(query: Query) -> list[str]:
    """The words and literals of a query without its names, in alphabetical order.

    A tree of sqlglot's lacks some of what is written: it forgets a second argument of ANY_VALUE,
    and whether a path in JSON was a key with a dot.
    """
    words: Counter[str] = Counter()
    for token in tokenize(query.sql):
        written = query.sql[token.start : token.end + 1]
        if token.token_type == TokenType.IDENTIFIER:
            words[lower(token.text)] += 1
        elif token.token_type.name.endswith("STRING"):
            words[written] += 1
        elif written in _ODD_SIGNS:
            raise UnreadableSqlError(f"{written} is no operator that can be compared")
        elif token.token_type not in _IDLE:
            name = token.token_type.name
            is_word = written[0].isalnum() or written[0] == "_"
            words[lower(" ".join(written.split())) if is_word else name] += 1
    if words["PLUS"] != sum(1 for _ in query.tree.find_all(exp.Add)):
        raise UnreadableSqlError("it has a + before a value")
    del words["cast"]
    names = (lower(name.name) for name in query.tree.find_all(exp.Identifier))
    return sorted((words - Counter(names)).elements())


def _outermost(tree: exp.Query) -> exp.Query:
    """The query within brackets around it all."""
    while isinstance(tree, exp.Subquery) and _says_nothing_else(tree):
        inner = tree.this
        if not isinstance(inner, exp.Query):
            break
        tree = inner
    tree.pop()
    return tree


def _says_nothing_else(node: exp.Expr) -> bool:
    return all(key == "this" or not value for key, value in node.args.items())


def _normalize(tree: exp.Expr) -> None:
    shown = set(_shown(tree))
    for node in list(tree.walk()):
        match node:
            case exp.Identifier():
                if not node.quoted and id(node) not in shown:
                    node.set("this", lower(node.name))
                node.set("quoted", True)
            case exp.Ordered():
                node.set("desc", bool(node.args.get("desc")))
            case _ if isinstance(node, _WORDED):
                for key, value in list(node.args.items()):
                    if isinstance(value, str):
                        node.set(key, value.upper())
                if isinstance(node, exp.Join) and node.kind == ("OUTER" if node.side else "INNER"):
                    node.set("kind", None)


def _shown(tree: exp.Expr) -> Iterator[int]:
    """The names that come out as they are written: keys of structs, values of a PIVOT."""
    yield from (id(key.this) for key in tree.find_all(exp.PropertyEQ))
    for pivot in tree.find_all(exp.Pivot):
        for values in pivot.find_all(exp.In):
            for value in values.expressions:
                yield from (id(name) for name in value.find_all(exp.Identifier))


def _sort_terms(tree: exp.Expr) -> None:
    """Put the terms of each AND and OR into the order of their text, the innermost first."""
    known: dict[int, str] = {}
    odd = odd_operators(tree)
    for node in reversed(list(tree.find_all(*_CONNECTORS, bfs=False))):
        if type(node.parent) is type(node) or id(node) in odd:
            continue
        written = node.meta.get(ORIGIN)
        terms = sorted(node.flatten(unnest=False), key=lambda term: _text(term, known))
        for term in terms:
            term.pop()
        chain = terms[0]
        for term in terms[1:]:
            chain = type(node)(this=chain, expression=term)
        chain.meta[ORIGIN] = written
        node.replace(chain)
        known[id(chain)] = _text(chain, known)


def terms(node: exp.Expr | None) -> list[exp.Expr]:
    """What a condition says in so many terms, joined by AND."""
    if node is None:
        return []
    return list(node.flatten(unnest=False)) if isinstance(node, exp.And) else [node]
