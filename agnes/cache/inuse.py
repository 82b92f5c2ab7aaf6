"""Which snapshots are open somewhere, so that they are not collected.

DuckDB locks a file that it has open. The kernel lists these locks, and asking for the list disturbs
nobody; opening the file and closing it again would drop this process's own lock. Elsewhere than on
Linux a reader keeps its open file all the same, but cannot open it a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_LOCK = re.compile(r"\d+: (?:-> )?(?:POSIX|OFDLCK|FLOCK) .* [0-9a-f]+:[0-9a-f]+:(\d+) \d+ \w+")


def in_use(paths: Iterable[Path]) -> set[Path]:
    """The files that some process on this machine has open with DuckDB."""
    try:
        listed = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return set()
    inodes = {int(inode) for inode in _LOCK.findall(listed)}
    return {path for path in paths if _inode(path) in inodes}


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
