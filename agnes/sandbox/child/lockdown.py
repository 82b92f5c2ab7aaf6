"""What the operating system forbids the child."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from math import ceil
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

# The same numbers on every architecture.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
_READ_FILE = 1 << 2
# What each version of Landlock added: rights on files, on TCP ports, scopes (signals and sockets).
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
_TCP_RIGHTS = {4: 2}
_SCOPES = {6: 2}


def lock_down(files: Iterable[str], memory_mb: int) -> bool:
    """Take everything from this process that running a query does not need.

    Landlock holds for the thread that asks for it and those that it starts later, so this must be
    the only one.

    Args:
        files: absolute paths of what may still be read.
        memory_mb: address space above what the process has now (Linux only).

    Returns:
        whether Landlock is in force; everything else always is.
    """
    paths = list(files)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 64 + len(paths))
    if sys.platform != "linux":
        return False
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_mb * 1024 * 1024)
    libc = ctypes.CDLL(None, use_errno=True)
    # When the thread that started the child ends, the child ends too: the parent starts another.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return _landlock(libc, paths)


def _limit(resource_number: int, most: int) -> None:
    most = _allowed(resource_number, most)
    resource.setrlimit(resource_number, (most, most))


def _allowed(resource_number: int, most: int) -> int:
    """A limit, or the lower one that this process was started with and cannot raise."""
    _, hard = resource.getrlimit(resource_number)
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def _landlock(libc: ctypes.CDLL, files: Iterable[str]) -> bool:
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False

    def rights(since: dict[int, int]) -> int:
        bits: int = max((count for first, count in since.items() if first <= version), default=0)
        return (1 << bits) - 1

    handled = struct.pack("=QQQ", rights(_FILE_RIGHTS), rights(_TCP_RIGHTS), rights(_SCOPES))
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, handled, len(handled), 0)
    for path in files:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # DuckDB says it better, when the table is used
        rule = struct.pack("=Qi", _READ_FILE, file)
        libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0)
        os.close(file)
    done: int = libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return done == 0


def limit_seconds(seconds: float) -> None:
    """Let the kernel end the process if the next statement outlives its parent's deadline."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = _allowed(resource.RLIMIT_CPU, ceil(used.ru_utime + used.ru_stime + seconds) + 1)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
