"""An engine that Ibis connects to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from threading import Lock
from typing import Any, Self

from agnes.engines.sessions import SESSIONS, Rows, Session, is_timeout
from agnes.engines.values import as_duckdb, type_of
from agnes.errors import AgnesError, SandboxError, UnavailableError, UntranslatableError, UsageError
from agnes.model.engine import SCHEMES, secrets_in, split_url, without_secrets
from agnes.sandbox import Column, Limits, Result
from agnes.sql.problem import RefusedSqlError
from agnes.sql.translation.kinds import Kind
from agnes.sql.transpile import Translation, translate

LIMITS = Limits(seconds=300, memory_mb=4096, rows=200_000)
_EXTRA = "pip install 'agnes[engines]'"
_SPELLED = {"INT": "INTEGER", "TEXT": "VARCHAR", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
"""Types as DuckDB itself writes them."""
_PACKAGES = {"spark": "pyspark"}
_SHOWN = 500


def open_engine(url: str, limits: Limits = LIMITS) -> IbisEngine:
    """Connect to an engine.

    Args:
        url: `postgres://user@host/database`, or another that `ibis.connect` takes.
        limits: of each query; memory is the engine's own affair.

    Raises:
        UsageError: it is no address of an engine.
        UnavailableError: Ibis or the driver is not installed, or nothing answers there.
    """
    dialect = _dialect(url)
    secrets = secrets_in(split_url(url))
    shown = without_secrets(url)
    if dialect not in SESSIONS:
        raise UsageError(f"{shown} is no other engine", "name a folder of parquet files: --data")
    kind = SESSIONS[dialect]
    try:
        import ibis  # noqa: F401
    except ModuleNotFoundError:
        raise UnavailableError("other engines need Ibis, which is not installed", _EXTRA) from None
    package = _PACKAGES.get(dialect, dialect)
    try:
        session = kind.connect(split_url(url)._replace(scheme=package), limits)
    except ImportError as error:
        hint = f"pip install 'ibis-framework[{package}]'"
        message = (
            f"the driver for {package}:// is not installed: {error.name or _said(error, secrets)}"
        )
        raise UnavailableError(message, hint) from None
    except Exception as error:  # noqa: BLE001 -- drivers have no common one
        message = f"{shown} does not answer: {_said(error, secrets)}"
        raise UnavailableError(message, "see docs/engines.md") from None
    return IbisEngine(session, dialect, shown, secrets)


def _dialect(url: str) -> str:
    try:
        return SCHEMES[split_url(url).scheme]
    except ValueError as error:
        hint = "for example postgres://user@host/database"
        raise UsageError(f"the address of the engine {error}", hint) from None


class IbisEngine:
    """A session with an engine; see `agnes.compute.engine.Engine`.

    Args:
        dialect: what is spoken there.
        name: its address without passwords: what a receipt calls it.
        secrets: what no message may say.
    """

    def __init__(self, session: Session, dialect: str, name: str, secrets: list[str]) -> None:
        self.name = name
        self._dialect = dialect
        self._session = session
        self._secrets = secrets
        self._lock = Lock()
        self._cancelled = False
        self._columns: dict[str, list[Column]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> Result:
        """Run one SELECT.

        Args:
            sql: in DuckDB's dialect.
            parameters: a value for each `$name` in it.
            limit: the most rows to return.

        Raises:
            SandboxError: it was refused, failed, or took too long.
        """
        rows = self._session.limits.rows
        most = rows if limit is None else min(limit, rows)
        found = self._translate(sql, parameters, most and most + 1)
        with self._lock:
            if self._cancelled:
                raise _cancelled()
            try:
                with self._session.run(found.sql) as answer:
                    return _result(answer, found.names, found.kinds, most)
            except AgnesError:
                raise
            except Exception as error:  # noqa: BLE001 -- drivers have no common one
                raise self._failed(error) from None

    def compile(self, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """What is sent for a SELECT, its parameters written into it.

        Raises:
            SandboxError: it is refused.
        """
        return self._translate(sql, parameters, None).sql

    def columns(self, table: str) -> list[Column]:
        """The columns of a table, with the types that DuckDB would have for them.

        Raises:
            SandboxError: there is no such table.
        """
        if table not in self._columns:
            with self._lock:
                self._columns[table] = self._look_up(table)
        return self._columns[table]

    def cancel(self) -> None:
        """From another thread: end what runs, and what is asked from now on."""
        self._cancelled = True
        with suppress(Exception):  # what has ended already needs no end
            self._session.cancel()

    def close(self) -> None:
        """End the session."""
        with suppress(Exception):  # what is gone already is closed
            self._session.connection.disconnect()

    def _translate(
        self, sql: str, parameters: Mapping[str, Any] | None, most: int | None
    ) -> Translation:
        try:
            return translate(sql, self._dialect, parameters, self._schema, most)
        except RefusedSqlError as refused:
            problem = refused.problems[0]
            raise SandboxError(
                "refused",
                problem.message,
                problem.place.start,
                problem.place.length or None,
                hint=problem.hint,
            ) from None
        except (UntranslatableError, UsageError) as error:
            raise SandboxError("refused", error.message, hint=error.hint) from None

    def _schema(self, table: str) -> dict[str, str]:
        return {column.name: column.type for column in self.columns(table)}

    def _look_up(self, table: str) -> list[Column]:
        from ibis.backends.sql.datatypes import DuckDBType

        spelled = [table, table.lower(), table.upper()]
        error: Exception | None = None
        for name in dict.fromkeys(reversed(spelled) if self._dialect == "snowflake" else spelled):
            try:
                schema = self._session.schema(name)
            except Exception as found:  # noqa: BLE001 -- drivers have no common one
                error = error or found
                continue
            return [Column(it, _type(DuckDBType, dtype)) for it, dtype in schema.items()]
        assert error is not None
        if is_timeout(error):
            raise self._failed(error)
        message = f"{self._dialect} has no table {table!r} that can be read here"
        raise SandboxError("failed", message, hint="docs/engines.md says which table a name means")

    def _failed(self, error: Exception) -> SandboxError:
        if self._cancelled:
            return _cancelled()
        if is_timeout(error):
            seconds = self._session.limits.seconds
            hint = "ask for less: fewer rows, a filter, an aggregate"
            return SandboxError("timeout", f"it took longer than {seconds:g} seconds", hint=hint)
        return SandboxError("failed", f"{self._dialect}: {_said(error, self._secrets)}")


def _cancelled() -> SandboxError:
    return SandboxError("crashed", "the query was cancelled")


def _result(answer: Rows, names: list[str] | None, kinds: list[Kind | None], most: int) -> Result:
    rows = list(islice(answer.rows, most + 1))
    width = len(answer.names)
    if names is None or len(names) != width:
        names, kinds = answer.names, [None] * width
    values = [
        tuple(as_duckdb(value, kind) for value, kind in zip(row, kinds, strict=True))
        for row in rows[:most]
    ]
    columns = tuple(
        Column(name or answer.names[at], type_of(kinds[at], (row[at] for row in values)))
        for at, name in enumerate(names)
    )
    return Result(columns, tuple(values), len(rows) > most)


def _type(mapper: Any, dtype: Any) -> str:
    """The DuckDB type for one of Ibis; one that DuckDB does not have is not known."""
    try:
        written = str(mapper.to_string(dtype)).replace(", ", ",")
    except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError):
        return '"NULL"'
    name = re.sub(r"^(TIMESTAMP|TIMESTAMPTZ)\(\d\)$", r"\1", written)
    return _SPELLED.get(name, name)


def _said(error: BaseException, secrets: list[str]) -> str:
    """The first line of what a driver says, and of what Java says through it."""
    lines = [line.strip(": ") for line in str(error).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        del lines[0]
    said = (lines or [type(error).__name__])[0][:_SHOWN]
    for secret in secrets:
        said = said.replace(secret, "***")
    return said
