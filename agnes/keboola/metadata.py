"""Telling Keboola what is known of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agnes.keboola.client import KeboolaError, Storage
from agnes.keboola.table import BASETYPE, DESCRIPTION, PROVIDER
from agnes.model.table import Column


@dataclass(frozen=True)
class Pushed:
    """What became of one table.

    Args:
        pushed: how many columns Keboola has now.
        errors: why it does not have them.
    """

    pushed: int
    errors: list[str] = field(default_factory=list)


def push_columns(storage: Storage, table_id: str, columns: Mapping[str, Column]) -> Pushed:
    """Tell Keboola the types and descriptions of a table's columns, all of them or none.

    Only what this provider said is replaced; what others said stays. It may be done again.

    Args:
        table_id: with its bucket; see `full_id`.
        columns: by name; those that nothing is known of are left out.
    """
    said = {name: list(_entries(name, column)) for name, column in columns.items()}
    told = {name: entries for name, entries in said.items() if entries}
    if not told:
        return Pushed(0)
    content = {"provider": PROVIDER, "metadata": [], "columnsMetadata": told}
    try:
        storage.post("tables", table_id, "metadata", about=table_id, json=content)
    except KeboolaError as error:
        return Pushed(0, [error.message])
    return Pushed(len(told))


def _entries(name: str, column: Column) -> Iterator[dict[str, str]]:
    for key, value in ((BASETYPE, column.basetype), (DESCRIPTION, column.description)):
        if value:
            yield {"columnName": name, "key": key, "value": value}
