"""Rows of a table's files, from all over them, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.errors import UnavailableError
from agnes.model.layout import printable

if TYPE_CHECKING:
    import duckdb

ROWS = 500
_SMALL = 50_000
"""Rows of a table that is sampled one by one; of a larger one, stretches are read."""
_STRETCH = 10
_LONGEST = 20_000
"""Characters of a value."""
_BATCH = 1_000
"""Columns that are read at once."""
_SETTINGS: dict[str, Any] = {
    "memory_limit": "1GiB",
    "threads": 2,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "python_enable_replacements": False,
}


@dataclass(frozen=True)
class Schema:
    """The columns of a table's files: name to DuckDB's type."""

    rows: int
    types: dict[str, str]


class Sampler:
    """Reads samples, in one database in memory; use it in a `with` block."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect(config=_SETTINGS)
        self._connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def schema(self, files: Sequence[Path]) -> Schema:
        """What columns there are.

        Raises:
            UnavailableError: a file cannot be read.
        """
        with _translated(files):
            source = self._open(files)
            types = dict(zip(source.columns, map(str, source.types), strict=True))
            counted = source.aggregate("count(*)").fetchall()
        return Schema(counted[0][0], types)

    def sample(
        self, files: Sequence[Path], schema: Schema, columns: Sequence[str], rows: int = ROWS
    ) -> dict[str, list[str | None]]:
        """Values of some columns, from rows of all over the files, as text.

        Raises:
            UnavailableError: a file cannot be read.
        """
        found: dict[str, list[str | None]] = {}
        with _translated(files):
            self._open(files, numbered=schema.rows > _SMALL).create_view("source", replace=True)
            for start in range(0, len(columns), _BATCH):
                batch = columns[start : start + _BATCH]
                texts = ", ".join(f"left({_quoted(it)}::VARCHAR, {_LONGEST})" for it in batch)
                read = self._connection.execute(
                    f"SELECT {texts} FROM source {_chosen(schema.rows, len(files), rows)}"  # noqa: S608
                ).fetchall()
                values = zip(*read, strict=True) if read else [()] * len(batch)
                found |= {name: list(them) for name, them in zip(batch, values, strict=True)}
        return found

    def share_in(self, values: Sequence[str], files: Sequence[Path], column: str) -> float:
        """The share of some values that a column of other files has, too.

        Raises:
            UnavailableError: a file cannot be read.
        """
        with _translated(files):
            self._open(files).create_view("other", replace=True)
            found = self._connection.execute(
                "SELECT count(*) FROM (SELECT unnest($1::VARCHAR[]) AS v) WHERE v IN"  # noqa: S608
                f" (SELECT {_quoted(column)}::VARCHAR FROM other)",
                [list(values)],
            ).fetchall()
        return float(found[0][0]) / max(len(values), 1)

    def _open(self, files: Sequence[Path], *, numbered: bool = False) -> duckdb.DuckDBPyRelation:
        return self._connection.from_parquet(
            [str(path) for path in files], hive_partitioning=False, file_row_number=numbered
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chosen(total: int, files: int, rows: int) -> str:
    """SQL that chooses rows from all over the files, the same each time."""
    if total <= _SMALL:
        return f"USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    stretches = max(rows // _STRETCH // files, 1)
    step = max(total // files // stretches, _STRETCH)
    starts = (at * step for at in range(stretches))
    where = " OR ".join(
        f"file_row_number BETWEEN {start} AND {start + _STRETCH - 1}" for start in starts
    )
    return f"WHERE {where} LIMIT {rows}"


@contextmanager
def _translated(files: Sequence[Path]) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        for path in files:
            reason = reason.replace(str(path), path.name)
        raise UnavailableError(f"its data cannot be read: {printable(reason)[:300]}") from None
