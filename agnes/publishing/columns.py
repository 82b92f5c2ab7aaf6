"""What the catalog says of the columns of a table that comes from Keboola."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agnes.cache.query import Snapshot
from agnes.errors import NotFoundError, UsageError
from agnes.keboola import full_id
from agnes.keboola.table import BASETYPE, DESCRIPTION
from agnes.model.names import nearest
from agnes.publishing.three_way import plain

KEYS = {"basetype": BASETYPE, "description": DESCRIPTION}
"""What a column's entry calls it to what Keboola does."""
SOURCE = "keboola"


@dataclass(frozen=True)
class Described:
    """A table of Keboola's, and what is known of its columns.

    Args:
        table_id: as it is registered.
        address: its id there, with its bucket.
        columns: by name, what `KEYS` names of them.
    """

    table_id: str
    address: str
    columns: Mapping[str, Mapping[str, str | None]]

    @property
    def said(self) -> list[str]:
        """The columns that something is known of."""
        return [name for name, values in self.columns.items() if any(map(plain, values.values()))]


def described(snapshot: Snapshot, table_ids: Sequence[str]) -> list[Described]:
    """What a snapshot says of tables.

    Raises:
        NotFoundError: one of them is not registered.
        UsageError: one does not come from Keboola.
    """
    tables = {row["id"]: row for row in snapshot.tables()}
    for table_id in table_ids:
        if table_id not in tables:
            near = nearest(table_id, list(tables))
            hint = f"did you mean: {', '.join(near)}" if near else "see da admin list-tables"
            raise NotFoundError(f"Table '{table_id}' not found", hint)
        if (source := tables[table_id]["source_type"]) != SOURCE:
            raise UsageError(
                f"Table '{table_id}' is not from keboola: nothing to push it to",
                f"its source_type is {source}",
            )
    return [_described(snapshot, tables[table_id]) for table_id in dict.fromkeys(table_ids)]


def pushable(snapshot: Snapshot) -> list[str]:
    """The ids of all tables that come from Keboola."""
    return [row["id"] for row in snapshot.tables() if row["source_type"] == SOURCE]


def _described(snapshot: Snapshot, table: Mapping[str, Any]) -> Described:
    return Described(
        table["id"],
        full_id(table["id"], table["bucket"], table["source_table"]),
        {
            row["column_name"]: {key: row[key] for key in KEYS}
            for row in snapshot.columns(table["id"])
        },
    )
