"""Three versions of a file to one, as git's merge driver for the files of a catalog."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agnes.errors import YamlError
from agnes.git.merge_file import merge_text
from agnes.merge.hunk import SIDES, Hunk, Woven, mark, resolve
from agnes.merge.three_way import (
    CannotMergeError,
    Parts,
    alike,
    clashes,
    merge_data,
    said,
)
from agnes.merge.weave import weave
from agnes.model.scalar import core
from agnes.yaml.edit import Lines, patch, through_lines
from agnes.yaml.loader import load
from agnes.yaml.ruamel import CannotEditError

MARKER_SIZE = 7


@dataclass(frozen=True)
class Merged:
    """A file that was merged.

    Args:
        content: what is to be written; with markers where there are conflicts.
        conflicts: the fields that are in conflict, such as `sql`.
        as_text: why it was merged by lines, as git does it.
    """

    content: bytes
    conflicts: tuple[str, ...] = ()
    as_text: str | None = None


def merge(base: bytes, ours: bytes, theirs: bytes, size: int = MARKER_SIZE) -> Merged:
    """Merge two changes of a file by field and by list item.

    Where git's own merge says the same, its lines are taken. A byte order mark, line ends and
    a missing last one are kept as ours has them.

    Args:
        base: the file that both changed; empty where both added it.
        size: how long conflict markers are.

    Raises:
        GitError: git is not there.
    """
    if theirs in (ours, base):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    text, clean = merge_text(base, ours, theirs, size)
    try:
        plan = merge_data(*(load(_complete(content)) for content in (base, ours, theirs)))
    except (YamlError, CannotMergeError) as error:
        return Merged(text, () if clean else _WHOLE, str(error))
    if clean and not any(clashes(plan)) and _says(_complete(text), said(plan, "ours")):
        return Merged(text)
    return _write(plan, base, ours, theirs, size)


_WHOLE = ("the file",)


def _write(plan: Parts, base: bytes, ours: bytes, theirs: bytes, size: int) -> Merged:
    """Write what was decided, each way checked before it is taken."""
    lines = [_lines(content) for content in (base, ours, theirs)]
    written = next(
        (woven for woven in _attempts(plan, lines, ours) if _is_right(woven, plan)), None
    )
    conflicts = _WHOLE if written is None else tuple(dict.fromkeys(clashes(plan)))
    # What cannot be written is not decided.
    marked = mark([Hunk(lines[1], lines[2])] if written is None else written, size)
    return Merged(through_lines(ours, lambda _: marked), conflicts)


def _is_right(woven: Woven, plan: Parts) -> bool:
    return all(_says("".join(resolve(woven, side)).encode(), said(plan, side)) for side in SIDES)


def _attempts(plan: Parts, lines: list[Lines], ours: bytes) -> Iterator[Woven]:
    with contextlib.suppress(CannotEditError, YamlError, KeyError):
        yield weave(plan, *lines)
    if not plan.listed:
        mine, yours = (_lines(patch(_complete(ours), core(said(plan, side)))) for side in SIDES)
        yield [*mine] if mine == yours else [Hunk(mine, yours)]


def _complete(content: bytes) -> bytes:
    """The file with a last line end: without one, the text of a `|` above it says another thing."""
    return content if content.endswith(b"\n") else content + b"\n"


def _lines(content: bytes) -> Lines:
    """The lines of a file, as `through_lines` has them."""
    lines: Lines = []

    def note(found: Lines) -> Lines:
        lines.extend(found)
        return found

    through_lines(_complete(content), note)
    return lines


def _says(content: bytes, wanted: Any) -> bool:
    try:
        return alike(load(content), wanted)
    except YamlError:
        return False
