"""The lines of a merge, and the conflicts between them."""

from __future__ import annotations

from dataclasses import dataclass

from agnes.merge.three_way import Side
from agnes.yaml.edit import Lines


@dataclass(frozen=True)
class Hunk:
    """Lines that differ in a conflict."""

    ours: Lines
    theirs: Lines


Woven = list[str | Hunk]
SIDES: tuple[Side, Side] = ("ours", "theirs")


def resolve(woven: Woven, side: Side) -> Lines:
    """The lines where each conflict is decided for one side."""
    lines: Lines = []
    for piece in woven:
        lines += [piece] if isinstance(piece, str) else getattr(piece, side)
    return lines


def mark(woven: Woven, size: int) -> Lines:
    """The lines with each conflict between markers, as git sets them."""
    lines: Lines = []
    for piece in woven:
        lines += [piece] if isinstance(piece, str) else _mark(piece, size)
    return lines


def _mark(hunk: Hunk, size: int) -> Lines:
    ours, theirs = hunk.ours, hunk.theirs
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    mine, yours = ours[start : len(ours) - end], theirs[start : len(theirs) - end]
    return [
        *ours[:start],
        f"{'<' * size} ours\n",
        *mine,
        f"{'=' * size}\n",
        *yours,
        f"{'>' * size} theirs\n",
        *ours[len(ours) - end :],
    ]


def _common(one: Lines, other: Lines) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, yours) in pairs if mine != yours), min(len(one), len(other)))
