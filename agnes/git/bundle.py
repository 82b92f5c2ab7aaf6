"""A whole repository as one file, and back, by git's own client."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pygit2

from agnes.errors import GitError
from agnes.git.client import run_git
from agnes.git.refs import Location, read_tip

_SECONDS = 3600.0


def write_bundle(location: Location, file: Path) -> None:
    """Write all branches, tags and what they reach.

    Raises:
        GitError: there is nothing, the clone is shallow, or git fails.
    """
    if (location.common_dir / "shallow").exists():
        raise GitError(
            "this clone is shallow: a bundle of it could not be read",
            "fetch the rest: git fetch --unshallow",
        )
    _run(location.common_dir, "bundle", "create", "--quiet", str(file), "--all")


def branch_name(location: Location) -> str | None:
    """The branch that is checked out."""
    branch = read_tip(location).branch
    return branch.removeprefix("refs/heads/") if branch else None


def remote_url(location: Location, remote: str = "origin") -> str | None:
    """The address of a remote, without a user and password in it."""
    found = run_git(
        location.common_dir, "config", "--get", f"remote.{remote}.url", what="this", seconds=60
    ).stdout.strip()
    scheme, separator, rest = found.partition("://")
    if not separator or scheme not in ("http", "https"):
        return found or None
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def unbundle(
    file: Path, folder: Path, branch: str | None, remote: str | None, *, bare: bool = False
) -> None:
    """Make a repository of a bundle.

    Args:
        folder: where; it is empty, or is not there.
        branch: the one to check out.
        remote: the address of `origin`.

    Raises:
        GitError: git cannot read the bundle.
    """
    made = pygit2.init_repository(str(folder), bare=bare, initial_head=branch)
    git_dir = Path(made.path)
    arguments = ("--quiet", "--update-head-ok", str(file), "+refs/*:refs/*")
    _run(git_dir, "fetch", *arguments)
    if remote:
        _run(git_dir, "config", "remote.origin.url", remote)
        refs = "+refs/heads/*:refs/remotes/origin/*"
        _run(git_dir, "config", "remote.origin.fetch", refs)
    if branch and not bare:
        _run(git_dir, f"--work-tree={folder}", "reset", "--quiet", "--hard")


def _run(git_dir: Path, *arguments: str) -> None:
    try:
        done = run_git(git_dir, *arguments, what="a backup", seconds=_SECONDS)
    except subprocess.TimeoutExpired:
        raise GitError("git took more than an hour") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise GitError(f"git {arguments[0]} failed: {said[-1] if said else done.returncode}")
