"""Two trees of a catalog, compared by what they say. The work follows what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from agnes.diff.change import Change, Diff, FieldChange, Side, Trouble
from agnes.diff.data import said
from agnes.diff.fields import compare_models, spell_out
from agnes.diff.pairs import Key, Version, copied_from, key_of, renames
from agnes.diff.reach import Reach
from agnes.diff.sides import Sides
from agnes.git.entry import Entry
from agnes.load.catalog import read_entry
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import MAX_BYTES, Layout, Slot, printable, survey

Versions = dict[Key, Version]
_MAX_COPIES = 500
"""So many files are looked at for the one that a new one was copied from, its neighbours first."""


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
        self.base_tree = sides.base_tree
        self.troubles: list[Trouble] = []
        changed = [it.path for it in self.repository.changes(sides.base_tree, sides.head_tree)]
        # Who has an id of two files that claim it can be told from all of a folder alone.
        folders = {path.rpartition("/")[0] for path in changed}
        before, after = (self._survey(tree, folders) for tree in (sides.base_tree, sides.head_tree))
        self._note(before.diagnostics, after.diagnostics, "base")
        self._note(after.diagnostics, before.diagnostics, "head")
        self.old = self._read(before, after, "base")
        self.new = self._read(after, before, "head")
        self.reach = reach

    def changes(self) -> Iterator[Change]:
        old, new = self.old, self.new
        gone = {key: version for key, version in old.items() if key not in new}
        come = {key: version for key, version in new.items() if key not in old}
        renamed = renames(gone, come)
        for key in old.keys() & new.keys():
            yield self._change(key, key)
        for key, before in renamed.items():
            yield self._change(before, key)
        for key in come.keys() - renamed.keys():
            fields = self._fields(None, come[key])
            yield Change(_name(key), "added", self._copied_from(key), come[key].path, fields)
        for key in gone.keys() - set(renamed.values()):
            fields = self._fields(gone[key], None)
            yield Change(_name(key), "removed", None, gone[key].path, fields)

    def _change(self, old: Key, new: Key) -> Change:
        before, after = self.old[old], self.new[new]
        fields = self._fields(before, after)
        if old == new:
            return Change(_name(new), "changed", None, after.path, fields)
        ids = _name(old), _name(new)
        moved = old[1].rpartition("/")[2] == new[1].rpartition("/")[2]
        identity = FieldChange("id", "breaking", *ids, "moved" if moved else "renamed")
        return Change(ids[1], "renamed", ids[0], after.path, (identity, *fields))

    def _fields(self, old: Version | None, new: Version | None) -> tuple[FieldChange, ...]:
        found = list(_validity(old, new))
        models = [None if it is None else it.model for it in (old, new)]
        if models[0] is not None and models[1] is not None:
            found += [
                field
                for field in compare_models(models[0], models[1], self.reach.is_read)
                if not _is_unknown(old, field.field) and not _is_unknown(new, field.field)
            ]
        elif (only := models[0] or models[1]) is not None and (old is None or new is None):
            found += spell_out(only, gone=new is None)
        if old and new and not found and old.key == new.key:
            if old.blob != new.blob:
                what = "layout, comments, order of keys or defaults"
                found.append(FieldChange("file", "cosmetic", None, None, what))
            else:
                found.append(FieldChange("file", "cosmetic", old.path, new.path, "file renamed"))
        return tuple(found)

    def _survey(self, tree: str | None, folders: Iterable[str]) -> _Surveyed:
        entries = [entry for folder in folders for entry in self.repository.folder(tree, folder)]
        files = {entry.path: entry for entry in sorted(entries, key=lambda entry: entry.path)}
        return _Surveyed(survey((path, it.kind) for path, it in files.items()), files)

    def _note(self, some: Iterable[Diagnostic], others: Iterable[Diagnostic], side: Side) -> None:
        """Note what is wrong with the places of files on one side alone."""
        for it in set(some) - set(others):
            self.troubles.append(Trouble(it.path, side, it.path, it.line, it.message))

    def _read(self, here: _Surveyed, there: _Surveyed, side: Side) -> Versions:
        """The definitions whose file is not the same on the other side."""
        found: Versions = {}
        for key, (slot, entry) in here.defined.items():
            if there.defined.get(key, (None, None))[1] == entry:
                continue
            document = read_entry(self.repository, slot, entry)
            content = self.repository.read(entry) if self._fits(entry) else b""
            found[key] = Version(document, entry.blob, content)
            if document.value is None:
                self.troubles.append(_trouble(_name(key), side, found[key]))
        return found

    def _fits(self, entry: Entry) -> bool:
        return self.repository.size(entry) <= MAX_BYTES

    def _copied_from(self, key: Key) -> str | None:
        near = key[1].rpartition("/")[0]
        others = [(other, it) for other, it in self._before if other[0] == key[0]]
        others.sort(key=lambda item: (item[0][1].rpartition("/")[0] != near, item[0]))
        texts = (
            (other, self.repository.read(entry))
            for other, entry in others[:_MAX_COPIES]
            if self._fits(entry)
        )
        found = copied_from(self.new[key], texts)
        return found and _name(found)

    @cached_property
    def _before(self) -> list[tuple[Key, Entry]]:
        """All that was defined before."""
        files = {entry.path: entry for entry in self.repository.entries(self.base_tree)}
        whole = _Surveyed(survey((path, it.kind) for path, it in files.items()), files)
        return [(key, entry) for key, (_, entry) in whole.defined.items()]


class _Surveyed:
    """Some files of one side, and what they define."""

    def __init__(self, layout: Layout, files: Mapping[str, Entry]) -> None:
        self.diagnostics = layout.diagnostics
        self.defined: dict[Key, tuple[Slot, Entry]] = {
            key_of(slot): (slot, files[path]) for path, slot in layout.slots.items()
        }


def _validity(old: Version | None, new: Version | None) -> Iterator[FieldChange]:
    """Whether a file can be read, where that is a change or hides what changes."""
    if new is not None and not new.is_whole:
        what, grave = "does not validate", "breaking"
        if old is not None and old.is_whole:
            what = "does not validate any more"
        elif old is not None:
            known = old.model is not None and new.model is not None
            what = "does not validate, as before"
            grave = "cosmetic" if known else "breaking"
        yield FieldChange("file", grave, None, None, what)  # type: ignore[arg-type]
    elif old is not None and new is not None and not old.is_whole:
        yield FieldChange("file", "compatible", None, None, "validates again")


def _is_unknown(version: Version | None, field: str) -> bool:
    """Whether a key's value cannot be told, since the file has a mistake and it may be there."""
    return version is not None and not version.is_whole and field not in said(version.model)


def _name(key: Key) -> str:
    kind, name = key
    return f"tables/{name}" if kind == "table" else name


def _trouble(name: str, side: Side, version: Version) -> Trouble:
    finding = next(item for item in version.document.diagnostics if item.severity == "error")
    return Trouble(name, side, printable(version.path), finding.line, finding.message)
