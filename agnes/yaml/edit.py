"""Changing a file without losing what a person wrote in it.

A file is cut into the lines of each key, and those of a list into the lines of each item. What does
not change keeps its lines, byte for byte; what changes is written anew by ruamel.yaml, which keeps
the comments and quotes within it. Where that fails, the whole file goes through ruamel.yaml, and
where that fails too it gets the canonical form. The result always says the new data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agnes.errors import YamlError
from agnes.model.scalar import core
from agnes.yaml.dump import dump
from agnes.yaml.loader import load, locate
from agnes.yaml.ruamel import CannotEditError, identity, same, through_ruamel

Lines = list[str]


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
        except (CannotEditError, YamlError):
            continue
    return dump(data)


def _patch_lines(original: bytes, before: Any, wanted: Any) -> bytes:
    edit = _edit_list if isinstance(before, list) else _edit_mapping
    return through_lines(original, lambda lines: edit(lines, before, wanted))


def through_lines(original: bytes, edit: Callable[[Lines], Lines]) -> bytes:
    """Edit a file's lines; its byte order mark, line ends and missing last one are kept."""
    text = original.decode()
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.removeprefix(mark).replace("\r\n", "\n").splitlines(keepends=True)
    complete = lines[-1].endswith("\n")
    if not complete:
        lines[-1] += "\n"
    edited = "".join(edit(lines))
    if not complete:
        edited = edited.removesuffix("\n")
    return (mark + edited.replace("\n", newline)).encode()


def cut_mapping(lines: Lines, keys: Iterable[str]) -> tuple[Lines, dict[str, Lines]]:
    """Cut a block mapping that begins in the first column: what is above it, and each key's lines.

    Raises:
        CannotEditError: it is no such mapping.
    """
    places = locate("".join(lines).encode())
    starts = {key: places.keys[key,] for key in keys}
    if any(column != 1 for _, column, *_ in starts.values()):
        raise CannotEditError
    return _cut(lines, [(key, line) for key, (line, *_) in starts.items()])


def cut_list(lines: Lines, count: int) -> tuple[Lines, dict[int, Lines]]:
    """Cut a block list with its dashes in the first column: what is above it, each item's lines.

    Raises:
        CannotEditError: it is no such list.
    """
    places = locate("".join(lines).encode())
    starts = [(at, places.values[at,][0]) for at in range(count)]
    if not starts or any(not lines[line - 1].startswith("- ") for _, line in starts):
        raise CannotEditError
    return _cut(lines, starts)


def _edit_mapping(lines: Lines, before: dict[str, Any], wanted: Mapping[str, Any]) -> Lines:
    """Edit the lines of a block mapping that begins in the first column."""
    head, blocks = cut_mapping(lines, before)
    order = list(before)
    at = 0
    for key, value in wanted.items():
        if key not in before:
            # A new key goes where the canonical order has it: behind its neighbor.
            order.insert(at, key)
            blocks[key] = written({key: value})
        elif not same(before[key], value):
            blocks[key] = edit_block(blocks[key], key, before[key], value)
        at = order.index(key) + 1
    return head + [line for key in order if key in wanted for line in blocks[key]]


def _edit_list(lines: Lines, before: list[Any], wanted: list[Any]) -> Lines:
    """Edit the lines of a block list whose dashes are in the first column."""
    head, blocks = cut_list(lines, len(before))
    free = list(range(len(before)))
    edited = head
    for value in wanted:
        at = next((at for at in free if identity(before[at]) == identity(value)), None)
        if at is None:
            edited += written([value])
        else:
            free.remove(at)
            kept = same(before[at], value)
            edited += blocks[at] if kept else _edit_item(blocks[at], before[at], value)
    rest = blocks[len(before) - 1]
    return edited if wanted else edited + tail(rest)


def _cut(lines: Lines, starts: list[tuple[Any, int]]) -> tuple[Lines, dict[Any, Lines]]:
    """Cut lines into those before the first entry, and those of each.

    Comments and empty lines between two entries belong to the second; after the last, to nobody:
    they stay with it, as its tail.
    """
    if not starts or len({line for _, line in starts}) != len(starts):
        raise CannotEditError
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


def first_line(block: Lines) -> int:
    """Where the first line is that is neither empty nor a comment."""
    for at, line in enumerate(block):
        if not _is_between(line):
            return at
    raise CannotEditError


def tail(block: Lines) -> Lines:
    """The comments, empty lines and the document's end mark at the end of a block."""
    at = len(block)
    while at > 1 and (_is_between(block[at - 1]) or block[at - 1].startswith("...")):
        at -= 1
    return block[at:]


def edit_block(block: Lines, key: str, before: Any, value: Any) -> Lines:
    """Edit the lines of one key: comments above it, the key with its value, the tail."""
    first = first_line(block)
    rest = tail(block)
    above, own = block[:first], block[first : len(block) - len(rest)]
    edit: Callable[[Lines, Any, Any], Lines] | None = None
    if isinstance(before, dict) and isinstance(value, Mapping) and before and value:
        edit = _edit_mapping
    elif isinstance(before, list) and isinstance(value, list) and before and value:
        edit = _edit_list
    if edit and len(own) > 1:
        try:
            inner, indent = dedent(own[1:])
            return above + own[:1] + indent_lines(edit(inner, before, value), indent) + rest
        except (CannotEditError, YamlError, KeyError):
            pass
    try:
        return above + _rewritten(own, {key: value}) + rest
    except CannotEditError:
        return above + written({key: value}) + rest


def _edit_item(block: Lines, before: Any, value: Any) -> Lines:
    first = first_line(block)
    above, own = block[:first], block[first:]
    dash = len(own[0]) - len(own[0][1:].lstrip())
    own[0] = " " * dash + own[0][dash:]
    inner, indent = dedent(own)
    edited = indent_lines(_edit_mapping(inner, before, value), indent)
    if not edited:
        raise CannotEditError
    edited[0] = f"-{edited[0][1:]}"
    return above + edited


def dedent(lines: Lines) -> tuple[Lines, str]:
    """Move lines to the first column, and say by what they were indented.

    Raises:
        CannotEditError: some are indented less than the first.
    """
    first = lines[first_line([line.lstrip(" ") for line in lines])]
    indent = first[: len(first) - len(first.lstrip(" "))]
    if any(line.strip() and not line.startswith(indent) for line in lines):
        raise CannotEditError
    return [line.removeprefix(indent) if line.strip() else line for line in lines], indent


def indent_lines(lines: Lines, indent: str) -> Lines:
    """Undo `dedent`."""
    return [indent + line if line.strip() else line for line in lines]


def written(data: Any) -> Lines:
    """The lines of new data in canonical form."""
    if isinstance(data, list):
        lines = dump({"x": data}).decode().splitlines(keepends=True)[1:]
        return dedent(lines)[0]
    return dump(data).decode().splitlines(keepends=True)


def _rewritten(lines: Lines, data: Mapping[str, Any]) -> Lines:
    return through_ruamel("".join(lines), data).splitlines(keepends=True)


def _patch_whole(original: bytes, _before: Any, wanted: Any) -> bytes:
    data = wanted[0] if isinstance(wanted, list) else wanted
    return through_ruamel(original.decode("utf-8-sig"), data).encode()
