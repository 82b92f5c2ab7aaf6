"""A task for the coding agent at hand: a file that it fills in, and that is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agnes.describe.answers import read_answers, read_json
from agnes.describe.facts import Said, TableFacts
from agnes.describe.question import INSTRUCTIONS, question
from agnes.errors import NotFoundError, UsageError

_FILL_IN = (
    'Fill in "description" of each column in this file, and "confidence"; change nothing else. '
    "Then run: da admin metadata discover --from-task FILE"
)
_MOST = 64 << 20


class TaskWriter:
    """Describes nothing, but writes down what is to be described."""

    name = "agent"

    def __init__(self) -> None:
        self._tables: dict[str, Any] = {}

    def describe(self, table: TableFacts) -> Mapping[str, Said]:
        """See `Describer`."""
        asked = question(table, table.wanted_columns())
        del asked["table"]
        for told in asked["columns"].values():
            told |= {"description": "", "confidence": "medium"}
        self._tables[table.id] = asked
        return {}

    @property
    def columns(self) -> int:
        """How many are to be described."""
        return sum(len(table["columns"]) for table in self._tables.values())

    def write(self, path: Path) -> None:
        """Write the task.

        Raises:
            UsageError: the file cannot be written.
        """
        task = {"instructions": f"{INSTRUCTIONS}\n{_FILL_IN}", "tables": self._tables}
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(task, file, ensure_ascii=False, indent=2)
                file.write("\n")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None


class FilledTask:
    """Describes what a filled task says.

    Args:
        path: of the task.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it is no task.
    """

    name = "agent"

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if path.stat().st_size > _MOST:
                raise UsageError(f"{path} is too large for a task")
            data = read_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise NotFoundError(f"{path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise self._broken(str(error)) from None
        tables = data.get("tables") if isinstance(data, dict) else None
        if not isinstance(tables, dict) or not all(map(_is_table, tables.values())):
            raise self._broken('it has no "tables" with "columns"')
        self._tables: dict[str, Any] = tables

    @property
    def tables(self) -> list[str]:
        """The tables that it is of."""
        return list(self._tables)

    def describe(self, table: TableFacts) -> Mapping[str, Said]:
        """See `Describer`."""
        return read_answers(self._tables.get(table.id, {"columns": {}})["columns"], table)

    def _broken(self, why: str) -> UsageError:
        hint = "write it anew: da admin metadata discover --describe agent"
        return UsageError(f"{self._path} is no filled task: {why}", hint)


def _is_table(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("columns"), dict)
