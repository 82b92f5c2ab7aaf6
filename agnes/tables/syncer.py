"""Bringing data in, beside the answers: one table after the other, one process at a time."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from agnes.errors import AgnesError, NotFoundError
from agnes.tables.folder import DataFolder
from agnes.tables.registered import Registered
from agnes.tables.runs import Runs
from agnes.tables.schedule import is_due
from agnes.tables.sources import Fetched, Sources

LOG = logging.getLogger("agnes.tables")
SCHEDULE = "the schedule"
_SHOWN = 500
Hook = Callable[[Registered], None]


class Syncer:
    """Brings data in when it is asked to, or due.

    Args:
        tables: the registered tables now.
        after: called when the data of a table came that is to be profiled.
    """

    def __init__(
        self,
        folder: DataFolder,
        tables: Callable[[], Mapping[str, Registered]],
        sources: Sources,
        after: Hook | None = None,
    ) -> None:
        self.folder = folder
        self._tables = tables
        self._sources = sources
        self._after = after
        state = folder.path / "state"
        self._runs = Runs(state / "sync.sqlite")
        self._lock_path = state / "sync.lock"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._mutex = threading.Lock()
        self._unreadable: set[tuple[str, str]] = set()

    def trigger(self, table_ids: Iterable[str] | None, asked_by: str) -> dict[str, Any]:
        """Bring tables in, in the background.

        Args:
            table_ids: these; None for all whose data is to be here.

        Returns:
            the job, as `status` has it.

        Raises:
            NotFoundError: a table is not registered.
        """
        if table_ids is None:
            wanted = [table.id for table in self._tables().values() if table.is_fetched]
        else:
            wanted = [self._table(table_id).id for table_id in dict.fromkeys(table_ids)]
        job = secrets.token_hex(8)
        self._runs.enqueue(job, wanted, asked_by)
        self.start()
        return {"job": job, "tables": wanted}

    def run_due(self, now: datetime | None = None) -> list[str]:
        """Begin what is due, and what was left waiting; it does not wait for the end.

        Returns:
            the tables that are due.
        """
        now = now or datetime.now(UTC)
        tried = self._runs.tried()
        due = [
            table.id
            for table in self._tables().values()
            if table.schedule and table.is_fetched and self._is_due(table, tried, now)
        ]
        if due:
            self._runs.enqueue(secrets.token_hex(8), due, SCHEDULE)
        self.start()
        return due

    def start(self) -> None:
        """Work in a thread, if there is work and nobody does it."""
        with self._mutex:
            if self._stop.is_set() or (self._thread and self._thread.is_alive()):
                return
            if not self._runs.is_waiting() and not self._runs.is_running():
                return
            self._thread = threading.Thread(target=self._quietly, name="agnes-sync", daemon=True)
            self._thread.start()

    def stop(self, seconds: float = 5) -> None:
        """Begin nothing more; what is under way may end within some seconds."""
        self._stop.set()
        if self._thread:
            self._thread.join(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait until this process has nothing under way; whether it came to that."""
        if self._thread:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def work(self) -> int:
        """Do what waits, here and now, unless another process does.

        Returns:
            how many tables were tried.
        """
        done = 0
        # Whoever asked while the last one was being finished found the lock taken.
        while not self._stop.is_set() and (self._runs.is_waiting() or self._runs.is_running()):
            try:
                with FileLock(self._lock_path, timeout=0):
                    self._runs.recover()
                    self.folder.clear_litter()
                    done += self._drain()
            except Timeout:
                break
        return done

    def status(self, sees: Callable[[str], bool] = lambda _: True) -> dict[str, Any]:
        """What is under way, and how each table's last run ended.

        Args:
            sees: which tables may be told of.
        """
        self._heal()
        job = self._runs.last_job()
        of_job = self._runs.of_job(job) if job else []
        last = {id_: run for id_, run in self._runs.last().items() if sees(id_)}
        return {
            "running": any(run["state"] in ("queued", "running") for run in last.values()),
            "job": {
                "id": job,
                "tables": {
                    run["table_id"]: run["state"] for run in of_job if sees(run["table_id"])
                },
            }
            if job
            else None,
            "tables": last,
        }

    def _heal(self) -> None:
        """Nothing that runs in no process is said to run."""
        if self._runs.is_running():
            try:
                with FileLock(self._lock_path, timeout=0):
                    self._runs.recover()
            except Timeout:
                return
            self.start()

    def _quietly(self) -> None:
        try:
            self.work()
        except AgnesError as error:
            LOG.error("sync stopped", extra={"facts": {"error": error.message}})  # noqa: TRY400
        except Exception:
            LOG.exception("sync stopped")

    def _drain(self) -> int:
        done = 0
        while not self._stop.is_set() and (taken := self._runs.take()):
            self._run(*taken)
            done += 1
        return done

    def _run(self, run: int, table_id: str) -> None:
        LOG.info("sync begins", extra={"facts": {"table": table_id}})
        try:
            table = self._table(table_id)
            rows, size = self._bring(table)
        except AgnesError as error:
            said = error.message + (f" ({error.hint})" if error.hint else "")
            self._failed(run, table_id, said)
        except OSError as error:
            self._failed(run, table_id, f"cannot write the data: {error.strerror or error}")
        except Exception as error:  # one table's bug does not stop the others
            LOG.exception("sync failed", extra={"facts": {"table": table_id}})
            self._failed(run, table_id, f"an error of ours ({type(error).__name__})")
        else:
            self._runs.end(run, rows=rows, size_bytes=size)
            LOG.info("sync done", extra={"facts": {"table": table_id, "rows": rows}})
            self._tell(table)

    def _table(self, table_id: str) -> Registered:
        table = self._tables().get(table_id)
        if table is None:
            raise NotFoundError(f"Table '{table_id}' is not registered")
        return table

    def _bring(self, table: Registered) -> tuple[int, int]:
        there = self.folder.entry(table.id)
        if table.source_type == "local" and not table.source_table and there:
            try:
                self._sources.local_file(table)
            except NotFoundError:
                return there.rows or 0, there.size_bytes  # put in its place by hand
        with self.folder.incoming() as folder:
            fetched: Fetched = self._sources.fetch(table, folder)
            entry = self.folder.put(table.id, fetched.file, fetched.rows)
        return fetched.rows, entry.size_bytes

    def _failed(self, run: int, table_id: str, error: str) -> None:
        LOG.warning("sync failed", extra={"facts": {"table": table_id, "error": error}})
        self._runs.end(run, error=error[:_SHOWN])

    def _tell(self, table: Registered) -> None:
        if self._after is None or not table.profiled:
            return
        try:
            self._after(table)
        except Exception:
            LOG.exception("after a sync", extra={"facts": {"table": table.id}})

    def _is_due(self, table: Registered, tried: Mapping[str, datetime], now: datetime) -> bool:
        assert table.schedule is not None
        try:
            return is_due(table.schedule, tried.get(table.id), now)
        except AgnesError as error:
            if (table.id, table.schedule) not in self._unreadable:
                self._unreadable.add((table.id, table.schedule))
                facts = {"table": table.id, "error": error.message}
                LOG.warning("never due", extra={"facts": facts})
            return False
