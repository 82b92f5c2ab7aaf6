"""Writing a repository: commits on a branch by compare-and-swap, the checkout brought along."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from agnes.config import Author, author, author_from_environment
from agnes.errors import ConflictError, GitError
from agnes.git.checkout import (
    await_index,
    bring_along,
    check_clean,
    checkouts,
    file_mode,
)
from agnes.git.committing import committing
from agnes.git.finishing import finish
from agnes.git.objects import missing_object, open_repository
from agnes.git.refs import Location

ATTEMPTS = 20

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


def init_repository(path: Path, branch: str = "main") -> None:
    """Make an empty repository whose HEAD names `branch`."""
    pygit2.init_repository(str(path), initial_head=branch)


def commit(location: Location, branch: str, edit: Edit, author: Author) -> str:
    """Commit an edit on a branch.

    The commit's parent is the tip that was read, and git refuses it when the tip has moved; then
    it is tried again on the new tip, as long as the edited files are there what they were at
    `edit.base`. Checkouts of the branch follow: only the edited files and their index entries are
    touched, and never over an uncommitted change.

    Args:
        location: the catalog; `edit.files` are relative to its folder.
        branch: full name, `refs/heads/main`.

    Returns:
        The new commit's id, in hex.

    Raises:
        ConflictError: an edited file has uncommitted changes, or another commit changed it.
        GitError: git refused: a lock, a full disk, a read-only repository.
    """
    prefix = f"{location.folder}/" if location.folder else ""
    files = {f"{prefix}{path}": content for path, content in edit.files.items()}
    repository = open_repository(location)
    try:
        with committing(location, branch, files, partial(finish, location)):
            worktrees = list(checkouts(location, branch))
            for checkout in worktrees:
                await_index(checkout)
                check_clean(checkout, files)
            blobs = {
                path: None if content is None else repository.create_blob(content)
                for path, content in files.items()
            }
            new = _commit_on_tip(repository, branch, edit, blobs, author)
            for checkout in worktrees:
                _follow(checkout, new, files, blobs)
    except KeyError as error:
        raise missing_object(str(error.args[0]), "the branch") from error
    except (pygit2.GitError, OSError) as error:
        raise _refused(location, branch, error) from error
    return str(new)


def _follow(
    checkout: pygit2.Repository,
    new: pygit2.Oid,
    files: Mapping[str, bytes | None],
    blobs: Mapping[str, pygit2.Oid | None],
) -> None:
    try:
        bring_along(checkout, files, blobs)
    except (pygit2.GitError, OSError) as error:
        raise GitError(
            f"committed {str(new)[:10]}, but {checkout.workdir} could not follow: {error}",
            f"bring it along: git restore --staged --worktree -- {' '.join(files)}",
        ) from error


def _commit_on_tip(
    repository: pygit2.Repository,
    branch: str,
    edit: Edit,
    blobs: Mapping[str, pygit2.Oid | None],
    author: Author,
) -> pygit2.Oid:
    for attempt in range(ATTEMPTS):
        tip = _tip(repository, branch)
        _check_unmoved(repository, edit.base, tip, blobs)
        tree = repository[tip].peel(pygit2.Tree).id if tip else None
        new_tree = _update_tree(
            repository, tree, {tuple(p.split("/")): b for p, b in blobs.items()}
        )
        signature = pygit2.Signature(author.name, author.email, author.time, author.offset)
        committer = pygit2.Signature(
            author.name, author.email, author.commit_time, author.commit_offset
        )
        try:
            return repository.create_commit(
                branch, signature, committer, edit.message, new_tree, [tip] if tip else []
            )
        except pygit2.GitError:
            if attempt == ATTEMPTS - 1:
                raise
            # Somebody else was faster, or holds the ref's lock for a moment.
            time.sleep(0.01 * (attempt + 1))
    raise AssertionError("unreachable")


def _tip(repository: pygit2.Repository, branch: str) -> pygit2.Oid | None:
    reference = repository.references.get(branch)
    return None if reference is None else reference.peel(pygit2.Commit).id


def _check_unmoved(
    repository: pygit2.Repository,
    base: str | None,
    tip: pygit2.Oid | None,
    paths: Iterable[str],
) -> None:
    """Whether the files are at the tip what they were at the commit that the edit was made from."""
    if (base or "") == str(tip or ""):
        return
    if tip is None or base is None:
        raise ConflictError("the branch came or went while the change was made", "try again")
    old, new = (repository[commit].peel(pygit2.Tree) for commit in (base, tip))
    for path in paths:
        if _blob_id(old, path) != _blob_id(new, path):
            raise ConflictError(
                f"{path} was changed by the newer commit {str(tip)[:10]}",
                "look at that change, then make yours again",
            )


def _blob_id(tree: pygit2.Tree, path: str) -> pygit2.Oid | None:
    try:
        return tree[path].id
    except KeyError:
        return None


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


def _refused(location: Location, branch: str, error: Exception) -> GitError:
    lock = location.common_dir / f"{branch}.lock"
    hint = f"another process is writing {branch}; if there is none, delete {lock}"
    return GitError(
        f"git refused the commit: {error}",
        hint if lock.exists() else "check the disk's space and the repository's permissions",
    )


def identity(location: Location) -> Author:
    """Who commits: `AGNES_AUTHOR`, else git's own settings, at the current time.

    Raises:
        GitError: neither says who.
    """
    found = author_from_environment()
    if found is None:
        try:
            signature = open_repository(location).default_signature
            found = (signature.name, signature.email)
        except KeyError:
            raise GitError(
                "git does not know who you are",
                "run: git config --global user.name 'Your Name' and "
                "git config --global user.email you@example.com",
            ) from None
    return author(*found)
