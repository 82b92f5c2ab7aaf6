"""What people call commits: names, which are looked up here, and all else, which git is asked for.

libgit2 is asked for neither: it never returns from some damaged objects; see `agnes.git.loose`.
"""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress

import pygit2

from agnes.errors import GitError
from agnes.git.client import run_git
from agnes.git.objects import missing_object, pushed_to
from agnes.git.refs import Location

TIMEOUT_SECONDS = 30.0
_PARTS = re.compile(r"((?:[^~^:@]|@(?!\{))+)((?:~[0-9]{0,9}|\^(?![0-9{@!-]))*)(.*)", re.DOTALL)
_STEPS = re.compile(r"~([0-9]*)|\^")
_ID = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_DAMAGED = re.compile(r"^fatal: .*\bobject ([0-9a-f]{40})\b", re.MULTILINE)


def split(revision: str) -> tuple[str, int, str]:
    """What a revision starts from, how many first parents it goes back, and what is left.

    Returns:
        `("main", 3, "")` for `main~2^`, `("HEAD", 0, "^2")` for `HEAD^2`; no name where there is
        none, as in `:/text`.
    """
    parts = _PARTS.fullmatch(revision)
    if parts is None:
        return "", 0, revision
    name, steps, rest = parts.groups()
    return name, sum(int(number or 1) for number in _STEPS.findall(steps)), rest


def named(repository: pygit2.Repository, name: str) -> str | None:
    """The object that a branch, a tag or an id names, which is not read; None where none is.

    No name at all is HEAD's, from which `@{1}` and `:/text` start.
    """
    with suppress(KeyError, ValueError, pygit2.GitError):
        if _ID.fullmatch(name):
            return name.lower() if name in repository.odb else None
        return str(repository.lookup_reference_dwim(name).resolve().target)
    with suppress(KeyError, ValueError, pygit2.GitError):
        return str(repository.expand_id(name))
    return None


def ask_git(location: Location, revision: str) -> str | None:
    """The commit that git finds; None where it finds none.

    Raises:
        MissingObjectError: an object on the way is damaged.
        GitError: git is not there, or took half a minute.
    """
    if _ID.fullmatch(revision):
        return None  # it is not here, and git would fetch it into a partial clone
    # A `^{commit}` would be a part of the text that `:/` looks for, among commits alone.
    wanted = revision if revision.startswith(":/") else f"{revision}^{{commit}}"
    command = "--no-replace-objects rev-parse --verify --quiet --end-of-options".split()
    try:
        done = run_git(
            location.git_dir,
            *command,
            wanted,
            what=f"looking for {revision!r}",
            seconds=TIMEOUT_SECONDS,
            pushed=pushed_to(location),
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git took more than half a minute to look for {revision!r}") from None
    except ValueError:
        return None
    said = done.stdout.strip()
    if not done.returncode:
        return said if _ID.fullmatch(said) else None
    if damaged := _DAMAGED.search(done.stderr):
        raise missing_object(damaged[1], "the history")
    return None


def merge_base(location: Location, one: str, other: str) -> str | None:
    """The newest commit that two commits both come from; None where they have none in common.

    Args:
        one, other: the commits' ids.

    Raises:
        GitError: git is not there, or took half a minute.
    """
    try:
        done = run_git(
            location.git_dir,
            *("--no-replace-objects", "merge-base", one, other),
            what="looking for where two branches part",
            seconds=TIMEOUT_SECONDS,
            pushed=pushed_to(location),
        )
    except subprocess.TimeoutExpired:
        raise GitError("git took more than half a minute to find where two branches part") from None
    return done.stdout.strip() or None


def count_after(location: Location, one: str, other: str) -> int:
    """How many commits of `other`'s first-parent history `one` does not come from; they are the
    newest of it.

    Args:
        one, other: the commits' ids.

    Raises:
        GitError: git is not there, took half a minute, or misses an object.
    """
    command = ("--no-replace-objects", "rev-list", "--count", "--first-parent", other, f"^{one}")
    try:
        done = run_git(
            location.git_dir,
            *command,
            what="looking for what is new",
            seconds=TIMEOUT_SECONDS,
            pushed=pushed_to(location),
        )
    except subprocess.TimeoutExpired:
        raise GitError("git took more than half a minute to find what is new") from None
    if done.returncode:
        raise GitError(f"git cannot tell what is new since {one[:10]}: {done.stderr.strip()}")
    return int(done.stdout)
