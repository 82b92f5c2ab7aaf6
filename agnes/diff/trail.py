"""The versions of one definition, newest first, on the first-parent history; renames are followed.

Of most commits nothing is read but the way to the file: where its folder's tree is the same as in
the parent, so is the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from agnes.diff.change import Change
from agnes.diff.compare import File, compare_one
from agnes.diff.pairs import Key, Version
from agnes.diff.sides import Sides
from agnes.diff.versions import read_version
from agnes.git.repository import Repository
from agnes.model.layout import ENDINGS, SETTINGS, survey

Side = TypeVar("Side")


@dataclass(frozen=True)
class Walked(Generic[Side]):
    """A commit that wrote a definition's file.

    Args:
        commit, tree: the commit's id, and that of the catalog's folder in it.
        key: the definition after it; before it, where it is gone.
        old, new: what it was before and after; None where it is not there.
        change: what became of it, where it came, went, or got another id.
        cut: a shallow clone ends here, so that nobody knows what was before.
    """

    commit: str
    tree: str | None
    key: Key
    old: Side | None
    new: Side | None
    change: Change | None = None
    cut: bool = False


Passage = Walked[File]
"""With the files, which are not read."""
Step = Walked[Version]


def trail(repository: Repository, commit_id: str, key: Key) -> Iterator[Step]:
    """Walk back from a commit, and read each version.

    Args:
        key: the definition, under the id that it has, or once had, there.

    Raises:
        GitError: an object is missing.
    """
    versions = _Versions(repository)
    for it in passages(repository, commit_id, key):
        old, new = versions.read(it.old), versions.read(it.new)
        yield Step(it.commit, it.tree, it.key, old, new, it.change, it.cut)


def passages(repository: Repository, commit_id: str, key: Key) -> Iterator[Passage]:
    """Walk back from a commit, as `trail` does; who needs few of many versions reads them himself.

    Raises:
        GitError: an object is missing.
    """
    files = Files(repository)
    tree = files.tree(commit_id)
    new = files.find(tree, key)
    for at, parent in repository.first_parents(commit_id):
        before = files.tree(parent) if parent else None
        old = new if before == tree else files.find(before, key)
        if old != new:
            if parent is None and repository.is_edge(at):
                yield Passage(at, tree, key, None, new, cut=True)
                return
            if old and new:
                yield Passage(at, tree, key, old, new)
            else:
                sides = Sides(repository, parent or "", at, before, tree)
                change, (was, is_) = compare_one(sides, key) or (None, (old and key, new and key))
                old = files.find(before, was) if was else None
                new = files.find(tree, is_) if is_ else None
                yield Passage(at, tree, is_ or key, old, new, change)
                key = was or key
        tree, new = before, old


class Files:
    """Finds a definition's file in one tree after another."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._found: tuple[tuple[str | None, Key], File | None] | None = None

    def tree(self, commit_id: str) -> str | None:
        """The catalog's folder in a commit."""
        return self._repository.catalog_tree(self._repository.root_tree(commit_id))

    def find(self, tree: str | None, key: Key) -> File | None:
        """The file that defines `key` in the catalog's folder `tree`; None if none does."""
        paths = _paths(key)
        folder = paths[0].rpartition("/")[0]
        place = self._repository.subtree(tree, folder), key
        if self._found is None or self._found[0] != place:
            entries = [self._repository.entry(tree, path) for path in paths]
            files = {entry.path: entry for entry in entries if entry is not None}
            slots = survey((path, entry.kind) for path, entry in files.items()).slots
            found = next(((slot, files[path]) for path, slot in slots.items()), None)
            self._found = place, found
        return self._found[1]


class _Versions:
    """The versions that files hold."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._versions: dict[str, Version] = {}

    def read(self, file: File | None) -> Version | None:
        """The version; the last two stay read, since one step's old one is the next one's new."""
        if file is None:
            return None
        slot, entry = file
        name = f"{entry.blob} {entry.path}"
        if name not in self._versions:
            newest = list(self._versions.items())[-1:]
            self._versions = dict(newest)
            self._versions[name] = read_version(self._repository, slot, entry)
        return self._versions[name]


def _paths(key: Key) -> list[str]:
    """Where a definition's file may be; sorted, for the first is the one that is read."""
    kind, name = key
    if kind == "settings":
        return [SETTINGS]
    stem = {"index": "metrics/metrics", "table": f"tables/{name}"}.get(kind, f"metrics/{name}")
    return sorted(f"{stem}{ending}" for ending in ENDINGS)
