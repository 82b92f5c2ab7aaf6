"""Rewriting text through ruamel.yaml, which keeps comments and quotes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

from agnes.model.scalar import Plain, is_ambiguous
from agnes.yaml.dump import WIDTH

_ENDLESS = 1 << 20
"""A width in characters; what is on one line stays there, since broken it is hard to read."""


class CannotEditError(Exception):
    """This way of editing does not fit this file."""


def same(one: Any, other: Any) -> bool:
    """Whether data is equal; 1, 1.0 and true are different."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return isinstance(one, bool | float) == isinstance(other, bool | float) and one == other


def through_ruamel(text: str, data: Mapping[str, Any]) -> str:
    """Make a document, a mapping or a list of one, say `data`.

    Raises:
        CannotEditError: ruamel.yaml cannot do it.
    """
    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    lines = text.splitlines()
    editor.width = max(WIDTH, *map(len, lines), 0) + 1
    if len(lines) == 1 and lines[0].rstrip().endswith(("}", "]")):
        editor.width = _ENDLESS
    editor.indent(mapping=2, sequence=4, offset=2)
    if any(line.startswith("- ") for two in pairwise(lines) for line in two[1:]):
        editor.indent(mapping=2, sequence=2, offset=0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = editor.load(text)
        target = document[0] if isinstance(document, CommentedSeq) and document else document
        _update(target, data)
        stream = io.StringIO()
        editor.dump(document, stream)
    except Exception as error:
        raise CannotEditError from error
    return stream.getvalue()


def _update(target: CommentedMap, data: Mapping[str, Any]) -> None:
    for key in [key for key in target if key not in data]:
        del target[key]
    previous = -1
    for key, value in data.items():
        if key in target:
            _replace(target, key, value)
            previous = list(target).index(key)
        else:
            previous += 1
            target.insert(previous, key, _styled(value))


def _replace(target: CommentedMap, key: str, value: Any) -> None:
    old = target[key]
    if isinstance(old, CommentedMap) and isinstance(value, Mapping):
        _update(old, value)
    elif isinstance(old, CommentedSeq) and isinstance(value, list):
        _update_list(old, value)
    elif not same(old, value):
        target[key] = _styled(value)


def _update_list(target: CommentedSeq, values: list[Any]) -> None:
    """Keep the items that stay, with their comments."""
    wanted = [identity(value) for value in values]
    for at in reversed(range(len(target))):
        if identity(target[at]) not in wanted:
            del target[at]
    for at, value in enumerate(values):
        if at < len(target) and identity(target[at]) == wanted[at]:
            if isinstance(value, Mapping):
                _update(target[at], value)
        else:
            target.insert(at, _styled(value))
    del target[len(values) :]


def identity(item: Any) -> Any:
    """What makes an item of a list the same one after a change: of a mapping, its name."""
    if isinstance(item, Mapping):
        return ("mapping", *(str(item[key]) for key in ("id", "folder", "name") if key in item))
    return (
        type(item).__name__ if isinstance(item, bool) else "",
        repr(item) if isinstance(item, list) else item,
    )


def _styled(value: Any) -> Any:
    match value:
        case Plain():  # 1.10 stays 1.10
            return YAML(typ="rt").load(value)
        case str() if "\n" in value:
            return LiteralScalarString(value)
        case str() if is_ambiguous(value):
            return SingleQuotedScalarString(value)
        case Mapping():
            return CommentedMap((key, _styled(item)) for key, item in value.items())
        case list():
            return CommentedSeq([_styled(item) for item in value])
        case _:
            return value
