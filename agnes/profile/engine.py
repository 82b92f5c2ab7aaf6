"""The database that a profile is made in: bounded in memory and time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any

from agnes.errors import UnavailableError
from agnes.profile.subject import Subject

if TYPE_CHECKING:
    import duckdb

_MEMORY = "1GiB"
_THREADS = 2


@contextmanager
def engine(subject: Subject, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; what does not fit goes to a folder that is deleted afterwards.

    Raises:
        UnavailableError: the table's files cannot be read, or it takes too long.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="agnes-profile-") as folder:
        settings: dict[str, Any] = {
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            "temp_directory": folder,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        }
        with duckdb.connect(config=settings) as connection:
            timer = Timer(seconds, connection.interrupt)
            timer.start()
            try:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
            except duckdb.InterruptException:
                raise _failure(subject, f"it takes longer than {seconds:g} seconds") from None
            except duckdb.Error as error:
                raise _failure(subject, str(error).splitlines()[0]) from None
            finally:
                timer.cancel()
                timer.join()


def _failure(subject: Subject, reason: str) -> UnavailableError:
    for path in subject.files:
        reason = reason.replace(str(path), path.name)
    return UnavailableError(f"table {subject.table_id} cannot be profiled: {reason}")
