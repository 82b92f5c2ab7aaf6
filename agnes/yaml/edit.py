"""Changing a file without losing what a person wrote in it.

A file is cut into the lines of each key, and those of a list into the lines of each item. What does
not change keeps its lines, byte for byte; what changes is written anew by ruamel.yaml, which keeps
the comments and quotes within it. Where that fails, the whole file goes through ruamel.yaml, and
where that fails too it gets the canonical form. The result always says the new data.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

from agnes.errors import YamlError
from agnes.model.scalar import core, is_ambiguous
from agnes.yaml.dump import WIDTH, dump
from agnes.yaml.loader import load, locate

Lines = list[str]


class _CannotError(Exception):
    """This way of editing does not fit this file."""


def patch(original: bytes, data: Mapping[str, Any]) -> bytes:
    """Rewrite a file so that it says `data`.

    Args:
        original: the file as it is: a mapping, or a list of one.
        data: what it is to say; keys that it does not have are deleted.

    Returns:
        The file with comments, key order, quoting and layout kept wherever the data is kept; the
        original itself when it says `data` already; the canonical form when it is no mapping.
    """
    before = core(load(original))
    wrapped = isinstance(before, list) and len(before) == 1
    wanted = [data] if wrapped else data
    if same(before, wanted):
        return original
    if not isinstance(before[0] if wrapped else before, dict):
        return dump(data)
    for attempt in (_patch_lines, _patch_whole):
        try:
            edited = attempt(original, before, wanted)
            if same(core(load(edited)), wanted):
                return edited
        except (_CannotError, YamlError):
            continue
    return dump(data)


def same(one: Any, other: Any) -> bool:
    """Whether data is equal; 1, 1.0 and true are different."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return isinstance(one, bool | float) == isinstance(other, bool | float) and one == other


def _patch_lines(original: bytes, before: Any, wanted: Any) -> bytes:
    text = original.decode()
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.removeprefix(mark).replace("\r\n", "\n").splitlines(keepends=True)
    complete = lines[-1].endswith("\n")
    if not complete:
        lines[-1] += "\n"
    edit = _edit_list if isinstance(before, list) else _edit_mapping
    edited = "".join(edit(lines, before, wanted))
    if not complete:
        edited = edited.removesuffix("\n")
    return (mark + edited.replace("\n", newline)).encode()


def _edit_mapping(lines: Lines, before: dict[str, Any], wanted: Mapping[str, Any]) -> Lines:
    """Edit the lines of a block mapping that begins in the first column."""
    places = locate("".join(lines).encode())
    starts = {key: places.keys[key,] for key in before}
    if any(column != 1 for _, column in starts.values()):
        raise _CannotError
    head, blocks = _cut(lines, [(key, line) for key, (line, _) in starts.items()])
    order = list(before)
    at = 0
    for key, value in wanted.items():
        if key not in before:
            # A new key goes where the canonical order has it: behind its neighbor.
            order.insert(at, key)
            blocks[key] = _written({key: value})
        elif not same(before[key], value):
            blocks[key] = _edit_block(blocks[key], key, before[key], value)
        at = order.index(key) + 1
    return head + [line for key in order if key in wanted for line in blocks[key]]


def _edit_list(lines: Lines, before: list[Any], wanted: list[Any]) -> Lines:
    """Edit the lines of a block list whose dashes are in the first column."""
    places = locate("".join(lines).encode())
    starts = [(at, places.values[at,][0]) for at in range(len(before))]
    if not before or any(not lines[line - 1].startswith("- ") for _, line in starts):
        raise _CannotError
    head, blocks = _cut(lines, starts)
    free = list(range(len(before)))
    edited = head
    for value in wanted:
        at = next((at for at in free if _identity(before[at]) == _identity(value)), None)
        if at is None:
            edited += _written([value])
        else:
            free.remove(at)
            kept = same(before[at], value)
            edited += blocks[at] if kept else _edit_item(blocks[at], before[at], value)
    rest = blocks[len(before) - 1]
    return edited if wanted else edited + _tail(rest)


def _cut(lines: Lines, starts: list[tuple[Any, int]]) -> tuple[Lines, dict[Any, Lines]]:
    """Cut lines into those before the first entry, and those of each.

    Comments and empty lines between two entries belong to the second; after the last, to nobody:
    they stay with it, as its tail.
    """
    if not starts or len({line for _, line in starts}) != len(starts):
        raise _CannotError
    begins = [line - 1 for _, line in starts]
    for at in range(1, len(begins)):
        while begins[at] - 1 > begins[at - 1] and _is_between(lines[begins[at] - 1]):
            begins[at] -= 1
    ends = [*begins[1:], len(lines)]
    return lines[: begins[0]], {
        key: lines[begin:end] for (key, _), begin, end in zip(starts, begins, ends, strict=True)
    }


def _is_between(line: str) -> bool:
    return not line.strip() or line.startswith("#")


def _first(block: Lines) -> int:
    """Where the first line is that is neither empty nor a comment."""
    for at, line in enumerate(block):
        if not _is_between(line):
            return at
    raise _CannotError


def _tail(block: Lines) -> Lines:
    """The comments, empty lines and the document's end mark at the end of a block."""
    at = len(block)
    while at > 1 and (_is_between(block[at - 1]) or block[at - 1].startswith("...")):
        at -= 1
    return block[at:]


def _edit_block(block: Lines, key: str, before: Any, value: Any) -> Lines:
    """Edit the lines of one key: comments above it, the key with its value, the tail."""
    first = _first(block)
    tail = _tail(block)
    above, own = block[:first], block[first : len(block) - len(tail)]
    edit: Callable[[Lines, Any, Any], Lines] | None = None
    if isinstance(before, dict) and isinstance(value, Mapping) and before and value:
        edit = _edit_mapping
    elif isinstance(before, list) and isinstance(value, list) and before and value:
        edit = _edit_list
    if edit and len(own) > 1:
        try:
            inner, indent = _dedent(own[1:])
            return above + own[:1] + _indent(edit(inner, before, value), indent) + tail
        except (_CannotError, YamlError, KeyError):
            pass
    try:
        return above + _rewritten(own, {key: value}) + tail
    except _CannotError:
        return above + _written({key: value}) + tail


def _edit_item(block: Lines, before: Any, value: Any) -> Lines:
    first = _first(block)
    above, own = block[:first], block[first:]
    dash = len(own[0]) - len(own[0][1:].lstrip())
    own[0] = " " * dash + own[0][dash:]
    inner, indent = _dedent(own)
    edited = _indent(_edit_mapping(inner, before, value), indent)
    if not edited:
        raise _CannotError
    edited[0] = f"-{edited[0][1:]}"
    return above + edited


def _dedent(lines: Lines) -> tuple[Lines, str]:
    first = lines[_first([line.lstrip(" ") for line in lines])]
    indent = first[: len(first) - len(first.lstrip(" "))]
    if any(line.strip() and not line.startswith(indent) for line in lines):
        raise _CannotError
    return [line.removeprefix(indent) if line.strip() else line for line in lines], indent


def _indent(lines: Lines, indent: str) -> Lines:
    return [indent + line if line.strip() else line for line in lines]


def _written(data: Any) -> Lines:
    if isinstance(data, list):
        lines = dump({"x": data}).decode().splitlines(keepends=True)[1:]
        return _dedent(lines)[0]
    return dump(data).decode().splitlines(keepends=True)


def _rewritten(lines: Lines, data: Mapping[str, Any]) -> Lines:
    return _through_ruamel("".join(lines), data).splitlines(keepends=True)


def _patch_whole(original: bytes, _before: Any, wanted: Any) -> bytes:
    data = wanted[0] if isinstance(wanted, list) else wanted
    return _through_ruamel(original.decode("utf-8-sig"), data).encode()


def _through_ruamel(text: str, data: Mapping[str, Any]) -> str:
    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = max(WIDTH, *map(len, text.splitlines()), 0) + 1
    editor.indent(mapping=2, sequence=4, offset=2)
    if any(line.startswith("- ") for two in pairwise(text.splitlines()) for line in two[1:]):
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
        raise _CannotError from error
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
        return ("mapping", *(str(item[key]) for key in ("id", "folder", "name") if key in item))
    return (
        type(item).__name__ if isinstance(item, bool) else "",
        repr(item) if isinstance(item, list) else item,
    )


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
