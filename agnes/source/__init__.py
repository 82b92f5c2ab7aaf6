"""Where commands get a catalog's content from: a clone that is at hand, or a server.

    Source
    ├── source.local.Local      a catalog's folder: its snapshots and its history
    └── source.remote.Remote    a server, over HTTP

Both answer the same questions in the same shapes, so that no command has two ways to go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from agnes.diff.compare import Advance
    from agnes.diff.history import History
    from agnes.lineage.lineage import Lineage
    from agnes.load.pack import Pack
    from agnes.review import Review

Row = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What a change did, or would do.

    Args:
        commit: its id, None if nothing was committed.
        branch: where it is.
        under_review: whether that is a branch of its own, which somebody has to merge.
        added, changed, removed, unchanged: ids of metrics, and of tables as `tables/<id>`.
    """

    dry_run: bool
    commit: str | None
    branch: str
    under_review: bool = False
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


class Source(Protocol):
    """A catalog's content, at the revision that was asked for."""

    def metrics(self, category: str | None = None, fields: Sequence[str] = ()) -> list[Row]:
        """All metrics, or those of one category, by category in the index's order, then by name.

        Args:
            fields: the columns that will do; all, if there are none.
        """
        ...

    def metric(self, metric_id: str) -> Row:
        """One metric with all its columns.

        Raises:
            NotFoundError: there is none; the nearest ids are its hint.
        """
        ...

    def findings(self, metric: Row) -> list[Row]:
        """The diagnostics of a metric's file, as far as they are known here."""
        ...

    def errors(self) -> int:
        """How many errors the catalog has, as far as that is known here."""
        ...

    def search(self, query: str, limit: int) -> Row:
        """The metrics that words mean: `{"query", "total", "hits"}`."""
        ...

    def lineage(self, what: str) -> Lineage:
        """What a metric, table or column is made of, and what is made of it.

        Raises:
            NotFoundError: there is no such thing.
        """
        ...

    def history(self, definition_id: str) -> History:
        """What became of a definition.

        Raises:
            NotFoundError: there never was such a one.
        """
        ...

    def diff(
        self, base: str | None, head: str | None, *, findings: bool, advance: Advance
    ) -> Review:
        """What a change means.

        Args:
            findings: validate the files that it touches too, where that can be done.
        """
        ...

    def tables(self) -> list[Row]:
        """The registered tables, by id, with at least id, name and description."""
        ...

    def columns(self, table_id: str) -> list[Row]:
        """The column metadata of a table, by column name; nothing for an unknown table."""
        ...

    def put(self, pack: Pack, verb: str, *, dry_run: bool) -> Written:
        """Add or change what a pack holds, all or nothing.

        Args:
            verb: for the commit's subject: `import`, `add`.
        """
        ...

    def remove(self, metric_ids: Sequence[str], *, dry_run: bool) -> Written:
        """Delete metrics.

        Raises:
            NotFoundError: there is no such metric; the nearest ids are its hint.
        """
        ...
