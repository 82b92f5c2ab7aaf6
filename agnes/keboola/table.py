"""The tables of a Keboola project, and what is said of their columns there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from agnes.keboola.client import KeboolaError, Storage
from agnes.model.fields import Basetype

PROVIDER = "ai-metadata-enrichment"
BASETYPE = "KBC.datatype.basetype"
DESCRIPTION = "KBC.description"
_RANKS = {"user": 0, PROVIDER: 2}
_INCLUDE = "columns,metadata,columnMetadata,buckets"


@dataclass(frozen=True)
class StorageColumn:
    """What is said of a column there."""

    basetype: Basetype | None = None
    description: str | None = None


@dataclass(frozen=True)
class StorageTable:
    """A table there.

    Args:
        id: with its bucket: `in.c-crm.company`.
        name: without it.
    """

    id: str
    name: str
    bucket: str
    description: str | None = None
    primary_key: list[str] = field(default_factory=list)
    columns: dict[str, StorageColumn] = field(default_factory=dict)


def full_id(table_id: str, bucket: str | None, source_table: str | None) -> str:
    """A registered table's id in Keboola: `in.c-crm.company`.

    Args:
        source_table: its name in the bucket, or already the full id; by default `table_id`.
    """
    name = source_table or table_id
    if not bucket or name.startswith(f"{bucket}."):
        return name
    return f"{bucket}.{name}"


def list_tables(storage: Storage) -> list[StorageTable]:
    """All tables that the token may see.

    Raises:
        KeboolaError: they cannot be listed.
    """
    answer = storage.get("tables", about="the project's tables", include=_INCLUDE)
    if not isinstance(answer, list):
        raise KeboolaError("Keboola: the project's tables: the answer is no list")
    return sorted(map(_table, answer), key=lambda table: table.id)


def read_table(storage: Storage, table_id: str) -> StorageTable:
    """One table.

    Raises:
        KeboolaError: there is none, or it cannot be read.
    """
    return _table(storage.get("tables", table_id, about=table_id))


def _table(answer: Any) -> StorageTable:
    try:
        said: Mapping[str, Any] = answer.get("columnMetadata") or {}
        id_ = str(answer["id"])
        bucket = (answer.get("bucket") or {}).get("id") or id_.rpartition(".")[0]
        return StorageTable(
            id_,
            str(answer.get("name") or id_.rpartition(".")[2]),
            str(bucket),
            _said(answer.get("metadata") or (), DESCRIPTION),
            [str(name) for name in answer.get("primaryKey") or ()],
            {str(name): _column(said.get(name) or ()) for name in answer.get("columns") or ()},
        )
    except (KeyError, TypeError, AttributeError):
        raise KeboolaError("Keboola: the answer is no table") from None


def _column(metadata: Iterable[Mapping[str, Any]]) -> StorageColumn:
    entries = list(metadata)
    basetype = (_said(entries, BASETYPE) or "").upper()
    known = next((kind for kind in get_args(Basetype) if kind == basetype), None)
    return StorageColumn(known, _said(entries, DESCRIPTION))


def _said(metadata: Iterable[Mapping[str, Any]], key: str) -> str | None:
    """The value of a key; a person's word counts more than a program's, and ours the least."""
    found = [entry for entry in metadata if entry.get("key") == key and entry.get("value")]
    found.sort(key=lambda entry: _RANKS.get(str(entry.get("provider")), 1))
    return str(found[0]["value"]) if found else None
