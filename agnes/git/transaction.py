"""Moving a branch in two steps: made ready first, so that afterwards nothing can prevent it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator

from agnes.config import git_environment
from agnes.errors import GitError
from agnes.git.client import find_git
from agnes.git.refs import Location


@contextlib.contextmanager
def ready_to_move(
    location: Location, branch: str, old: str, new: str
) -> Iterator[Callable[[], None]]:
    """Hold a branch where it is until it is moved.

    Git's own lock is held. If this process is killed, git notices and lets it go.

    Args:
        branch: full name.
        old: the commit that it is at.

    Returns:
        What moves it to `new`, to be called at most once.

    Raises:
        GitError: it is elsewhere, or somebody else holds it.
    """
    git = subprocess.Popen(
        [
            *(find_git("committing"), f"--git-dir={location.common_dir}"),
            *("-c", "core.fsync=committed,loose-object", "update-ref", "--stdin"),
        ],
        env=git_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        errors="replace",
    )
    with git:
        assert git.stdin is not None
        assert git.stdout is not None

        def say(text: str, done: str) -> None:
            assert git.stdin is not None
            assert git.stdout is not None
            assert git.stderr is not None
            with contextlib.suppress(BrokenPipeError):
                git.stdin.write(text)
                git.stdin.flush()
            if git.stdout.readline().strip() != done:
                reason = git.stderr.readline().strip().removeprefix("fatal: ")
                raise GitError(f"git does not move {branch}: {reason}")

        try:
            say("start\n", "start: ok")
            say(f"update {branch} {new} {old}\nprepare\n", "prepare: ok")
            yield lambda: say("commit\n", "commit: ok")
        finally:
            with contextlib.suppress(BrokenPipeError):
                git.stdin.close()  # aborts what was not committed
