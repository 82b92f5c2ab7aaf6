"""Two trees of a catalog, compared by what they say. The work follows what differs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from functools import cached_property

from agnes.diff.change import Change, Diff, FieldChange, Side, Trouble
from agnes.diff.pairs import Key, Version, copied_from, key_of, renames
from agnes.diff.reach import Reach
from agnes.diff.sides import Sides
from agnes.diff.versions import compare_versions, name_of, read_version
from agnes.git.entry import Entry
from agnes.model.diagnostic import Diagnostic
from agnes.model.layout import MAX_BYTES, Layout, Slot, printable, stem, survey

File = tuple[Slot, Entry]
Pair = tuple[Key | None, Key | None]
"""A definition's key before and after; None where it is not there."""
Versions = dict[Key, Version]
Advance = Callable[[int, int], None]
_MAX_COPIES = 500
"""So many files are looked at for the one that a new one was copied from, its neighbours first."""


def compare(
    sides: Sides, reach: Reach | None = None, advance: Advance = lambda _done, _total: None
) -> Diff:
    """Compare two revisions of a catalog.

    Args:
        reach: of the head's tree, if somebody has use for it afterwards.
        advance: told how many definitions are compared, and of how many.

    Raises:
        GitError: an object is missing.
    """
    comparison = _Comparison(sides, reach or Reach(sides.repository, sides.head_tree))
    pairs = list(comparison.pairs())
    found = []
    for pair in pairs:
        found.append(comparison.change(*pair))
        advance(len(found), len(pairs))
    changes = sorted(found, key=lambda change: change.id)
    troubles = sorted(comparison.troubles, key=lambda trouble: (trouble.path, trouble.side))
    return Diff(sides.base, sides.head, tuple(changes), tuple(troubles))


def compare_one(sides: Sides, key: Key) -> tuple[Change, Pair] | None:
    """Compare one definition in two revisions; of the others only what may be it, renamed, is read.

    Returns:
        What became of it, and its keys before and after; None if nothing did.

    Raises:
        GitError: an object is missing.
    """
    comparison = _Comparison(sides, Reach(sides.repository, sides.head_tree), key)
    pair = next((pair for pair in comparison.pairs() if key in pair), None)
    return pair and (comparison.change(*pair), pair)


class _Comparison:
    def __init__(self, sides: Sides, reach: Reach, only: Key | None = None) -> None:
        self.repository = sides.repository
        self.base_tree = sides.base_tree
        self.troubles: list[Trouble] = []
        changed = [it.path for it in self.repository.changes(sides.base_tree, sides.head_tree)]
        # Who has an id of two files that claim it can be told from all of a folder alone.
        before, after = (self._survey(tree, changed) for tree in (sides.base_tree, sides.head_tree))
        self._note(before.diagnostics, after.diagnostics, "base")
        self._note(after.diagnostics, before.diagnostics, "head")
        old, new = before.unlike(after), after.unlike(before)
        if only is not None:
            wanted = _may_be(only, old.keys(), new.keys())
            old, new = ({key: side[key] for key in wanted & side.keys()} for side in (old, new))
        self.old = self._read(old, "base")
        self.new = self._read(new, "head")
        self.reach = reach

    def pairs(self) -> Iterator[Pair]:
        """What is one and the same definition before and after."""
        old, new = self.old, self.new
        gone = {key: version for key, version in old.items() if key not in new}
        come = {key: version for key, version in new.items() if key not in old}
        renamed = renames(gone, come)
        for key in old.keys() & new.keys():
            yield key, key
        for key, before in renamed.items():
            yield before, key
        for key in come.keys() - renamed.keys():
            yield None, key
        for key in gone.keys() - set(renamed.values()):
            yield key, None

    def change(self, old: Key | None, new: Key | None) -> Change:
        """What became of one."""
        before, after = old and self.old[old], new and self.new[new]
        fields = compare_versions(before, after, self.reach.is_read)
        if before is None or old is None:
            assert after is not None
            assert new is not None
            return Change(name_of(new), "added", self._copied_from(new), after.path, fields)
        if after is None or new is None:
            return Change(name_of(old), "removed", None, before.path, fields)
        if old == new:
            return Change(name_of(new), "changed", None, after.path, fields)
        ids = name_of(old), name_of(new)
        moved = old[1].rpartition("/")[2] == new[1].rpartition("/")[2]
        identity = FieldChange("id", "breaking", *ids, "moved" if moved else "renamed")
        return Change(ids[1], "renamed", ids[0], after.path, (identity, *fields))

    def _survey(self, tree: str | None, changed: Collection[str]) -> _Surveyed:
        stems = {stem(path) for path in changed}
        entries = [
            entry
            for folder in {path.rpartition("/")[0] for path in changed}
            for entry in self.repository.folder(tree, folder)
            if stem(entry.path) in stems
        ]
        files = {entry.path: entry for entry in sorted(entries, key=lambda entry: entry.path)}
        return _Surveyed(survey((path, it.kind) for path, it in files.items()), files)

    def _note(self, some: Iterable[Diagnostic], others: Iterable[Diagnostic], side: Side) -> None:
        """Note what is wrong with the places of files on one side alone."""
        for it in set(some) - set(others):
            self.troubles.append(Trouble(it.path, side, it.path, it.line, it.message))

    def _read(self, files: Mapping[Key, File], side: Side) -> Versions:
        found: Versions = {}
        for key, (slot, entry) in files.items():
            found[key] = version = read_version(self.repository, slot, entry)
            if not version.is_whole:
                self.troubles.append(_trouble(name_of(key), side, version))
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
        return found and name_of(found)

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
        self.defined: dict[Key, File] = {
            key_of(slot): (slot, files[path]) for path, slot in layout.slots.items()
        }

    def unlike(self, other: _Surveyed) -> dict[Key, File]:
        """The definitions whose file is not the same on the other side."""
        return {key: it for key, it in self.defined.items() if other.defined.get(key) != it}


def _may_be(only: Key, old: Set[Key], new: Set[Key]) -> set[Key]:
    """The definitions that one may be, or have been: the others are gone where it is new, or new
    where it is gone.
    """
    gone, come = ({key for key in side if key[0] == only[0]} for side in (old - new, new - old))
    return gone | come if gone and come and only in gone | come else {only}


def _trouble(name: str, side: Side, version: Version) -> Trouble:
    finding = next(item for item in version.document.diagnostics if item.severity == "error")
    return Trouble(name, side, printable(version.path), finding.line, finding.message)
