"""Which tables hang together: by the names of their columns, and by the values in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from agnes.errors import UnavailableError
from agnes.proposals.relations import key_of, reference_of
from agnes.proposals.sampling import Sampler, Schema

Row = Mapping[str, Any]
Files = Mapping[str, Sequence[Path]]
_OVERLAP = 0.5
"""Of the values that are looked up, this share must be there."""
_MOST = 30
"""Pairs of columns whose values are compared."""


def related_tables(table_id: str, tables: Sequence[Row], files: Files) -> list[dict[str, Any]]:
    """The tables that a table refers to, and those that refer to it.

    A column refers to another table's key by its name, and by at least half of 500 of its values.

    Args:
        tables: rows of `table_registry`.
        files: the parquet files of each table that has data.

    Returns:
        `{table, column, other_column, direction, overlap_pct}`, what overlaps most first;
        `direction` is `refers_to` or `referred_by`.
    """
    found = []
    with Sampler() as sampler:
        schemas = dict(_schemas(sampler, tables, files))
        if table_id not in schemas:
            return []
        keys = {row["id"]: key for row in tables if (key := _key(row, schemas))}
        for here, column, there, key in list(_pairs(table_id, schemas, keys))[:_MOST]:
            with suppress(UnavailableError):
                share = _share(sampler, files, schemas, (here, column), (there, key))
                if share >= _OVERLAP:
                    found.append(_told(table_id, (here, column), (there, key), share))
    return sorted(found, key=lambda it: (-it["overlap_pct"], it["table"], it["column"]))


def _schemas(sampler: Sampler, tables: Sequence[Row], files: Files) -> Iterator[tuple[str, Schema]]:
    for row in tables:
        if files.get(row["id"]):
            with suppress(UnavailableError):
                yield row["id"], sampler.schema(files[row["id"]])


def _key(row: Row, schemas: Mapping[str, Schema]) -> str | None:
    schema = schemas.get(row["id"])
    key = key_of(row, schema.types) if schema else None
    return key if schema and key in schema.types else None


def _pairs(
    table_id: str, schemas: Mapping[str, Schema], keys: Mapping[str, str]
) -> Iterator[tuple[str, str, str, str]]:
    """Columns that refer to a key by their name: ours first, then those that refer to ours."""
    for here in (table_id, *(it for it in schemas if it != table_id)):
        for column in schemas[here].types:
            named = reference_of(here, column, keys)
            if named and table_id in (here, named[0]):
                yield here, column, *named


def _share(
    sampler: Sampler,
    files: Files,
    schemas: Mapping[str, Schema],
    here: tuple[str, str],
    there: tuple[str, str],
) -> float:
    """How much of a column's values is in the other one."""
    (table, column), (other, key) = here, there
    sample = sampler.sample(files[table], schemas[table], [column])[column]
    values = list(dict.fromkeys(text for text in sample if text is not None))
    return sampler.share_in(values, files[other], key) if values else 0.0


def _told(
    table_id: str, here: tuple[str, str], there: tuple[str, str], share: float
) -> dict[str, Any]:
    ours, theirs = (here, there) if here[0] == table_id else (there, here)
    return {
        "table": theirs[0],
        "column": ours[1],
        "other_column": theirs[1],
        "direction": "refers_to" if ours is here else "referred_by",
        "overlap_pct": round(100 * share, 1),
    }
