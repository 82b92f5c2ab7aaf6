"""The tables that a query may read: what SQL calls them, and where their files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from agnes.sql.names import lower

Tables = Mapping[str, Sequence[Path]]
"""The parquet files of each table, by its id."""

PARQUET = Path("data/parquet")


def names_of(tables: Tables) -> dict[str, Sequence[Path]]:
    """The tables by what SQL may call them: their ids, and last parts that only one has.

    `in.c-crm.company` is `company` too, unless there is another `company` among the tables.
    """
    named = {lower(table_id): files for table_id, files in sorted(tables.items())}
    short = Counter(name.rpartition(".")[2] for name in named)
    for name, files in list(named.items()):
        last = name.rpartition(".")[2]
        if last and last not in named and short[last] == 1:
            named[last] = files
    return named


def local_tables(folder: Path) -> dict[str, list[Path]]:
    """The tables in a workspace or catalog: `data/parquet/<table_id>.parquet`."""
    files = sorted((folder / PARQUET).glob("*.parquet"))
    return {file.stem: [file] for file in files if file.is_file()}
