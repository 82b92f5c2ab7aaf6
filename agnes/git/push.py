"""Pushing to a remote by git's own client, so that its credential helpers and proxies work."""

from __future__ import annotations

import re
import subprocess

from agnes.errors import ConflictError, UnavailableError
from agnes.git.client import run_git
from agnes.git.refs import Location

TIMEOUT_SECONDS = 60.0
_REFUSED = re.compile(r"^!\t\S+\t\[(remote )?rejected\] \((.*)\)$", re.MULTILINE)
# What a remote says where another push was faster by a moment.
_RACED = re.compile(r"lock|update ref|old value|already exists|fetch first")


def push(location: Location, remote: str, commit: str, branch: str, expected: str | None) -> bool:
    """Set a remote's branch to a commit, if it is where it is expected to be.

    The ref here that stands for the branch is set too, by git.

    Args:
        branch: full name of the branch there.
        expected: the commit that it is thought to be at; None if it is thought not to exist.

    Returns:
        False when it is elsewhere by now, and nothing was done.

    Raises:
        ConflictError: the remote does not want it: a hook, a protected branch.
        UnavailableError: the remote does not answer; whether it has the commit is not known.
        GitError: git is not there.
    """
    try:
        done = run_git(
            location.common_dir,
            *("-c", f"remote.{remote}.mirror=false"),  # or nothing less than all could be pushed
            *("push", "--porcelain", "--no-verify", "--no-follow-tags"),
            f"--force-with-lease={branch}:{expected or ''}",
            remote,
            f"{commit}:{branch}",
            what="pushing",
            seconds=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"pushing to {remote} took more than a minute") from None
    if not done.returncode:
        return True
    refused = _REFUSED.search(done.stdout)
    if refused is None:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in said if line.startswith(("fatal:", "error:"))), "")
        raise UnavailableError(
            f"cannot push to {remote}: {reason.partition(': ')[2] or done.returncode}",
            f"try it by hand: git -C {location.path} push --dry-run {remote}",
        )
    by_remote, reason = refused.groups()
    if not by_remote or _RACED.search(reason):
        return False
    raise ConflictError(
        f"{remote} refuses the push to {branch.removeprefix('refs/heads/')}: {reason}",
        "where the branch is protected, set `write_mode: branch` in agnes.yml",
    )
