"""Running git's own client, for what libgit2 does not do, or not safely."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

from agnes.config import git_environment
from agnes.errors import GitError


def run_git(
    git_dir: Path, *arguments: str, what: str, seconds: float, pushed: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of git, with nobody there to answer its questions.

    Args:
        what: it is good for, for the error: `fetching`.
        seconds: how long it may take.
        pushed: where the objects are of a push that is being decided on.

    Raises:
        GitError: git is not there, or cannot be started.
        subprocess.TimeoutExpired: it took longer.
        ValueError: no process can be given such an argument.
    """
    git = find_git(what)
    try:
        return subprocess.run(
            [git, f"--git-dir={git_dir}", *arguments],
            env=git_environment(pushed),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # without a terminal, where ssh would ask for a password
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except OSError as error:
        raise GitError(f"cannot run git: {error.strerror}") from None


def find_git(what: str) -> str:
    """Git's own client.

    Args:
        what: it is good for, for the error: `fetching`.

    Raises:
        GitError: it is not there.
    """
    git = which("git")
    if git is None:
        raise GitError("git is not on the PATH", f"install it: {what} is done by git itself")
    return git
