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
    command = "rev-parse --verify --quiet --end-of-options".split()
    try:
        done = _run(location, *command, wanted, purpose=f"look for {revision!r}")
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
        GitError: git is not there, took half a minute, or misses an object.
    """
    done = _run(location, "merge-base", one, other, purpose="find where two branches part")
    found = done.stdout.strip()
    if (
        not found and done.stderr.strip()
    ):  # it exits with 1 where there is none, and where it cannot tell
        raise GitError(
            f"git cannot tell where {one[:10]} and {other[:10]} part: {done.stderr.strip()}"
        )
    return found or None


def count_after(location: Location, one: str, other: str) -> int:
    """How many commits of `other`'s first-parent history `one` does not come from; they are the
    newest of it.

    Args:
        one, other: the commits' ids.

    Raises:
        GitError: git is not there, took half a minute, or misses an object.
    """
    command = ("rev-list", "--count", "--first-parent", other, f"^{one}")
    done = _run(location, *command, purpose="find what is new")
    if done.returncode:
        raise GitError(f"git cannot tell what is new since {one[:10]}: {done.stderr.strip()}")
    return int(done.stdout)


def _run(location: Location, *command: str, purpose: str) -> subprocess.CompletedProcess[str]:
    """Ask git's client, which takes no commit for another, as libgit2 does not either."""
    try:
        return run_git(
            location.git_dir,
            "--no-replace-objects",
            *command,
            what=f"what it takes to {purpose}",
            seconds=TIMEOUT_SECONDS,
            pushed=pushed_to(location),
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git took more than half a minute to {purpose}") from None
