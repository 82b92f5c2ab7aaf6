"""What the tools ask: the catalog as one caller sees it, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from agnes.auth.principal import Scope
    from agnes.diff.history import History
    from agnes.load.pack import Pack
    from agnes.source import Source
    from agnes.sql.ask import Ask

Row = dict[str, Any]
LISTED = (
    "id",
    "display_name",
    "unit",
    "grain",
    "table_name",
    "status",
    "stale",
    "certification",
)
"""The columns of a metric that lists are made of."""


class Desk(Protocol):
    """Answers of one caller, during one request; for the use of one thread, `cancel` excepted."""

    @property
    def may(self) -> frozenset[Scope]:
        """What the caller may do."""
        ...

    def search(self, query: str, limit: int) -> Row:
        """The metrics that words mean: `{"query", "total", "hits"}`."""
        ...

    def metric(self, metric_id: str) -> Row:
        """One metric with all its columns.

        Raises:
            NotFoundError: there is none, for the caller.
        """
        ...

    def metrics(self, category: str | None = None) -> list[Row]:
        """The metrics with at least the columns `LISTED`, in the catalog's order."""
        ...

    def tables(self) -> list[Row]:
        """The registered tables, by id."""
        ...

    def columns(self, table_id: str) -> list[Row]:
        """The column metadata of a table."""
        ...

    def history(self, metric_id: str) -> History:
        """What became of a metric.

        Raises:
            NotFoundError: there never was such a one, for the caller.
        """
        ...

    def query(self, sql: str, limit: int) -> Row:
        """Rows: `{"columns", "types", "rows", "row_count", "truncated"}`.

        Raises:
            SandboxError: the query was refused, failed, or took too much.
        """
        ...

    def run(self, metric_id: str, ask: Ask, limit: int) -> Row:
        """Compute a metric: see `agnes.compute.account.document`.

        Raises:
            NotFoundError: there is no such metric, for the caller.
            NotDerivableError: what is asked cannot be soundly made of its definition.
            SandboxError: the query was refused, failed, or took too much.
        """
        ...

    def propose(self, pack: Pack) -> Row:
        """Put the one metric of a pack on a branch, to be reviewed: `{"status", "branch", ...}`."""
        ...

    def cancel(self) -> None:
        """From another thread: nobody waits any more, so that a query that runs is ended."""
        ...


Opening = Callable[[Any], AbstractContextManager[Desk]]
"""Opens the desk of a request; what it is given is the HTTP request, if there is one."""


class AtHand:
    """The desk of who sits at this machine: over the same `Source` as the command line's.

    Args:
        query, run, propose, cancel: do what their namesakes do; None where it is not allowed.
    """

    def __init__(
        self,
        source: Source,
        query: Callable[[str, int], Row],
        run: Callable[[Row, Ask, int], Row],
        propose: Callable[[Pack], Row] | None = None,
        cancel: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._query = query
        self._run = run
        self._propose = propose
        self._cancel = cancel

    @property
    def may(self) -> frozenset[Scope]:
        """See `Desk`."""
        allowed: set[Scope] = {"read", "data"}
        return frozenset(allowed | ({"propose"} if self._propose else set()))

    def search(self, query: str, limit: int) -> Row:
        """See `Desk`."""
        return self._source.search(query, limit)

    def metric(self, metric_id: str) -> Row:
        """See `Desk`."""
        return self._source.metric(metric_id)

    def metrics(self, category: str | None = None) -> list[Row]:
        """See `Desk`."""
        return self._source.metrics(category, LISTED)

    def tables(self) -> list[Row]:
        """See `Desk`."""
        return self._source.tables()

    def columns(self, table_id: str) -> list[Row]:
        """See `Desk`."""
        return self._source.columns(table_id)

    def history(self, metric_id: str) -> History:
        """See `Desk`."""
        return self._source.history(metric_id)

    def query(self, sql: str, limit: int) -> Row:
        """See `Desk`."""
        return self._query(sql, limit)

    def run(self, metric_id: str, ask: Ask, limit: int) -> Row:
        """See `Desk`."""
        return self._run(self._source.metric(metric_id), ask, limit)

    def propose(self, pack: Pack) -> Row:
        """See `Desk`."""
        assert self._propose is not None
        return self._propose(pack)

    def cancel(self) -> None:
        """See `Desk`."""
        if self._cancel is not None:
            self._cancel()
