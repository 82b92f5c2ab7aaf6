"""Fetching from a remote by git's own client, so that its credential helpers and proxies work."""

from __future__ import annotations

import subprocess

from agnes.errors import GitError
from agnes.git.client import run_git
from agnes.git.refs import Location

TIMEOUT_SECONDS = 300.0


def fetch(location: Location, remote: str = "origin") -> None:
    """Fetch what the remote's configuration says.

    Raises:
        GitError: git is not there, refused, asked for a password, or took five minutes.
    """
    try:
        done = run_git(
            location.common_dir,
            "fetch",
            "--quiet",
            remote,
            what="fetching",
            seconds=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"fetching from {remote} took more than five minutes") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in said if line.startswith(("fatal:", "error:"))), "")
        raise GitError(
            f"cannot fetch from {remote}: {reason.partition(': ')[2] or done.returncode}",
            f"try it by hand: git -C {location.path} fetch {remote}",
        )
