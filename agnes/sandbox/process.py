"""One child process: started, asked, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

import agnes
from agnes.sandbox import wire

_BOOT = (
    "import sys; sys.path += sys.argv[1:];"
    " from agnes.sandbox.child.main import main; main()"
)  # fmt: skip


class GoneError(Exception):
    """The child hung up, or said something that it never says.

    Args:
        out_of_time: the kernel ended it for its processor time.
    """

    def __init__(self, out_of_time: bool = False) -> None:
        super().__init__()
        self.out_of_time = out_of_time


class Child:
    """A child that has been launched; it may still be starting.

    Args:
        setup: its first request.
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT, *roots()]
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        with contextlib.suppress(OSError):  # its death is noticed when the answer is waited for
            self._socket.sendall(wire.frame(setup))

    @property
    def alive(self) -> bool:
        """Whether it is there to be asked."""
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        """Send a request and wait for the answer.

        Raises:
            TimeoutError: there is none yet.
            GoneError: there will be none.
        """
        return self._exchange(wire.frame(request), seconds)

    def answer(self, seconds: float) -> Any:
        """Wait for the answer to the request that was sent when the child was launched."""
        return self._exchange(b"", seconds)

    def hang_up(self) -> None:
        """Let whoever waits for an answer, in another thread, find that it is gone."""
        with contextlib.suppress(OSError):  # closed already
            self._socket.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End it and whatever it might have started."""
        if self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()

    def _exchange(self, request: bytes, seconds: float) -> Any:
        deadline = monotonic() + seconds
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(request)
            (size,) = wire.HEADER.unpack(self._receive(wire.HEADER.size, deadline))
            return wire.loads(self._receive(size, deadline))
        except TimeoutError:
            raise
        except (OSError, ValueError, RecursionError):
            self.kill()
            raise GoneError(self._process.returncode == -signal.SIGXCPU) from None

    def _receive(self, size: int, deadline: float) -> bytearray:
        if size > wire.FRAME_BYTES:
            raise ValueError(size)
        received = bytearray()
        while len(received) < size:
            left = deadline - monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            part = self._socket.recv(min(size - len(received), 1 << 20))
            if not part:
                raise ConnectionResetError
            received += part
        return received


def roots() -> list[str]:
    """The folders that hold `agnes` and `_duckdb`: an isolated Python sees no installed package."""
    duckdb = find_spec("_duckdb")
    assert duckdb is not None
    assert duckdb.origin is not None
    found = (Path(agnes.__file__).parent.parent, Path(duckdb.origin).parent)
    return [str(path.absolute()) for path in dict.fromkeys(found)]
