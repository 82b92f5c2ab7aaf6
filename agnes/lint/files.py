"""Where files to check come from: a folder, the index of git, a commit."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agnes.errors import AgnesError, GitError, NotACatalogError
from agnes.git.entry import Entry
from agnes.git.index import is_as_seen, seen_blobs
from agnes.git.refs import locate
from agnes.load.folder import Folder
from agnes.model.layout import MAX_BYTES, printable

if TYPE_CHECKING:
    from agnes.git.repository import Repository


class Files(Protocol):
    """A catalog's files."""

    def entries(self) -> list[Entry]:
        """All of them."""

    def digest(self, entry: Entry) -> str:
        """The id that git gives a file's content."""

    def size(self, entry: Entry) -> int:
        """A file's size in bytes."""

    def read(self, entry: Entry) -> bytes:
        """A file's content."""

    def shown(self, path: str) -> str:
        """The path that people know a file by."""


class FolderFiles(Folder):
    """The files of a folder, as they are on disk.

    Args:
        only: of a plain folder, the files and folders in it to look at; all if empty. A catalog's
            files are looked at together.
    """

    def __init__(self, root: Path, only: Collection[str] = ()) -> None:
        super().__init__(root)
        self._only = only if self.bare_metrics else ()

    @cached_property
    def _seen(self) -> dict[str, tuple[str, tuple[int, int, int]]]:
        """What git last saw here, so that not every file is read to know what it holds."""
        try:
            location = locate(self.root)
            prefix = f"{location.folder}/" if location.folder else ""
            return seen_blobs(location.git_dir / "index", prefix)
        except (NotACatalogError, GitError):
            return {}

    def entries(self) -> list[Entry]:
        """All of them."""
        if not self._only:
            return super().entries()
        found: dict[str, Entry] = {}
        for name in self._only:
            path = self.root / name
            prefix = f"metrics/{name}/"
            entry = self.entry(path)
            for it in [entry] if entry else self._below(path, prefix):
                found[it.path] = it
        return list(found.values())

    def size(self, entry: Entry) -> int:
        """A file's size in bytes.

        Raises:
            AgnesError: it cannot be read.
        """
        try:
            return super().size(entry)
        except OSError as error:
            raise self._unreadable(entry, error) from None

    def read(self, entry: Entry) -> bytes:
        """A file's content.

        Raises:
            AgnesError: it cannot be read.
        """
        try:
            return super().read(entry)
        except OSError as error:
            raise self._unreadable(entry, error) from None

    def _unreadable(self, entry: Entry, error: OSError) -> AgnesError:
        return AgnesError(f"cannot read {printable(self.shown(entry.path))}: {error.strerror}")

    def digest(self, entry: Entry) -> str:
        """The id that git would give the file."""
        blob, seen = self._seen.get(self.shown(entry.path), ("", None))
        if seen and is_as_seen(f"{self.root}/{self.shown(entry.path)}", seen):
            return blob
        data = b"" if self.size(entry) > MAX_BYTES else self.read(entry)
        header = b"blob %d\0" % len(data)
        return sha1(header + data, usedforsecurity=False).hexdigest()


class GitFiles:
    """Files that git holds: of a commit, or those that are staged.

    Args:
        repository: the catalog's.
        entries: see `Repository.entries` and `Repository.staged`.
    """

    def __init__(self, repository: Repository, entries: list[Entry]) -> None:
        self.repository = repository
        self._entries = entries

    def entries(self) -> list[Entry]:
        """All of them."""
        return self._entries

    def digest(self, entry: Entry) -> str:
        """The id that git gives a file's content."""
        return entry.blob

    def size(self, entry: Entry) -> int:
        """A file's size in bytes."""
        return self.repository.size(entry)

    def read(self, entry: Entry) -> bytes:
        """A file's content."""
        return self.repository.read(entry)

    def shown(self, path: str) -> str:
        """The path as it is."""
        return path


def folder_files(root: Path, only: Collection[str] = ()) -> FolderFiles:
    """The files of a folder.

    Raises:
        NotFoundError: it is no folder.
    """
    return FolderFiles(root.absolute(), only)


def revision_files(repository: Repository, revision: str) -> GitFiles:
    """The files of a commit.

    Raises:
        RevisionError: there is no such commit.
    """
    tree = repository.catalog_tree(repository.root_tree(repository.resolve(revision)))
    return GitFiles(repository, repository.entries(tree))
