"""What is profiled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Subject:
    """A table with its data.

    Args:
        files: its parquet files, all with the same columns.
        primary_key: the columns of which no two rows have the same values.
        pii: the columns that hold personal data.
        hash: of the files, where somebody knows it already.
    """

    table_id: str
    files: Sequence[Path]
    primary_key: Sequence[str] = ()
    pii: frozenset[str] = frozenset()
    hash: str | None = None

    @classmethod
    def of(
        cls,
        table: Mapping[str, Any],
        columns: Iterable[Mapping[str, Any]],
        files: Sequence[Path],
        known_hash: str | None = None,
    ) -> Self:
        """What a snapshot's rows say of a table: one of `table_registry`, all of its columns."""
        key = [name.strip() for name in (table["primary_key"] or "").split(",")]
        return cls(
            table["id"], files, [name for name in key if name], personal(columns), known_hash
        )

    def digest(self) -> str:
        """A hash that is another one when the data are: of one file its SHA-256."""
        if self.hash is not None:
            return self.hash
        found = []
        for path in self.files:
            with path.open("rb") as file:
                found.append(hashlib.file_digest(file, "sha256").hexdigest())
        return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def personal(columns: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The names of the columns that hold personal data, of rows of `column_metadata`."""
    return frozenset(column["column_name"] for column in columns if column["pii"])
