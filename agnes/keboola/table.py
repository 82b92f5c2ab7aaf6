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
USER = "user"
"""The provider of what a person writes in Keboola."""
_RANKS = {USER: 0, PROVIDER: 2}
_OK = 200
_INCLUDE = "columns,metadata,columnMetadata,buckets"


@dataclass(frozen=True)
class Said:
    """One thing that is said of a column.

    Args:
        key: `KBC.description`.
        provider: who says so: `user`, or a program.
        at: when, as Keboola writes it; "" if it does not say.
    """

    key: str
    value: str
    provider: str
    at: str = ""


@dataclass(frozen=True)
class StorageColumn:
    """What is said of a column there.

    Args:
        basetype, description: of all that is said, what counts most.
        said: all of it; what counts most comes first.
    """

    basetype: Basetype | None = None
    description: str | None = None
    said: tuple[Said, ...] = ()

    def of(self, provider: str) -> dict[str, str]:
        """What one provider says, by key."""
        return {it.key: it.value for it in self.said if it.provider == provider}


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
            _first(_by_weight(answer.get("metadata") or ()), DESCRIPTION),
            [str(name) for name in answer.get("primaryKey") or ()],
            {str(name): _column(said.get(name) or ()) for name in answer.get("columns") or ()},
        )
    except (KeyError, TypeError, AttributeError):
        raise KeboolaError("Keboola: the answer is no table", None, _OK) from None


def _column(metadata: Iterable[Mapping[str, Any]]) -> StorageColumn:
    said = _by_weight(metadata)
    return StorageColumn(
        known_basetype(_first(said, BASETYPE)), _first(said, DESCRIPTION), tuple(said)
    )


def known_basetype(text: str | None) -> Basetype | None:
    """A base type as Keboola writes it, which may be in small letters; None for one of its own."""
    return next((kind for kind in get_args(Basetype) if kind == (text or "").upper()), None)


def _by_weight(metadata: Iterable[Mapping[str, Any]]) -> list[Said]:
    """What is said; a person's word counts more than a program's, and ours the least."""
    said = [
        Said(*(str(it.get(name) or "") for name in ("key", "value", "provider", "timestamp")))
        for it in metadata
        if it.get("key") and it.get("value")
    ]
    return sorted(said, key=lambda it: _RANKS.get(it.provider, 1))


def _first(said: Iterable[Said], key: str) -> str | None:
    return next((it.value for it in said if it.key == key), None)
