"""The record of what is brought in: queued, running, done or failed, for all processes to see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from agnes.errors import UnavailableError

Outcome = Literal["queued", "running", "done", "failed"]
TRIES = 2
"""How often a run is begun that a crash ends: it may be what crashes."""
KEPT = 20
"""Runs of each table that are kept."""
_PUBLIC = "job, table_id, state, rows, size_bytes, queued, started, finished, error"
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS run (
        id INTEGER PRIMARY KEY,
        job TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        table_id TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued',
        tries INTEGER NOT NULL DEFAULT 0,
        rows INTEGER,
        size_bytes INTEGER,
        queued TEXT NOT NULL,
        started TEXT,
        finished TEXT,
        error TEXT
    );
    CREATE UNIQUE INDEX IF NOT EXISTS one_queued ON run (table_id) WHERE state = 'queued';
    CREATE INDEX IF NOT EXISTS by_table ON run (table_id, id);
"""


class Runs:
    """The record.

    Args:
        path: an SQLite file; it is made when it is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made = False

    def enqueue(self, job: str, table_ids: Iterable[str], asked_by: str) -> None:
        """Note that tables are to be brought in; those that wait already go on waiting."""
        rows = [(job, asked_by, table_id, _now()) for table_id in table_ids]
        with self._database() as database:
            database.executemany(
                "INSERT INTO run (job, asked_by, table_id, queued) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET job = excluded.job",
                rows,
            )

    def take(self) -> tuple[int, str] | None:
        """Begin the next run; None when nothing waits.

        Returns:
            its number and its table.
        """
        with self._database() as database:
            found = database.execute(
                "UPDATE run SET state = 'running', started = ?, tries = tries + 1 "
                "WHERE id = (SELECT min(id) FROM run WHERE state = 'queued') "
                "RETURNING id, table_id",
                (_now(),),
            ).fetchone()
        return (found[0], found[1]) if found else None

    def end(
        self,
        run: int,
        *,
        rows: int | None = None,
        size_bytes: int | None = None,
        error: str | None = None,
    ) -> None:
        """Note how a run ended."""
        state = "failed" if error is not None else "done"
        with self._database() as database:
            database.execute(
                "UPDATE run SET state = ?, rows = ?, size_bytes = ?, error = ?, finished = ? "
                "WHERE id = ?",
                (state, rows, size_bytes, error, _now(), run),
            )
            database.execute(
                "DELETE FROM run WHERE id IN (SELECT id FROM run WHERE state IN ('done', 'failed') "
                "AND table_id = (SELECT table_id FROM run WHERE id = ?) "
                "ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (run, KEPT),
            )

    def recover(self) -> None:
        """Nothing runs, whatever is written: let it wait again, or give it up."""
        with self._database() as database:
            database.execute(
                "UPDATE run SET state = 'failed', finished = ?, "
                "error = 'the server ended while it ran' WHERE state = 'running' "
                "AND (tries >= ? OR table_id IN (SELECT table_id FROM run WHERE state = 'queued'))",
                (_now(), TRIES),
            )
            database.execute(
                "UPDATE run SET state = 'queued', started = NULL WHERE state = 'running'"
            )

    def is_waiting(self) -> bool:
        """Whether there is something to do."""
        with self._database() as database:
            found = database.execute("SELECT 1 FROM run WHERE state = 'queued' LIMIT 1").fetchone()
        return found is not None

    def is_running(self) -> bool:
        """Whether something runs, or did when its process ended."""
        with self._database() as database:
            found = database.execute("SELECT 1 FROM run WHERE state = 'running' LIMIT 1").fetchone()
        return found is not None

    def of_job(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job."""
        return self._rows("WHERE job = ? ORDER BY id", job)

    def last(self) -> dict[str, dict[str, Any]]:
        """The last run of each table."""
        rows = self._rows("WHERE id IN (SELECT max(id) FROM run GROUP BY table_id)")
        return {row["table_id"]: row for row in rows}

    def last_job(self) -> str | None:
        """The job that was asked for last."""
        with self._database() as database:
            found = database.execute("SELECT job FROM run ORDER BY id DESC LIMIT 1").fetchone()
        return str(found[0]) if found else None

    def tried(self) -> dict[str, datetime]:
        """When each table was asked for last."""
        with self._database() as database:
            found = database.execute(
                "SELECT table_id, max(queued) FROM run GROUP BY table_id"
            ).fetchall()
        return {table_id: datetime.fromisoformat(at) for table_id, at in found}

    def _rows(self, condition: str, *values: str) -> list[dict[str, Any]]:
        with self._database() as database:
            cursor = database.execute(f"SELECT {_PUBLIC} FROM run {condition}", values)  # noqa: S608
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """A connection, and a transaction that is on the disk when the block has ended."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=30)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            if not self._made:
                database.executescript(_SCHEMA)
                self._made = True
            with database:
                yield database
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            database.close()

    def _unusable(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"cannot use {self._path.name}: {error}",
            "free some space, or fix the permissions of the data folder",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
