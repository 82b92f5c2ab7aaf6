"""Fetching from a remote by git's own client, so that its credential helpers and proxies work."""

from __future__ import annotations

import subprocess
from shutil import which

from agnes.config import git_environment
from agnes.errors import GitError
from agnes.git.refs import Location

TIMEOUT_SECONDS = 300.0


def fetch(location: Location, remote: str = "origin") -> None:
    """Fetch what the remote's configuration says.

    Raises:
        GitError: git is not there, refused, asked for a password, or took five minutes.
    """
    git = which("git")
    if git is None:
        raise GitError("git is not on the PATH", "install it: fetching is done by git itself")
    command = [git, "--git-dir", str(location.common_dir), "fetch", "--quiet", remote]
    try:
        done = subprocess.run(
            command,
            env=git_environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # without a terminal, where ssh would ask for a password
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=TIMEOUT_SECONDS,
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
