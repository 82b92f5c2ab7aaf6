"""Which branch is served: what `git config agnes.follow` says of it."""

from __future__ import annotations

import re

import pygit2

from agnes.errors import GitError
from agnes.git.objects import open_repository
from agnes.git.refs import Location, read_tip

SETTING = "agnes.follow"


def followed(location: Location) -> str | None:
    """The full name of the branch that was chosen; None where none was.

    Raises:
        GitError: it does not exist.
    """
    try:
        name = open_repository(location).config[SETTING]
    except KeyError:
        return None
    return full_name(location, name) if name else None


def follow(location: Location, ref: str | None) -> None:
    """Choose a branch, by its full name; None takes the choice back."""
    settings = open_repository(location).config
    if ref is not None:
        settings[SETTING] = ref
    elif SETTING in settings:
        del settings[SETTING]


def full_name(location: Location, name: str) -> str:
    """The full name of a branch: `refs/heads/main` for `main`, or for `origin/main` a remote's.

    Raises:
        GitError: there is no such branch.
    """
    for ref in (name, f"refs/heads/{name}", f"refs/remotes/{name}"):
        if ref.startswith("refs/") and read_tip(location, ref).commit:
            return ref
    raise GitError(f"there is no branch {name} to follow", "list them with: git branch --all")


def upstream(location: Location, branch: str) -> str | None:
    """The remote's branch that a local one follows, both in full; None where there is none."""
    locals_ = open_repository(location).branches.local
    try:
        found = locals_[branch.removeprefix("refs/heads/")].upstream_name
    except (KeyError, ValueError, pygit2.GitError):
        return None
    return found


def branches(location: Location, folder: str) -> dict[str, str]:
    """The branches in a folder of branches, here and as remotes have them: full name to commit.

    Args:
        folder: such as `agnes/`.
    """
    wanted = re.compile(rf"refs/(?:heads|remotes/[^/]+)/{re.escape(folder)}.+")
    names = filter(wanted.fullmatch, open_repository(location).references)
    tips = {name: read_tip(location, name).commit for name in names}
    return {name: commit for name, commit in tips.items() if commit is not None}


def unmerged(location: Location, folder: str, into: str) -> dict[str, str]:
    """The branches in a folder of branches, here and as remotes have them, that are not merged.

    Args:
        folder: such as `agnes/`.
        into: the commit that a merged one is part of.

    Returns:
        Short name to commit.
    """
    repository = open_repository(location)
    found: dict[str, str] = {}
    for name, commit in branches(location, folder).items():
        if commit != into and not repository.descendant_of(into, commit):
            found.setdefault(re.sub(r"^refs/(heads|remotes/[^/]+)/", "", name), commit)
    return found
