"""Commits that a remote has before anybody here sees them.

The commit is built, with nothing that points at it; it is pushed; then the branch here follows. So
what is killed, refused or lost on the way leaves the branch here as it was, and a commit that was
pushed but not followed comes back with the next fetch.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pygit2

from agnes.config import Author
from agnes.errors import ConflictError, GitError, MovedError, UnavailableError
from agnes.git.building import Edit, create, create_blobs
from agnes.git.checkout import await_index, check_clean, checkouts
from agnes.git.client import run_git
from agnes.git.committing import committing
from agnes.git.fetch import fetch
from agnes.git.finishing import finish
from agnes.git.objects import missing_object, open_repository
from agnes.git.push import push
from agnes.git.refs import Location, read_tip
from agnes.git.revision import merge_base
from agnes.git.transaction import ready_to_move
from agnes.git.upstream import Upstream
from agnes.git.writer import follow, refused

_MERGE_SECONDS = 60.0
_FETCHES = 5


def publish(location: Location, branch: str, upstream: Upstream, edit: Edit, author: Author) -> str:
    """Commit an edit to a remote's branch, and let the branch here follow.

    Args:
        branch: full name of the branch here; `upstream.tracking` if there is no other.
        edit: made from the commit that the branch here is at.

    Returns:
        The new commit's id, in hex.

    Raises:
        MovedError: one of the two branches is elsewhere; nothing was done. To be made anew, after
            a `fetch` and `catch_up`.
        ConflictError: an edited file has uncommitted changes, or the remote refuses.
        UnavailableError, GitError: the remote does not answer; git refused.
    """
    files = edit.in_repository(location)
    repository = open_repository(location)
    with (
        _translated(location, branch),
        committing(location, branch, files, partial(finish, location)),
    ):
        known = read_tip(location, upstream.tracking).commit
        if edit.base is None or read_tip(location, branch).commit != edit.base:
            raise MovedError(f"{upstream.shown} moved while the change was made", "try again")
        if known and known != edit.base and merge_base(location, known, edit.base) != known:
            # The push is sure of what is replaced by it, and would not stop at newer commits.
            raise _newer(upstream)
        worktrees = list(checkouts(location, branch))
        for checkout in worktrees:
            await_index(checkout)
            check_clean(checkout, files)
        blobs = create_blobs(repository, files)
        base = pygit2.Oid(hex=edit.base)
        new = create(repository, base, blobs, edit.message, author)
        if branch == upstream.tracking:
            _push(location, upstream, str(new), known)
            return str(new)
        with ready_to_move(location, branch, edit.base, str(new)) as move:
            _push(location, upstream, str(new), known)
            move()
        for checkout in worktrees:
            follow(checkout, new, files, blobs)
        return str(new)


def propose(
    location: Location, branch: str, upstream: Upstream | None, edit: Edit, author: Author
) -> str:
    """Commit an edit on a new branch: of the remote if there is one, else here.

    Args:
        branch: its full name.

    Returns:
        The new commit's id, in hex.

    Raises:
        MovedError: there is such a branch.
        ConflictError, UnavailableError, GitError: the remote or git refused.
    """
    repository = open_repository(location)
    with _translated(location, branch):
        blobs = create_blobs(repository, edit.in_repository(location))
        base = pygit2.Oid(hex=edit.base) if edit.base else None
        if upstream is None:
            if read_tip(location, branch).commit is not None:
                raise MovedError(f"there is a branch {branch} already", "try again")
            with committing(location, branch):
                return str(create(repository, base, blobs, edit.message, author, branch))
        new = str(create(repository, base, blobs, edit.message, author))
    if not push(location, upstream.remote, new, branch, None):
        raise MovedError(f"there is a branch {branch} at {upstream.remote} already", "try again")
    return new


def catch_up(location: Location, branch: str, upstream: Upstream) -> None:
    """Bring a local branch, and where it is checked out, to where the remote's is known to be.

    Commits that the remote does not have yet stay; they are pushed with the next.

    Raises:
        ConflictError: each has commits that the other has not, or an uncommitted change is in
            the way.
        GitError: git refused.
    """
    if branch == upstream.tracking:
        return
    tip, theirs = (read_tip(location, ref).commit for ref in (branch, upstream.tracking))
    if tip is None or theirs is None or tip == theirs:
        return
    common = merge_base(location, tip, theirs)
    if common == theirs:
        return
    if common != tip:
        name = branch.removeprefix("refs/heads/")
        raise ConflictError(
            f"{name} and {upstream.shown} have parted: each has commits that the other has not",
            f"bring them together: git -C {location.path} pull --rebase",
        )
    with committing(location, branch, (), partial(finish, location)):
        worktrees = list(checkouts(location, branch))
        if not worktrees:
            with ready_to_move(location, branch, tip, theirs) as move:
                move()
        for checkout in worktrees:
            await_index(checkout)
            _fast_forward(location, checkout, theirs)


def _fast_forward(location: Location, checkout: pygit2.Repository, commit: str) -> None:
    try:
        done = run_git(
            Path(checkout.path),
            *(f"--work-tree={checkout.workdir}", "merge", "--ff-only", "--quiet", commit),
            what="merging",
            seconds=_MERGE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitError("merging took more than a minute") from None
    if done.returncode:
        raise ConflictError(
            f"{checkout.workdir} cannot follow the remote: {done.stderr.strip()[:500]}",
            f"see what is in the way: git -C {location.path} status",
        )


def _push(location: Location, upstream: Upstream, commit: str, known: str | None) -> None:
    """Push; where it is not known whether that worked, find out."""
    try:
        if not push(location, upstream.remote, commit, upstream.branch, known):
            raise _newer(upstream)
    except UnavailableError:
        with contextlib.suppress(GitError):
            fetch(location, upstream.remote)
        if not _has(location, upstream, commit):
            raise
    for _ in range(_FETCHES):
        if _has(location, upstream, commit):
            return
        with contextlib.suppress(GitError):  # another fetch holds the ref
            fetch(location, upstream.remote)
        time.sleep(random.uniform(0, 0.2))  # noqa: S311
    raise UnavailableError(
        f"{upstream.shown} has the change, as {commit[:10]}, but it cannot be fetched",
        f"try it by hand: git -C {location.path} fetch {upstream.remote}",
    )


def _newer(upstream: Upstream) -> MovedError:
    hint = f"fetch them, then try again: git fetch {upstream.remote}"
    return MovedError(f"{upstream.shown} has newer commits", hint)


def _has(location: Location, upstream: Upstream, commit: str) -> bool:
    there = read_tip(location, upstream.tracking).commit
    return there is not None and merge_base(location, commit, there) == commit


@contextlib.contextmanager
def _translated(location: Location, branch: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise missing_object(str(error.args[0]), "the branch") from error
    except (pygit2.GitError, OSError) as error:
        raise refused(location, branch, error) from error
