"""Git's own merge of three versions of a text."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from agnes.errors import GitError

_BINARY = 128
_NAMES = ("ours", "base", "theirs")


def merge_text(base: bytes, ours: bytes, theirs: bytes, size: int) -> tuple[bytes, bool]:
    """Merge by lines.

    Args:
        size: how long conflict markers are.

    Returns:
        The text, and whether there was no conflict; ours where it is not text.

    Raises:
        GitError: git is not there.
    """
    with TemporaryDirectory(prefix="agnes-merge-") as folder:
        for name, content in zip(_NAMES, (ours, base, theirs), strict=True):
            (Path(folder) / name).write_bytes(content)
        labels = [part for name in _NAMES for part in ("-L", name)]
        paths = [str(Path(folder) / name) for name in _NAMES]
        command = ["git", "merge-file", "-p", f"--marker-size={size}", *labels, *paths]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError as error:
            raise GitError(f"cannot run git: {error.strerror}") from None
    if done.returncode >= _BINARY:
        return ours, False
    return done.stdout, done.returncode == 0
