"""Changing a file without losing what a person wrote in it: comments, key order, quotes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

from agnes.model.scalar import core, is_ambiguous
from agnes.yaml.dump import WIDTH, dump
from agnes.yaml.loader import load


def patch(original: bytes, data: Mapping[str, Any]) -> bytes:
    """Rewrite a file so that it says `data`.

    Args:
        original: the file as it is: a mapping, or a list of one.
        data: what it is to say; keys that it does not have are deleted.

    Returns:
        The file with comments, key order and quoting kept wherever the data is kept; the
        original itself when it says `data` already; the canonical form when the original is no
        mapping or cannot be edited.
    """
    before = core(load(original))
    if before in (data, [data]):
        return original
    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = max(WIDTH, *map(len, original.decode("utf-8-sig").splitlines()), 0) + 1
    editor.indent(mapping=2, sequence=4, offset=2)
    if b"\n- " in original:
        editor.indent(mapping=2, sequence=2, offset=0)
    try:
        document = editor.load(original.decode("utf-8-sig"))
        target = document[0] if isinstance(document, CommentedSeq) and document else document
        if not isinstance(target, CommentedMap):
            return dump(data)
        _update(target, data)
        stream = io.StringIO()
        editor.dump(document, stream)
    except YAMLError:
        return dump(data)
    edited = stream.getvalue().encode()
    after = core(load(edited))
    return edited if after in (data, [data]) else dump(data)


def _update(target: CommentedMap, data: Mapping[str, Any]) -> None:
    for key in [key for key in target if key not in data]:
        del target[key]
    previous = -1
    for key, value in data.items():
        if key in target:
            _replace(target, key, value)
            previous = list(target).index(key)
        else:
            # A new key goes where the canonical order has it: behind its neighbor.
            previous += 1
            target.insert(previous, key, _styled(value))


def _replace(target: CommentedMap, key: str, value: Any) -> None:
    old = target[key]
    if isinstance(old, CommentedMap) and isinstance(value, Mapping):
        _update(old, value)
    elif isinstance(old, CommentedSeq) and isinstance(value, list):
        _update_list(old, value)
    elif old != value or isinstance(old, bool) != isinstance(value, bool):
        target[key] = _styled(value)


def _update_list(target: CommentedSeq, values: list[Any]) -> None:
    """Keep the items that stay, with their comments."""
    wanted = [_identity(value) for value in values]
    for at in reversed(range(len(target))):
        if _identity(target[at]) not in wanted:
            del target[at]
    for at, value in enumerate(values):
        if at < len(target) and _identity(target[at]) == wanted[at]:
            if isinstance(value, Mapping):
                _update(target[at], value)
        else:
            target.insert(at, _styled(value))
    del target[len(values) :]


def _identity(item: Any) -> Any:
    """What makes an item of a list the same one after a change: of a mapping, its name."""
    if isinstance(item, Mapping):
        return ("mapping", *(item[key] for key in ("id", "folder", "name") if key in item))
    return item


def _styled(value: Any) -> Any:
    match value:
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
