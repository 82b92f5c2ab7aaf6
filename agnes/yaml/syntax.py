"""What the parser calls a mistake, in words that say what to do about it."""

from __future__ import annotations

import re
from typing import Any

from yaml import MarkedYAMLError

from agnes.errors import YamlError

SYNTAX = "AG101"

_SYNTAX = {
    "mapping values are not allowed": (
        "a ': ' where none can be",
        "check the indentation; text that contains ': ' needs quotes",
    ),
    "unexpected end of stream": ("a quote is opened here and never closed", "close the quote"),
    "expected ',' or ']'": (
        "a list is opened here and not closed",
        "separate with , and close it with ]",
    ),
    "expected ',' or '}'": (
        "a mapping is opened here and not closed",
        "separate with , and close it with }",
    ),
    "expected <document start>": ("text after the end of the document", "delete it"),
    "entries are not allowed": (
        "a '- ' where no list can begin",
        "begin the list on a line of its own",
    ),
    "a tab character": ("a tab in the indentation", "indent with spaces"),
    "invalid Unicode character": (
        "an escape that stands for no character",
        "write the character itself",
    ),
    "expected node content": ("a value is missing here, or a bracket is not closed", None),
    "expected key": ("no key where one is expected", "check the indentation and the quotes above"),
    "expected '-' indicator": ("no '- ' where one is expected", "check the indentation"),
    "could not find expected ':'": ("a key without ': '", "write key: value"),
    "cannot start any token": ("a tab in the indentation", "indent with spaces"),
    "violates indentation": ("a tab in the indentation", "indent with spaces"),
    "unknown escape character": (
        "an unknown escape after a backslash",
        "use single quotes, in which a backslash is a backslash",
    ),
}
"""The parser's words for common mistakes, and what to say instead."""
_CONFLICT = re.compile(r"(?m)^(?:<{7}|={7}|>{7})(?:[ \r]|$)")
_RESOLVE = "keep one of the two versions, and delete the lines <<<<<<<, ======= and >>>>>>>"
_BLOCK = re.compile(r"( *)([^\s#'\"][^:#]*: [|>][-+]?)\s*(?:#.*)?")
_ENTRY = re.compile(r" *[\w-]+:(?: |$)")
_LINE_END = re.compile(r"\r\n?|\n")
_AT_THE_START = ("unexpected end of stream", "expected ',' or", "could not find expected ':'")
"""Mistakes that are better shown where something was opened than where the parser gave up."""


def syntax_error(error: MarkedYAMLError, text: str) -> YamlError:
    """The parser's error in our words, at the place where the mistake is seen best.

    Args:
        text: the file.
    """
    if conflict := _CONFLICT.search(text):
        line = len(_LINE_END.findall(text, 0, conflict.start())) + 1
        return YamlError("a merge conflict is not resolved", line, 1, SYNTAX, _RESOLVE)
    problem = error.problem or "not valid YAML"
    at_start = any(words in problem for words in _AT_THE_START)
    marks: list[Any] = [error.problem_mark, error.context_mark]
    mark = next(filter(None, reversed(marks) if at_start else marks), None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    lines = _LINE_END.split(text)
    if (key := _unindented(lines, line)) is not None:
        message = f"the text below `{key}` must be indented"
        return YamlError(message, line, column, SYNTAX, "indent it by two spaces")
    if "cannot start any token" in problem and (char := lines[line - 1][column - 1 :][:1]) != "\t":
        shown = f"`{char}`" if char != "`" else "a backtick"
        return YamlError(f"{shown} cannot begin a text", line, column, SYNTAX, "put it in quotes")
    for words, (message, hint) in _SYNTAX.items():
        if words in problem:
            return YamlError(message, line, column, SYNTAX, hint)
    context = f" ({error.context})" if error.context else ""
    return YamlError(f"{problem}{context}", line, column, SYNTAX)


def _unindented(lines: list[str], at: int) -> str | None:
    """The key and sign, such as `sql: |`, whose text begins in this line, not deep enough."""
    above = next((line for line in reversed(lines[: max(0, at - 1)]) if line.strip()), "")
    opened = _BLOCK.fullmatch(above)
    if opened is None or not lines[at - 1 : at] or _ENTRY.match(lines[at - 1]):
        return None
    depth = len(lines[at - 1]) - len(lines[at - 1].lstrip(" "))
    return opened.group(2) if depth <= len(opened.group(1)) else None
