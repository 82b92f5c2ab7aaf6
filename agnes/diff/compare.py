"""Two trees of a catalog, compared by what they say. The work follows what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agnes.diff.change import Change, Diff, FieldChange, Trouble
from agnes.diff.fields import Model, compare_models, spell_out
from agnes.diff.pairs import Key, Version, copied_from, renames
from agnes.diff.reach import Reach
from agnes.diff.sides import Sides
from agnes.git.entry import Entry
from agnes.load.catalog import read_entry
from agnes.model.layout import MAX_BYTES, printable, survey

Versions = dict[Key, Version]
_MAX_COPIES = 500
"""So many files of a new metric's category are looked at for the one that it was copied from."""


def compare(sides: Sides, reach: Reach | None = None) -> Diff:
    """Compare two revisions of a catalog.

    Args:
        reach: of the head's tree, if somebody has use for it afterwards.

    Raises:
        GitError: an object is missing.
    """
    comparison = _Comparison(sides, reach or Reach(sides.repository, sides.head_tree))
    changes = sorted(comparison.changes(), key=lambda change: change.id)
    troubles = sorted(comparison.troubles, key=lambda trouble: (trouble.path, trouble.side))
    return Diff(sides.base, sides.head, tuple(changes), tuple(troubles))


class _Comparison:
    def __init__(self, sides: Sides, reach: Reach) -> None:
        self.repository = sides.repository
        self.trees = sides.base_tree, sides.head_tree
        self.troubles: list[Trouble] = []
        changed = self.repository.changes(*self.trees)
        self.old = self._read((change.old for change in changed), "base")
        self.new = self._read((change.new for change in changed), "head")
        self.reach = reach

    def changes(self) -> Iterator[Change]:
        old, new = self.old, self.new
        gone = {key: version for key, version in old.items() if key not in new}
        come = {key: version for key, version in new.items() if key not in old}
        renamed = renames(gone, come)
        for key in old.keys() & new.keys():
            if old[key].blob != new[key].blob:
                yield self._change(key, key)
        for key, before in renamed.items():
            yield self._change(before, key)
        for key in come.keys() - renamed.keys():
            copied = self._copied_from(key)
            fields = self._fields(None, come[key])
            yield Change(_name(key), "added", copied, come[key].document.slot.path, fields)
        for key in gone.keys() - set(renamed.values()):
            fields = self._fields(gone[key], None)
            yield Change(_name(key), "removed", None, gone[key].document.slot.path, fields)

    def _change(self, old: Key, new: Key) -> Change:
        before, after = self.old[old], self.new[new]
        fields = self._fields(before, after)
        if old == new:
            return Change(_name(new), "changed", None, after.document.slot.path, fields)
        ids = _name(old), _name(new)
        moved = old[1].rpartition("/")[2] == new[1].rpartition("/")[2]
        identity = FieldChange("id", "breaking", *ids, "moved" if moved else "renamed")
        return Change(ids[1], "renamed", ids[0], after.document.slot.path, (identity, *fields))

    def _fields(self, old: Version | None, new: Version | None) -> tuple[FieldChange, ...]:
        found: list[FieldChange] = []
        models = [_said(side) for side in (old, new)]
        if new is not None and new.document.value is None:
            what = "does not validate any more" if _is_whole(old) else "does not validate"
            found.append(FieldChange("file", "breaking", None, None, what))
        elif old is not None and new is not None and not _is_whole(old):
            found.append(FieldChange("file", "compatible", None, None, "validates again"))
        if models[0] is not None and models[1] is not None:
            found += compare_models(models[0], models[1], self.reach.is_read)
        elif (only := models[0] or models[1]) is not None and (old is None or new is None):
            found += spell_out(only, gone=new is None)
        if old and new and not found and old.blob != new.blob:
            what = "layout, comments, order of keys or defaults"
            found.append(FieldChange("file", "cosmetic", None, None, what))
        return tuple(found)

    def _read(self, entries: Iterable[Entry | None], side: Any) -> Versions:
        files = {entry.path: entry for entry in entries if entry is not None}
        layout = survey((path, entry.kind) for path, entry in files.items())
        found: Versions = {}
        for path, slot in layout.slots.items():
            document = read_entry(self.repository, slot, files[path])
            content = self.repository.read(files[path]) if self._fits(files[path]) else b""
            version = Version(document, files[path].blob, content)
            key = slot.kind, slot.id or path
            found[key] = version
            if document.value is None:
                self.troubles.append(_trouble(_name(key), side, version))
        for finding in layout.diagnostics:
            self.troubles.append(
                Trouble(finding.path, side, finding.path, finding.line, finding.message)
            )
        return found

    def _fits(self, entry: Entry) -> bool:
        return self.repository.size(entry) <= MAX_BYTES

    def _copied_from(self, key: Key) -> str | None:
        kind, name = key
        if kind != "metric":
            return None
        folder = f"metrics/{name.partition('/')[0]}"
        there = self.repository.folder(self.trees[0], folder)[:_MAX_COPIES]
        known = {("metric", slot.id): entry for slot, entry in _slots(there)}
        others = [
            (other, self.repository.read(entry))
            for other, entry in known.items()
            if self._fits(entry)
        ]
        others += [(other, it.content) for other, it in self.old.items() if other not in known]
        found = copied_from(self.new[key], [it for it in others if it[0][0] == "metric"])
        return found and _name(found)


def _slots(entries: Iterable[Entry]) -> Iterator[tuple[Any, Entry]]:
    files: Mapping[str, Entry] = {entry.path: entry for entry in entries}
    for path, slot in survey((path, entry.kind) for path, entry in files.items()).slots.items():
        yield slot, files[path]


def _said(version: Version | None) -> Model | None:
    """What a file says; of a metric with mistakes, what is said without them."""
    return None if version is None else version.document.value or version.document.rest


def _is_whole(version: Version | None) -> bool:
    return version is not None and version.document.value is not None


def _name(key: Key) -> str:
    kind, name = key
    return f"tables/{name}" if kind == "table" else name


def _trouble(name: str, side: Any, version: Version) -> Trouble:
    document = version.document
    finding = next(item for item in document.diagnostics if item.severity == "error")
    return Trouble(name, side, printable(document.slot.path), finding.line, finding.message)
