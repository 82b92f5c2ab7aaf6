"""The tables that a query may read: what SQL calls them, and where their files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from agnes.sql.names import lower

Tables = Mapping[str, Sequence[Path]]
"""The parquet files of each table, by its id."""


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


def tables_in(folder: Path, table_ids: Iterable[str]) -> dict[str, list[Path]]:
    """The tables of these that have data in a folder: `<table_id>.parquet`, no symbolic link."""
    found = {}
    for table_id in table_ids:
        path = folder / f"{table_id}.parquet"
        with suppress(OSError):
            if S_ISREG(path.lstat().st_mode):
                found[table_id] = [path]
    return found
