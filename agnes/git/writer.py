"""Writing a repository: commits on a branch by compare-and-swap, the checkout brought along."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pygit2

from agnes.config import Author, Person, author, author_from_environment
from agnes.errors import GitError, MovedError
from agnes.git.building import Blobs, Edit, create, create_blobs
from agnes.git.checkout import (
    await_index,
    bring_along,
    check_clean,
    checkouts,
)
from agnes.git.committing import committing
from agnes.git.finishing import finish
from agnes.git.objects import missing_object, open_repository
from agnes.git.refs import Location

ATTEMPTS = 20


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
    files = edit.in_repository(location)
    repository = open_repository(location)
    try:
        with committing(location, branch, files, partial(finish, location)):
            worktrees = list(checkouts(location, branch))
            for checkout in worktrees:
                await_index(checkout)
                check_clean(checkout, files)
            blobs = create_blobs(repository, files)
            new = _commit_on_tip(repository, branch, edit, blobs, author)
            for checkout in worktrees:
                follow(checkout, new, files, blobs)
    except KeyError as error:
        raise missing_object(str(error.args[0]), "the branch") from error
    except (pygit2.GitError, OSError) as error:
        raise refused(location, branch, error) from error
    return str(new)


def follow(
    checkout: pygit2.Repository,
    new: pygit2.Oid,
    files: Mapping[str, bytes | None],
    blobs: Blobs,
) -> None:
    """Bring a checkout along to a commit that was just made.

    Raises:
        GitError: it cannot be written.
    """
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
    blobs: Blobs,
    author: Author,
) -> pygit2.Oid:
    for attempt in range(ATTEMPTS):
        tip = _tip(repository, branch)
        _check_unmoved(repository, edit.base, tip, blobs)
        try:
            return create(repository, tip, blobs, edit.message, author, branch)
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
        raise MovedError("the branch came or went while the change was made", "try again")
    old, new = (repository[commit].peel(pygit2.Tree) for commit in (base, tip))
    for path in paths:
        if _blob_id(old, path) != _blob_id(new, path):
            raise MovedError(
                f"{path} was changed by the newer commit {str(tip)[:10]}",
                "look at that change, then make yours again",
            )


def _blob_id(tree: pygit2.Tree, path: str) -> pygit2.Oid | None:
    try:
        return tree[path].id
    except KeyError:
        return None


def refused(location: Location, branch: str, error: Exception) -> GitError:
    """The error for what libgit2 says."""
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
            found = Person(signature.name, signature.email)
        except KeyError:
            raise GitError(
                "git does not know who you are",
                "run: git config --global user.name 'Your Name' and "
                "git config --global user.email you@example.com",
            ) from None
    return author(*found)
