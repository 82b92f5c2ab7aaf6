"""Finishing what a killed commit began: the branch moved, and the checkouts are still behind it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

import pygit2

from agnes.errors import AgnesError
from agnes.git.checkout import Version, await_index, bring_rest_along, checkouts
from agnes.git.committing import Unfinished, is_unfinished, take_over
from agnes.git.entry import Entry
from agnes.git.refs import Location, read_tip
from agnes.git.repository import Repository


def finish_killed(location: Location) -> None:
    """Finish what a killed commit left, if it left something and nobody else commits just now.

    Where that cannot be, what it left stays for the next time.
    """
    if is_unfinished(location):
        with suppress(AgnesError, KeyError, ValueError, OSError, pygit2.GitError):
            take_over(location, partial(finish, location))


def finish(location: Location, left: Unfinished) -> None:
    """Bring the checkouts along that a killed commit did not get to.

    Raises:
        ConflictError: git is at work in one of them.
        GitError: an object is missing or damaged.
    """
    tip = read_tip(location, left.branch).commit
    if tip is None or tip == left.tip:
        return
    whole = Repository(replace(location, folder=""))
    trees = [whole.root_tree(commit) if commit else None for commit in (left.tip, tip)]
    versions = {}
    for path in left.paths:
        before, after = (whole.entry(tree, path) for tree in trees)
        if before != after:
            versions[path] = (_version(whole, before), _version(whole, after))
    for checkout in checkouts(location, left.branch):
        await_index(checkout)
        bring_rest_along(checkout, versions)


def _version(whole: Repository, entry: Entry | None) -> Version | None:
    return None if entry is None else Version(pygit2.Oid(hex=entry.blob), whole.read(entry))
