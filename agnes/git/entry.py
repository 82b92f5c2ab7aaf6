"""Paths of a tree, and what differs between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EntryKind = Literal["file", "symlink", "submodule", "odd", "twice"]


@dataclass(frozen=True)
class Entry:
    """One path of a tree.

    Args:
        path: relative to the catalog; bytes that are not UTF-8 come as surrogates.
        blob: the content's id, in hex.
        kind: only a `file` is ever read; `odd` is a name that no checkout would make (`..`, `a/b`),
            `twice` one that its folder has more than once.
    """

    path: str
    blob: str
    kind: EntryKind


@dataclass(frozen=True)
class Change:
    """A path that differs between two trees; a side that does not have it is None."""

    path: str
    old: Entry | None
    new: Entry | None
