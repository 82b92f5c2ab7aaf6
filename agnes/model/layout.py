"""Which file of a catalog is what. Decided from paths alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from agnes.model.diagnostic import Diagnostic
from agnes.model.names import NAME, TABLE_ID

Kind = Literal["settings", "index", "metric", "table", "proposal"]

SETTINGS = "agnes.yml"
INDEX = "metrics/metrics.yml"
PARTS = frozenset([SETTINGS, "metrics", "tables"])
"""What a catalog's folder holds that is read; everything else in it is not looked at."""

MAX_BYTES = 1 << 20
"""The largest file that is read."""

ENDINGS = (".yml", ".yaml")
_NAME = re.compile(NAME)
_TABLE_ID = re.compile(TABLE_ID)
_NAME_RULE = "lower-case letters, digits and underscores, a letter first, at most 64"
_TABLE_RULE = "letters, digits, dots, dashes and underscores, at most 128"


@dataclass(frozen=True)
class Slot:
    """A file's place in the catalog.

    Args:
        id: `<category>/<name>` of a metric, the id of a table, "" of the catalog's own files.
    """

    path: str
    kind: Kind
    id: str = ""


@dataclass(frozen=True)
class Layout:
    """The files that are read, by path, and what is wrong with the places of others."""

    slots: dict[str, Slot]
    diagnostics: list[Diagnostic]


def printable(path: str) -> str:
    """A path for people: what is no printable text is escaped."""
    if path.isprintable():
        return path
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in path
    )


def claim(path: str) -> str | None:
    """What a path wants to be: files with the same claim want the same id. None if nothing."""
    slot = _place(path)
    return f"{slot.kind} {slot.id}".casefold() if isinstance(slot, Slot) else None


def stem(path: str) -> str:
    """What files with one claim have in common, and what is quickly told."""
    return path.rpartition("/")[2].rpartition(".")[0].casefold()


def survey(entries: Iterable[tuple[str, str]]) -> Layout:
    """Sort out a catalog's files.

    Args:
        entries: pairs of path and kind, sorted by path; see `agnes.git.entry`.

    Returns:
        A slot for each file that is read. Of files that claim the same id, also in another
        case, the first by path has it, the others are diagnostics.
    """
    slots: dict[str, Slot] = {}
    diagnostics: list[Diagnostic] = []
    owners: dict[str, str] = {}
    for path, kind in entries:
        if kind == "twice":
            diagnostics.append(_duplicate(path, "the folder has this name twice", _REWRITE))
        elif kind != "file":
            if path.partition("/")[0] in PARTS and (kind != "symlink" or _may_be_read(path)):
                diagnostics.append(_misplaced(path, *_NOT_FOLLOWED[kind]))
            continue
        slot = _place(path)
        if slot is None:
            continue
        if isinstance(slot, Diagnostic):
            diagnostics.append(slot)
        else:
            owner = owners.setdefault(f"{slot.kind} {slot.id}".casefold(), path)
            if owner == path:
                slots[path] = slot
            else:
                message = f"{slot.id or slot.kind} is already defined by {printable(owner)}"
                diagnostics.append(_duplicate(path, message, _KEEP_ONE))
    return Layout(slots, diagnostics)


_NOT_FOLLOWED = {
    "symlink": ("symbolic links are not followed", "put a file in its place"),
    "submodule": ("submodules are not followed", "put the files in this repository"),
    "odd": ("this name cannot be checked out", "remove it: git rm --cached, or rewrite the commit"),
}


_RENAME = "rename the file"
_KEEP_ONE = "keep one of the two files; ids that differ in case only are the same"
_REWRITE = "make the commit anew with git itself, which would not write such a folder"


def _duplicate(path: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(printable(path), 0, 0, "AG206", "error", message, hint)


def _misplaced(path: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(printable(path), 0, 0, "AG207", "error", message, hint)


def _may_be_read(link: str) -> bool:
    """Whether a link stands where a file is read, or a folder on the way to one."""
    name = link.rpartition("/")[2].lower()
    return name.endswith(ENDINGS) or "." not in name.lstrip(".")


def _place(path: str) -> Slot | Diagnostic | None:
    """The slot of a path; a diagnostic when it was meant to have one; None for other files."""
    if path == SETTINGS:
        return Slot(path, "settings")
    folder, _, rest = path.partition("/")
    stem = next((rest.removesuffix(end) for end in ENDINGS if rest.endswith(end)), None)
    if folder not in ("metrics", "tables"):
        return None
    if stem is None:
        wrong = rest.lower().endswith(ENDINGS)
        return _misplaced(path, "the ending is .yml, in small letters", _RENAME) if wrong else None
    if folder == "tables":
        return _place_table(path, stem)
    return Slot(path, "index") if stem == "metrics" else _place_metric(path, stem)


def _place_table(path: str, stem: str) -> Slot | Diagnostic:
    if "/" in stem:
        return _misplaced(path, "tables have no folders", "move it to tables/<table_id>.yml")
    if not _TABLE_ID.fullmatch(stem):
        return _misplaced(path, f"a table's file name is {_TABLE_RULE}", _RENAME)
    return Slot(path, "table", stem)


def _place_metric(path: str, stem: str) -> Slot | Diagnostic:
    category, _, name = stem.partition("/")
    if not name or "/" in name:
        hint = "move it to metrics/<category>/<name>.yml"
        return _misplaced(path, "not where a metric can be", hint)
    if not _NAME.fullmatch(category):
        message = f"the folder name is no category: it is {_NAME_RULE}"
        return _misplaced(path, message, "rename the folder")
    if not _NAME.fullmatch(name):
        return _misplaced(path, f"a metric's file name is {_NAME_RULE}", _RENAME)
    return Slot(path, "metric", f"{category}/{name}")
