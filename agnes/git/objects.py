"""The objects of a repository: blobs, trees, commits; what is missing or damaged is an error."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import chain
from pathlib import Path

import pygit2

from agnes.config import quarantine
from agnes.errors import GitError, MissingObjectError, RevisionError
from agnes.git.loose import DamagedError, LooseObjects
from agnes.git.refs import Location

TreeEntry = tuple[bytes, bytes, bytes]
"""Mode, name, object id."""
TREE_MODE = b"40000"

_TREE_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_TREES_KEPT = 32
"""Trees that stay read: a sync compares the same ones in several ways."""


class Objects:
    """The objects of one repository."""

    def __init__(self, location: Location, repository: pygit2.Repository) -> None:
        self.location = location
        self._pygit2 = repository
        self._trees: dict[str, list[TreeEntry]] = {}

    def read(self, oid: str, what: str, kind: str) -> bytes:
        """An object's content.

        Args:
            oid: in hex.
            what: for the error: the path of a file, or `a folder`.
            kind: `blob` or `tree`.

        Raises:
            MissingObjectError: the clone does not have it, or it is damaged.
            GitError: it is of another kind.
        """
        loose = self._read_loose(oid, what)
        if loose is not None:
            found, data = loose
        else:
            try:
                number, data = self._pygit2.odb.read(oid)
            except (KeyError, pygit2.GitError):
                raise missing_object(oid, what) from None
            found = pygit2.enums.ObjectType(number).name.lower()
        if found != kind:
            raise GitError(f"the object {oid[:10]} of {what} is no {kind}")
        return data

    def size(self, oid: str, what: str) -> int:
        """An object's size in bytes, without reading it."""
        try:
            return int(self._pygit2.odb.read_header(oid)[1])
        except (KeyError, pygit2.GitError):
            raise missing_object(oid, what) from None

    def tree(self, oid: str) -> list[TreeEntry]:
        """The entries of a tree, in its order, whatever their names are."""
        known = self._trees.get(oid)
        if known is None:
            known = self._trees[oid] = self._parse_tree(oid)
            if len(self._trees) > _TREES_KEPT:
                del self._trees[next(iter(self._trees))]
        return known

    def commit(self, oid: str) -> pygit2.Commit:
        """A commit; of a tag, the commit that it names.

        Raises:
            MissingObjectError: the clone does not have it, or it is damaged.
            RevisionError: it is of another kind.
        """
        while True:
            self._read_loose(oid, "the history")
            try:
                found = self._pygit2[oid]
            except (KeyError, ValueError, pygit2.GitError):
                raise missing_object(oid, "the history") from None
            if not isinstance(found, pygit2.Tag):
                break
            oid = str(found.target)
        try:
            return found.peel(pygit2.Commit)
        except (ValueError, pygit2.GitError):
            raise RevisionError(f"the object {oid[:10]} is no commit") from None

    def _parse_tree(self, oid: str) -> list[TreeEntry]:
        raw = self.read(oid, "a folder", "tree")
        entries = _TREE_ENTRY.findall(raw)
        # Between mode, name and id are a blank and a NUL.
        if len(b"".join(chain.from_iterable(entries))) + 2 * len(entries) != len(raw):
            raise missing_object(oid, "a folder")
        return [(mode.lstrip(b"0"), name, oid) for mode, name, oid in entries]

    def _read_loose(self, oid: str, what: str) -> tuple[str, bytes] | None:
        try:
            return self._loose.read(oid)
        except DamagedError:
            raise missing_object(oid, what) from None

    @cached_property
    def _loose(self) -> LooseObjects:
        folders = (pushed_to(self.location), self.location.common_dir / "objects")
        return LooseObjects(filter(None, folders))


def open_repository(location: Location) -> pygit2.Repository:
    """Open a repository through pygit2. In a hook that decides on a push, what is pushed is seen.

    Raises:
        GitError: libgit2 refuses it: another owner, SHA-256, reftable.
    """
    try:
        repository = pygit2.Repository(str(location.git_dir))
    except (pygit2.GitError, KeyError, ValueError) as error:
        hint = None
        if "not owned by" in str(error):
            hint = f"git config --global --add safe.directory {location.worktree or location.path}"
        raise GitError(f"cannot open the repository {location.git_dir}: {error}", hint) from None
    pushed = pushed_to(location)
    if pushed is not None:
        repository.odb.add_disk_alternate(str(pushed))
    return repository


def pushed_to(location: Location) -> Path | None:
    """Where the objects are of a push to this repository that is being decided on, if one is.

    Another repository must not take objects for its own that may never come to be.
    """
    pushed = quarantine()
    if pushed is None:
        return None
    own = (location.common_dir / "objects").resolve()
    return pushed if pushed.resolve().is_relative_to(own) else None


def missing_object(oid: str, what: str) -> MissingObjectError:
    """The error for an object that the repository should have."""
    return MissingObjectError(
        f"the object {oid[:10]} of {what} is missing or damaged in this repository",
        "fetch it with `git fetch --unshallow` or `git fetch --refetch`, or check `git fsck`",
    )
