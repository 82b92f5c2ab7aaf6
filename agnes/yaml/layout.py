"""The layout of a file: its keys in an order, lists and long texts in block style."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from agnes.errors import YamlError
from agnes.model.scalar import core
from agnes.yaml.edit import Lines, cut_mapping, first_line, tail, through_lines, written
from agnes.yaml.loader import load
from agnes.yaml.ruamel import CannotEditError, same

_COMMENT_OR_ALIAS = re.compile(r"(?:^|\s)#|[\s\[{,][&*]\w")
_FOR_EDITORS = "yaml-language-server:"
_KEY = re.compile(r"^([A-Za-z_]\w*):(?: |$)", re.MULTILINE)


def keys(text: str) -> list[str]:
    """The keys that begin in the first column, in order; good enough to look whether any moved."""
    return _KEY.findall(text)


def is_block(text: str, key: str, value: Any) -> bool:
    """Whether a key's value is written in block style, as far as its first line tells."""
    found = re.search(rf"^{re.escape(key)}:[ \t]*(.?)", text, re.MULTILINE)
    opening = found.group(1) if found else ""
    if isinstance(value, list | dict):
        return not value or opening not in ("[", "{")
    return "\n" not in str(value).rstrip("\n") or opening in ("|", "")


def reorder(original: bytes, rank: Callable[[str], int]) -> bytes:
    """Sort the keys of a file by rank, each with its comments and its lines as they are.

    Returns:
        The file itself where it cannot be cut into keys.
    """

    def edit(lines: Lines) -> Lines:
        head, blocks = cut_mapping(lines, data)
        first, last = next(iter(blocks)), next(reversed(blocks))
        head, blocks[first] = _own_comments(head, blocks[first])
        rest = tail(blocks[last])
        blocks[last] = blocks[last][: len(blocks[last]) - len(rest)]
        begin, *others = sorted(blocks, key=rank)
        blanks = list(takewhile(str.isspace, blocks[begin]))
        if begin != first:  # no file begins with the empty lines that set a key apart
            blocks[first] = blanks + blocks[first]
            blocks[begin] = blocks[begin][len(blanks) :]
        return head + [line for key in (begin, *others) for line in blocks[key]] + rest

    data = core(load(original))
    return _checked(original, data, edit)


def _own_comments(head: Lines, block: Lines) -> tuple[Lines, Lines]:
    """Give the first key the comments right above it; what is for editors stays at the top."""
    at = len(head)
    while at and head[at - 1].startswith("#") and _FOR_EDITORS not in head[at - 1]:
        at -= 1
    return head[:at], head[at:] + block


def to_blocks(original: bytes) -> bytes:
    """Write the lists, mappings and long texts of the first level in block style.

    Values with comments, anchors or aliases in them are left alone.
    """

    def edit(lines: Lines) -> Lines:
        head, blocks = cut_mapping(lines, data)
        for key, block in blocks.items():
            rest = tail(block)
            first = first_line(block)
            own = "".join(block[first : len(block) - len(rest)])
            new = written({key: data[key]})
            # 1.10 must not become 1.1: what wants text takes it as it is written.
            kept = load("".join(new).encode()) == {key: raw[key]}
            if kept and not is_block(own, key, data[key]) and not _COMMENT_OR_ALIAS.search(own):
                blocks[key] = block[:first] + new + rest
        return head + [line for block in blocks.values() for line in block]

    raw = load(original)
    data = core(raw)
    return _checked(original, data, edit)


def _checked(original: bytes, data: Any, edit: Callable[[Lines], Lines]) -> bytes:
    if not isinstance(data, dict) or not data:
        return original
    # Where the last key moves, what follows it needs a line end to begin behind.
    completed = [] if original.endswith(b"\n") else [original + b"\n"]
    for whole in (original, *completed):
        try:
            edited = through_lines(whole, edit)
            if same(core(load(edited)), data):
                return edited
        except (CannotEditError, YamlError):
            continue
    return original
