"""What is profiled."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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

    def digest(self) -> str:
        """A hash that is another one when the data are."""
        if self.hash is not None:
            return self.hash
        found = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
        return found.hexdigest()
