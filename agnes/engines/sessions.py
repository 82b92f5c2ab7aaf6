"""What differs from engine to engine: how a session begins, and how rows come out of it.

Every session is in UTC, ends queries at a deadline, and writes nothing where the engine can be told
so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import SplitResult, parse_qsl
from uuid import uuid4

from agnes.model.engine import written
from agnes.sandbox import Limits

_CONNECT_SECONDS = 15
_AGAIN_SECONDS = 0.5
_OUT_OF_TIME = (
    *("canceling statement due to statement timeout", "query exceeded the maximum run time"),
    *("reached its statement or warehouse timeout", "job timed out", "cancelled job group"),
)


_SPARK_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.groupByAliases": "true",
    "spark.sql.groupByOrdinal": "true",
}


@dataclass(frozen=True)
class Rows:
    """What an engine answers: the names of columns, and rows."""

    names: list[str]
    rows: Iterable[tuple[Any, ...]]


class Session:
    """A connection of Ibis to an engine whose driver is as the Python Database API has it.

    Args:
        connection: the Ibis backend.
        limits: of each query.
    """

    def __init__(self, connection: Any, limits: Limits) -> None:
        self.connection = connection
        self.limits = limits

    @classmethod
    def connect(cls, url: SplitResult, limits: Limits) -> Self:
        """Connect; any exception where that fails.

        Args:
            url: with the scheme that Ibis knows.
        """
        import ibis

        return cls(ibis.connect(written(url), **cls.options(limits)), limits)

    @staticmethod
    def options(limits: Limits) -> dict[str, Any]:  # noqa: ARG004
        """What Ibis is told when it connects."""
        return {}

    @contextmanager
    def run(self, sql: str) -> Iterator[Rows]:
        """Run a query; its rows can be read until the block ends."""
        cursor = self.connection.raw_sql(sql)
        try:
            yield Rows([column[0] for column in cursor.description], _fetched(cursor))
        finally:
            cursor.close()

    def schema(self, table: str) -> Any:
        """The Ibis schema of a table; any exception where there is none."""
        return self.connection.get_schema(table)

    def cancel(self) -> None:
        """From another thread: end what runs, where the driver can; else the deadline does."""


class Postgres(Session):
    """Transactions are read-only, and the server ends what takes too long."""

    @staticmethod
    def options(limits: Limits) -> dict[str, Any]:
        """Settings of the session, from its start."""
        settings = {
            "statement_timeout": round(limits.seconds * 1000),
            "default_transaction_read_only": "on",
            "standard_conforming_strings": "on",
        }
        told = " ".join(f"-c {key}={value}" for key, value in settings.items())
        return {"options": told, "connect_timeout": _CONNECT_SECONDS}

    def cancel(self) -> None:
        """End what runs."""
        self.connection.con.cancel()


class Trino(Session):
    """The coordinator ends what takes too long."""

    @staticmethod
    def options(limits: Limits) -> dict[str, Any]:
        """Properties of the session."""
        seconds = f"{max(round(limits.seconds), 1)}s"
        return {"session_properties": {"query_max_run_time": seconds}, "timezone": "UTC"}


class Snowflake(Session):
    """Weeks begin on Mondays; nothing is made in the database."""

    @staticmethod
    def options(limits: Limits) -> dict[str, Any]:
        """Parameters of the session."""
        parameters = {
            "STATEMENT_TIMEOUT_IN_SECONDS": max(round(limits.seconds), 1),
            "TIMEZONE": "UTC",
            "WEEK_START": 1,
        }
        return {"session_parameters": parameters, "create_object_udfs": False}


class BigQuery(Session):
    """Each query is a job with a deadline."""

    @contextmanager
    def run(self, sql: str) -> Iterator[Rows]:
        """Run a job."""
        from google.cloud.bigquery import QueryJobConfig

        config = QueryJobConfig(job_timeout_ms=round(self.limits.seconds * 1000))
        found = self.connection.raw_sql(sql, query_job_config=config)
        yield Rows([field.name for field in found.schema], (tuple(row.values()) for row in found))


class Spark(Session):
    """Numbers that overflow are errors, decimals lose no places, and a timer ends the job."""

    @classmethod
    def connect(cls, url: SplitResult, limits: Limits) -> Self:
        """Begin a session that is as strict as DuckDB is.

        Ibis would set what the address says a second time, which Spark forbids of most settings.
        """
        import ibis
        from pyspark.sql import SparkSession

        builder = SparkSession.builder
        for key, value in parse_qsl(url.query):
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        for key, value in _SPARK_SETTINGS.items():
            session.conf.set(key, value)
        return cls(ibis.pyspark.connect(session), limits)

    def cancel(self) -> None:
        """End all jobs."""
        context = getattr(self._spark, "sparkContext", None)
        _ = context.cancelAllJobs() if context else self._spark.interruptAll()

    @property
    def _spark(self) -> Any:
        return self.connection._session  # noqa: SLF001 -- Ibis has no other way to it

    @contextmanager
    def run(self, sql: str) -> Iterator[Rows]:
        """Run jobs, as a group that the timer can cancel."""
        context, group = getattr(self._spark, "sparkContext", None), f"agnes-{uuid4().hex}"
        if context is not None:
            context.setJobGroup(group, "agnes", interruptOnCancel=True)
        cancel = partial(context.cancelJobGroup, group) if context else self._spark.interruptAll
        with _deadline(self.limits.seconds, cancel):
            frame = self.connection.raw_sql(sql)
            instants = [field.dataType.typeName() == "timestamp" for field in frame.schema]
            rows = (
                tuple(
                    _instant(value) if is_instant else value
                    for value, is_instant in zip(row, instants, strict=True)
                )
                for row in frame.collect()
            )
            yield Rows(frame.columns, rows)

    def schema(self, table: str) -> Any:
        """The schema of a table whose name may hold dots."""
        quoted = table.replace("`", "``")
        return self.connection.get_schema(f"`{quoted}`")


SESSIONS: dict[str, type[Session]] = {
    "postgres": Postgres,
    "spark": Spark,
    "trino": Trino,
    "bigquery": BigQuery,
    "snowflake": Snowflake,
}
"""By the dialect."""


@contextmanager
def _deadline(seconds: float, cancel: Callable[[], object]) -> Iterator[None]:
    """Cancel what a block waits for when its time is over.

    Again and again: a query may just be between two jobs, or busy with one that is not its own.
    """
    done = Event()

    def watch() -> None:
        over = done.wait(seconds)
        while not over:
            cancel()
            over = done.wait(_AGAIN_SECONDS)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def is_timeout(error: BaseException) -> bool:
    """Whether a driver's error says that the deadline was reached."""
    said = str(error).lower()
    return any(words in said for words in _OUT_OF_TIME)


def _fetched(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while chunk := cursor.fetchmany(1000):
        yield from map(tuple, chunk)


def _instant(value: datetime | None) -> datetime | None:
    """PySpark gives instants in the time zone of this machine, without saying so."""
    return None if value is None else value.astimezone(UTC)
