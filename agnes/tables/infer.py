"""Tables out of data files: their ids, and what their columns look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from agnes.errors import NotFoundError, UsageError
from agnes.tables.convert import Format, describe
from agnes.tables.words import basetype

ENDINGS: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
}


def format_of(path: Path) -> Format | None:
    """How a file is written, by its name; None if it is no data file."""
    name = path.name.lower()
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)


def id_of(name: str) -> str:
    """The id of a table that people call by a name: in lower case, blanks to `_`."""
    return re.sub(r"\s+", "_", name.strip().lower())


def infer_table(path: Path) -> dict[str, Any]:
    """The fields of a table whose data a file holds.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it is no data file, or cannot be read.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} not found")
    kind = format_of(path)
    if kind is None:
        raise UsageError(f"{path} is no data file", f"it must end in {', '.join(ENDINGS)}")
    if not path.stat().st_size:
        raise UsageError(f"{path} is empty")
    described = describe([path.resolve()], kind)
    ending = next(ending for ending in ENDINGS if path.name.lower().endswith(ending))
    columns = {name: _column(of) for name, of in described.columns.items()}
    return {
        "id": id_of(path.name[: -len(ending)]),
        "source_type": "local",
        "source_table": path.name,
        "columns": columns,
    }


def infer_tables(path: Path) -> Iterator[dict[str, Any]]:
    """The fields of the tables of a data file, or of each in a folder.

    Raises:
        NotFoundError: there is none.
        UsageError: one cannot be read.
    """
    if not path.is_dir():
        yield infer_table(path)
        return
    files = sorted(file for file in path.iterdir() if file.is_file() and format_of(file))
    if not files:
        raise NotFoundError(f"{path} holds no data file")
    for file in files:
        yield infer_table(file)


def _column(kind: str) -> dict[str, Any]:
    word = basetype(kind)
    return cast("dict[str, Any]", {"basetype": word} if word else {})
