"""Choosing the branch that is served."""

from __future__ import annotations

from agnes.cache.store import Store
from agnes.git import branches
from agnes.git.refs import Location, read_tip


def follow_branch(location: Location, name: str) -> str | None:
    """Serve a branch from now on; `git config agnes.follow` keeps it.

    Args:
        name: `main`, `origin/main`, or `HEAD` for whatever is checked out.

    Returns:
        The branch's full name; None for HEAD.

    Raises:
        GitError: there is no such branch.
    """
    ref = None if name == "HEAD" else branches.full_name(location, name)
    return _choose(location, ref)


def follow_upstream(location: Location) -> str | None:
    """Serve the remote's branch that the one checked out follows, where nothing else was chosen.

    Returns:
        What is followed; None where there is no such branch: then what is checked out is served.
    """
    chosen = branches.followed(location)
    branch = read_tip(location).branch
    if chosen is not None or branch is None or location.worktree is None:
        return chosen
    found = branches.upstream(location, branch)
    return None if found is None else _choose(location, found)


def _choose(location: Location, ref: str | None) -> str | None:
    branches.follow(location, ref)
    Store(location).doubt()
    return ref
