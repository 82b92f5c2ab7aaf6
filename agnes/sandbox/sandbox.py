"""The sandbox as its caller sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from agnes.errors import SandboxError, UsageError
from agnes.sandbox.process import Child, GoneError
from agnes.sandbox.terms import Column, EmptyTable, Limits, ParquetTable, Result
from agnes.sandbox.wire import decode, encode

_T = TypeVar("_T")
_START_SECONDS = 30  # for every table together; what is read then are schemas
_NO_ANSWER = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading an answer raises that is none."""
_BROKEN = ("timeout", "memory", "crashed")


class Sandbox:
    """A place to bind and run SQL that is not trusted; close it, or use it as a context manager.

    It starts at once and does not wait for it. A child that was killed, or whose parquet files
    were replaced, is followed by a new one at the next call. Not for several threads at a time,
    `cancel` excepted; several sandboxes are.

    Args:
        tables: what the SQL may read. A table that cannot be set up (no such file, no such type) is
            an error of the statements that use it.
        limits: of each statement.
    """

    def __init__(
        self, tables: Iterable[EmptyTable | ParquetTable] = (), limits: Limits | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._tables = [_plain(table) for table in tables]
        self._files = [Path(path) for table in self._tables for path in table.get("files", ())]
        self._child: Child | None = None
        self._ready = False
        self._cancelled = False
        self._versions: list[tuple[int, int, int] | None] = []
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Launch the child if there is none, without waiting for it."""
        versions = self._found()
        if self._child and self._child.alive and versions == self._versions:
            return
        self.close()
        self._versions = versions
        limits = self._limits
        setup = {
            "tables": self._tables,
            "memory_mb": limits.memory_mb,
            "seconds": limits.seconds,
        }
        self._child = Child(setup)
        if self._cancelled:  # while it was launched
            self._child.hang_up()

    @property
    def is_stale(self) -> bool:
        """Whether a file was replaced since the child opened it; it may not read the new one."""
        return self._found() != self._versions

    def cancel(self) -> None:
        """From another thread: end what runs, at once and for good. It fails as `crashed`."""
        self._cancelled = True
        if child := self._child:
            child.hang_up()

    def close(self) -> None:
        """End the child. A later call starts another."""
        if self._child:
            self._child.kill()
        self._child, self._ready = None, False

    def describe(self, sql: str) -> list[Column]:
        """The columns that a SELECT would return; it is bound and not run.

        Raises:
            SandboxError: it cannot be bound, or not within the limits.
        """
        return self._ask({"sql": sql}, _columns)

    def query(
        self, sql: str, limit: int | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Result:
        """Run a SELECT.

        Args:
            sql: one statement.
            limit: the most rows to return, not above that of the sandbox.
            parameters: a value for each `$name` in it, of the types that a row may have.

        Raises:
            SandboxError: it cannot be run, or not within the limits.
        """
        if limit is not None and limit < 0:
            raise UsageError(f"a limit of {limit} rows is below zero")
        most = self._limits.rows if limit is None else min(limit, self._limits.rows)
        bound = {name: encode(value) for name, value in (parameters or {}).items()}
        return self._ask({"sql": sql, "limit": most, "parameters": bound}, _result)

    def _found(self) -> list[tuple[int, int, int] | None]:
        return [_version(path) for path in self._files]

    def _ask(self, request: dict[str, Any], read: Callable[[Any], _T]) -> _T:
        self._admit(request["sql"])
        try:
            answer = self._exchange(request)
            if "kind" not in answer:
                return read(answer)
            for path in self._files:
                answer["message"] = answer["message"].replace(str(path), path.name)
            error = SandboxError(**answer)
        except TimeoutError:
            error = self._timeout()
        except GoneError as gone:
            error = self._timeout() if gone.out_of_time else _crash()
        except _NO_ANSWER:
            error = _crash()
        except BaseException:
            self.close()  # what an interrupted request is answered is not for the next one
            raise
        if error.kind in _BROKEN:
            self.close()
        raise error

    def _exchange(self, request: dict[str, Any]) -> Any:
        self.start()
        assert self._child is not None
        if not self._ready:
            try:
                self._child.answer(_START_SECONDS)
            except TimeoutError:
                raise GoneError from None
            self._ready = True
        return self._child.ask(request, self._limits.seconds)

    def _admit(self, sql: str) -> None:
        try:
            size = len(sql.encode())
        except UnicodeEncodeError as error:
            raise SandboxError("refused", "the SQL is not Unicode text", error.start) from None
        if size > self._limits.sql_bytes:
            raise SandboxError(
                "refused", f"the SQL has {size} bytes, and {self._limits.sql_bytes} are allowed"
            )

    def _timeout(self) -> SandboxError:
        return SandboxError("timeout", f"it took longer than {self._limits.seconds:g} seconds")


def _crash() -> SandboxError:
    return SandboxError("crashed", "the sandbox ended before it answered")


def _columns(answer: Any) -> list[Column]:
    return [Column(str(name), str(kind)) for name, kind in answer["columns"]]


def _result(answer: Any) -> Result:
    rows = tuple(tuple(map(decode, row)) for row in answer["rows"])
    reads = tuple(map(str, answer["reads"]))
    return Result(tuple(_columns(answer)), rows, bool(answer["truncated"]), reads)


def _plain(table: EmptyTable | ParquetTable) -> dict[str, Any]:
    if isinstance(table, EmptyTable):
        return {"name": table.name, "columns": dict(table.columns)}
    return {"name": table.name, "files": [str(path.absolute()) for path in table.files]}


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
