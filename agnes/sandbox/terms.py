"""What goes into a sandbox and what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What one statement may use.

    Args:
        seconds: wall clock from the call to the answer.
        memory_mb: megabytes of address space above those of a started child. DuckDB itself is
            told to keep to half of it: values and results are built outside its bookkeeping.
        sql_bytes: length of the SQL in UTF-8.
        rows: rows that one query returns at most.
    """

    seconds: float = 10
    memory_mb: int = 1024
    sql_bytes: int = 65_536
    rows: int = 10_000


@dataclass(frozen=True)
class EmptyTable:
    """A table to bind against: columns and no rows.

    Args:
        name: what the SQL calls it.
        columns: the DuckDB type of each column; `None` where it is unknown. An unknown column fits
            nearly everywhere, but where a function exists for several types, such as `date_trunc`,
            DuckDB cannot choose and `describe` fails ("Could not choose a best candidate").
    """

    name: str
    columns: Mapping[str, str | None]


@dataclass(frozen=True)
class ParquetTable:
    """A table whose rows are in parquet files, all with the same columns.

    Args:
        name: what the SQL calls it.
        files: the files themselves, neither folders nor patterns. They may be replaced while
            the sandbox is open; the next call sees the new ones.
    """

    name: str
    files: Sequence[Path]


@dataclass(frozen=True)
class Column:
    """One column of a result.

    Args:
        name: as the SQL calls it.
        type: its DuckDB type, such as `DECIMAL(18,2)`; `"NULL"` with the quotes where it is
            nothing but a column of unknown type.
    """

    name: str
    type: str


@dataclass(frozen=True)
class Result:
    """The rows of a query.

    Args:
        columns: one for each value of a row; names may repeat.
        rows: Python values: `Decimal`, `date`, `datetime` (aware, in UTC, for TIMESTAMPTZ), `time`,
            `timedelta` (an INTERVAL's month has 30 days), `UUID`, `bytes`, `list`, `dict`; text
            where Python has no such value (a date after 9999).
        truncated: there are more rows than these.
        reads: the tables that the query reads, as it calls them.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    reads: tuple[str, ...] = ()
