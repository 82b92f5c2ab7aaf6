"""Which metrics a list is of, and how much of each."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agnes.errors import UsageError
from agnes.model.names import nearest

if TYPE_CHECKING:
    from agnes.access import Hidden
    from agnes.cache.query import Row, Snapshot

MOST_HITS = 1_000
"""Of a list that is asked for by a question."""


@dataclass(frozen=True)
class Wanted:
    """A list of metrics.

    Args:
        category, table, status, tag: only those; a table is one that the metric names.
        q: a question as `da metrics search` takes it; the best hit is the first.
        limit: the most of them; None for all.
        cursor: where the list before ended.
        fields: the columns of each, None for all.
    """

    category: str | None = None
    table: str | None = None
    status: str | None = None
    tag: str | None = None
    q: str | None = None
    limit: int | None = None
    cursor: str | None = None
    fields: tuple[str, ...] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is the list of all, with everything."""
        return self == Wanted(category=self.category)


@dataclass(frozen=True)
class Page:
    """A part of a list.

    Args:
        ids: of its metrics, in order.
        total: how many the whole list has.
        cursor: for the next page, None at the end.
    """

    ids: Sequence[str]
    total: int
    cursor: str | None


def find_page(snapshot: Snapshot, wanted: Wanted, hidden: Hidden) -> Page:
    """The ids of a page.

    Raises:
        UsageError: the cursor is none of ours.
    """
    ids = [row["id"] for row in snapshot.rows(_IDS, _filters(wanted))]
    if wanted.q is not None:
        from agnes.search.ranking import search

        kept = set(ids)
        found = search(snapshot, wanted.q, limit=MOST_HITS)
        ids = [hit.id for hit in found.hits if hit.id in kept]
    ids = [id_ for id_ in ids if id_ not in hidden.metrics]
    start = _start(ids, wanted)
    end = len(ids) if wanted.limit is None else min(start + wanted.limit, len(ids))
    cursor = _encode(end, ids[end - 1]) if start < end < len(ids) else None
    return Page(ids[start:end], len(ids), cursor)


def read_rows(snapshot: Snapshot, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
    """Some columns of some metrics, in the order of the ids.

    Raises:
        UsageError: there is no such column.
    """
    columns = {row["column_name"] for row in snapshot.rows(_COLUMNS)}
    if unknown := [name for name in fields if name not in columns]:
        near = nearest(unknown[0], sorted(columns), 3)
        hint = f"did you mean: {', '.join(near)}" if near else None
        raise UsageError(f"there is no field {unknown[0]!r}", hint)
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(["id", *fields]))
    sql = f"SELECT {names} FROM metric_definitions WHERE id IN (SELECT unnest($1))"  # noqa: S608
    rows: dict[str, dict[str, Any]] = {row["id"]: row for row in snapshot.rows(sql, [list(ids)])}
    return [{name: rows[id_][name] for name in fields} for id_ in ids]


_IDS = (
    "SELECT m.id FROM metric_definitions m LEFT JOIN categories c ON c.name = m.category "
    "WHERE ($category IS NULL OR m.category = $category) "
    "AND ($status IS NULL OR m.status = $status) "
    "AND ($tag IS NULL OR list_contains(m.tags, $tag)) "
    "AND ($table IS NULL OR m.table_name = $table OR list_contains(m.tables, $table)) "
    "ORDER BY c.position, m.category, m.name"
)
_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'metric_definitions'"


def _filters(wanted: Wanted) -> dict[str, str | None]:
    return {name: getattr(wanted, name) for name in ("category", "status", "tag", "table")}


def _encode(position: int, last: str) -> str:
    return base64.urlsafe_b64encode(f"{position} {last}".encode()).decode().rstrip("=")


def _start(ids: Sequence[str], wanted: Wanted) -> int:
    """Behind the metric that was the last; where it is gone, at its place."""
    if wanted.cursor is None:
        return 0
    padded = wanted.cursor + "=" * (-len(wanted.cursor) % 4)
    try:
        position, _, last = base64.urlsafe_b64decode(padded.encode()).decode().partition(" ")
        place = int(position)
    except (binascii.Error, ValueError):
        raise UsageError("the cursor is none that a list gave", "begin without one") from None
    return ids.index(last) + 1 if last in ids else max(0, min(place, len(ids)))
