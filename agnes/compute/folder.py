"""Data to compute on: a folder of `<table_id>.parquet`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agnes.errors import NotFoundError
from agnes.model.names import TABLE_ID
from agnes.queries.tables import Tables

_BELOW = (".", "data/parquet", "data", "parquet")


@dataclass(frozen=True)
class Data:
    """Parquet files.

    Args:
        name: what people call them: a snapshot's name, or a folder; "" for the data at hand.
    """

    name: str
    tables: Tables


def parquet_folder(folders: Iterable[Path]) -> Path:
    """The first folder with parquet files among some and their `data/parquet`, or `data`.

    Raises:
        NotFoundError: there is none.
    """
    looked = []
    for folder in folders:
        for below in _BELOW:
            if tables_of(folder / below):
                return folder / below
        looked.append(str(folder))
    raise NotFoundError(
        f"no data: there is no <table_id>.parquet in {' or '.join(looked)}, nor in data/parquet",
        "get it with da sync, make some (da demo-data data/parquet), or name it: --data DIR",
    )


def tables_of(parquet: Path) -> dict[str, list[Path]]:
    """The parquet files in a folder, by the table that they are of."""
    files = sorted(parquet.glob("*.parquet"))
    return {it.stem: [it] for it in files if re.fullmatch(TABLE_ID, it.stem) and it.is_file()}
