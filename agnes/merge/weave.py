"""The lines of a merge: each key's and each item's from the side that it was settled for.

Lines are taken as they are, so that a value keeps its spelling, its quotes and the comments in it,
from whichever side it comes. Only where the lines of both sides cannot be told apart by entry, as
in `{a: 1, b: 2}`, is a value written anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from agnes.errors import YamlError
from agnes.merge.entries import Entries, union
from agnes.merge.hunk import SIDES, Hunk, Woven
from agnes.merge.three_way import Clash, Node, Parts, Take, alike, said
from agnes.yaml.edit import (
    Lines,
    cut_list,
    cut_mapping,
    dedent,
    edit_block,
    first_line,
    indent_lines,
    tail,
    written,
)
from agnes.yaml.loader import load
from agnes.yaml.ruamel import CannotEditError


def weave(parts: Parts, base: Lines, ours: Lines, theirs: Lines) -> Woven:
    """Put together the lines of a mapping or a list that begins in the first column.

    Raises:
        CannotEditError, YamlError: the lines of ours or theirs cannot be cut into entries.
    """
    old = _cut_base(parts, base)
    mine = _cut(parts.listed, parts.ours, ours)
    yours = _cut(parts.listed, parts.theirs, theirs)
    if not parts.nodes:
        raise CannotEditError  # nothing in block style says that there is nothing
    woven: Woven = [*_chosen(old.head, mine.head, yours.head)]
    for key, node in parts.nodes.items():
        blocks = (version.blocks.get(key) for version in (old, mine, yours))
        woven += _entry(parts, key, node, *blocks)
    return woven + _chosen(old.tail, mine.tail, yours.tail)


@dataclass(frozen=True)
class _Version:
    """One version's lines: above its entries, of each, and below the last."""

    head: Lines
    blocks: Mapping[Hashable, Lines]
    tail: Lines


def _cut(listed: bool, entries: Entries, lines: Lines) -> _Version:
    if listed:
        head, cut = cut_list(lines, len(entries))
        blocks: dict[Hashable, Lines] = dict(zip(entries, cut.values(), strict=True))
    else:
        head, of_keys = cut_mapping(lines, [str(key) for key in entries])
        blocks = dict(of_keys.items())
    last = next(reversed(blocks))
    rest = tail(blocks[last])
    blocks[last] = blocks[last][: len(blocks[last]) - len(rest)]
    return _Version(head, blocks, rest)


def _cut_base(parts: Parts, lines: Lines) -> _Version:
    try:
        return _cut(parts.listed, parts.base, lines)
    except (CannotEditError, YamlError, KeyError):
        return _Version([], {}, [])


def _chosen(base: Lines, ours: Lines, theirs: Lines) -> Lines:
    """Comments and empty lines of both sides."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else union(base, ours, theirs)


def _entry(
    parts: Parts,
    key: Hashable,
    node: Node,
    base: Lines | None,
    ours: Lines | None,
    theirs: Lines | None,
) -> Woven:
    """The lines of one key or item: the comments above it, and its own."""
    if ours is None or theirs is None:
        one = ours or theirs or []
        return [Hunk(ours or [], theirs or [])] if isinstance(node, Clash) else [*one]
    (base_above, base), (ours_above, ours), (theirs_above, theirs) = (
        _split(block) for block in (base or [], ours, theirs)
    )
    above = _chosen(base_above, ours_above, theirs_above)
    if base in (ours, theirs):
        return [*above, *(theirs if ours == base else ours)]
    match node:
        case Take(side=side):
            return [*above, *(ours if side == "ours" else theirs)]
        case Clash():
            return [*above, Hunk(ours, theirs)]
        case Parts():
            return [*above, *_inner(parts, key, node, (base, ours, theirs))]


def _split(block: Lines) -> tuple[Lines, Lines]:
    at = first_line(block) if block else 0
    return block[:at], block[at:]


def _inner(parts: Parts, key: Hashable, node: Parts, own: tuple[Lines, Lines, Lines]) -> Woven:
    """The lines of a mapping or a list within an entry."""
    if parts.listed:
        return _behind_dash(node, own)
    try:
        return _below_key(node, own)
    except (CannotEditError, YamlError, KeyError):
        before = parts.ours[key]
        ours, theirs = (_anew(own[1], str(key), before, said(node, side)) for side in SIDES)
        return [*ours] if ours == theirs else [Hunk(ours, theirs)]


def _anew(own: Lines, key: str, before: Any, value: Any) -> Lines:
    if value:
        edited = edit_block(own, key, before, value)
        with contextlib.suppress(YamlError):
            if alike(load("".join(edited).encode()), {key: value}):
                return edited
    return written({key: value})


def _below_key(node: Parts, own: tuple[Lines, Lines, Lines]) -> Woven:
    """The lines of a mapping or a list below its key."""
    (base, _), (ours, indent), (theirs, _) = (
        dedent(lines[1:]) if len(lines) > 1 else ([], "") for lines in own
    )
    old, mine, yours = (lines[0] if lines else "" for lines in own)
    woven = _indented(weave(node, base, ours, theirs), indent)
    return [yours if mine == old else mine, *woven]


def _behind_dash(node: Parts, own: tuple[Lines, Lines, Lines]) -> Woven:
    """The lines of a mapping behind a dash: woven with a blank in the dash's place."""
    (base, _), (ours, indent), (theirs, _) = (
        dedent([f" {lines[0][1:]}", *lines[1:]]) if lines else ([], "") for lines in own
    )
    woven = _indented(weave(node, base, ours, theirs), indent)
    first = woven[0] if woven else ""
    if not isinstance(first, str) or not first.startswith(" "):
        raise CannotEditError
    return [f"-{first[1:]}", *woven[1:]]


def _indented(woven: Woven, indent: str) -> Woven:
    indented: Woven = []
    for piece in woven:
        if isinstance(piece, str):
            indented += indent_lines([piece], indent)
        else:
            hunk = (indent_lines(lines, indent) for lines in (piece.ours, piece.theirs))
            indented.append(Hunk(*hunk))
    return indented
