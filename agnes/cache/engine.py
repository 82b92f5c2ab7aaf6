"""One DuckDB per process for the files that are being built.

Starting a DuckDB takes 10 to 15 ms; attaching a file to one that runs takes half a millisecond, and
a snapshot that is being built is opened twice: to write it, and to see that it reads back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _duckdb as duckdb

_NAMES = count()
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "temp_directory": "",  # else what does not fit into memory goes to the current folder
    "checkpoint_threshold": "0KB",  # a commit goes into the file at once, not by way of a log
}


class _Engine:
    """The DuckDB of this process, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._running is None:
                import _duckdb as duckdb

                self._running = duckdb.connect(config=_CONFIG)
            return self._running.cursor()

    def forget(self) -> None:
        """Start anew next time: a fatal error takes a whole DuckDB out of service."""
        with self._lock:
            self._running = None


_ENGINE = _Engine()


def warm() -> None:
    """Start the DuckDB beside what this thread goes on to import."""

    def start() -> None:
        with contextlib.suppress(Exception):  # who needs it will meet the error, and tell it
            _ENGINE.cursor().close()

    Thread(target=start, daemon=True).start()


@contextlib.contextmanager
def attached(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose tables are those of a file; the file is closed when the block ends.

    Args:
        path: a file that nobody else has open; unless `read_only`, it is created if need be.

    Raises:
        duckdb.Error: the file is damaged, or cannot be written.
    """
    connection = _ENGINE.cursor()
    name = f"file_{next(_NAMES)}"
    quoted = str(path).replace("'", "''")
    try:
        mode = "READ_ONLY" if read_only else "READ_WRITE"
        connection.execute(f"ATTACH '{quoted}' AS {name} ({mode})")
        connection.execute(f"USE {name}")
        yield connection
        connection.execute("USE memory")
        connection.execute(f"DETACH {name}")
    except BaseException:
        _ENGINE.forget()
        raise
    finally:
        connection.close()
