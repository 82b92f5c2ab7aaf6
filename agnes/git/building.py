"""Commits, built from the tree of their parent and the files that change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pygit2
from pygit2.enums import FileMode

from agnes.config import Author
from agnes.git.checkout import file_mode
from agnes.git.refs import Location

Blobs: TypeAlias = Mapping[str, pygit2.Oid | None]
"""Path in the repository to its new content; None to delete it."""

pygit2.settings.enable_fsync_gitdir(True)


@dataclass(frozen=True)
class Edit:
    """A change of files, made from what was read at one commit.

    Args:
        base: the commit that the new content was made from; None for a branch's first commit.
        files: path in the catalog to its new content, None to delete it.
        message: the commit message, trailers included.
    """

    base: str | None
    files: Mapping[str, bytes | None]
    message: str

    def in_repository(self, location: Location) -> dict[str, bytes | None]:
        """The files by their paths in the repository."""
        prefix = f"{location.folder}/" if location.folder else ""
        return {f"{prefix}{path}": content for path, content in self.files.items()}


def create_blobs(repository: pygit2.Repository, files: Mapping[str, bytes | None]) -> Blobs:
    """Write the contents of files."""
    return {
        path: None if content is None else repository.create_blob(content)
        for path, content in files.items()
    }


def create(
    repository: pygit2.Repository,
    parent: pygit2.Oid | None,
    blobs: Blobs,
    message: str,
    author: Author,
    ref: str | None = None,
) -> pygit2.Oid:
    """Write a commit.

    Args:
        parent: None for a branch's first commit.
        ref: what is to point at it; git refuses if it does not point at the parent.

    Raises:
        pygit2.GitError: git refused.
    """
    tree = repository[parent].peel(pygit2.Tree).id if parent else None
    new_tree = _update_tree(repository, tree, {tuple(p.split("/")): b for p, b in blobs.items()})
    name, email = author.committer or (author.name, author.email)
    signature = pygit2.Signature(author.name, author.email, author.time, author.offset)
    committer = pygit2.Signature(name, email, author.commit_time, author.commit_offset)
    parents: list[pygit2.Oid | str] = [parent] if parent else []
    return repository.create_commit(ref, signature, committer, message, new_tree, parents)


def _update_tree(
    repository: pygit2.Repository,
    tree: pygit2.Oid | None,
    blobs: Mapping[tuple[str, ...], pygit2.Oid | None],
) -> pygit2.Oid:
    """Write a tree like `tree` with other blobs in it; folders come and go with their files."""
    base = repository[tree] if tree is not None else None
    assert base is None or isinstance(base, pygit2.Tree)
    builder = repository.TreeBuilder(base) if base is not None else repository.TreeBuilder()
    folders: dict[str, dict[tuple[str, ...], pygit2.Oid | None]] = {}
    for (name, *rest), blob in blobs.items():
        if rest:
            folders.setdefault(name, {})[tuple(rest)] = blob
        elif blob is not None:
            existing: pygit2.Object | None = builder.get(name)
            builder.insert(name, blob, file_mode(None if existing is None else existing.filemode))
        elif builder.get(name) is not None:
            builder.remove(name)
    for name, inner in folders.items():
        existing = builder.get(name)
        below = existing.id if isinstance(existing, pygit2.Tree) else None
        subtree = _update_tree(repository, below, inner)
        written = repository[subtree]
        assert isinstance(written, pygit2.Tree)
        if len(written):
            builder.insert(name, subtree, FileMode.TREE)
        elif existing is not None:
            builder.remove(name)
    return builder.write()
