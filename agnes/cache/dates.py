"""When files were first and last changed, from git's history or as an older snapshot knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import duckdb

from agnes.git.history import FileHistory
from agnes.git.repository import Commit, Repository
from agnes.model.layout import printable, survey


def of_files(histories: dict[str, FileHistory]) -> dict[str, FileHistory]:
    """Leave out paths that no file of a catalog can have; they may be no text at all."""
    slots = survey((path, "file") for path in sorted(histories))
    places = slots.slots.keys() | {finding.path for finding in slots.diagnostics}
    return {path: history for path, history in histories.items() if path in places}


def continued(
    connection: duckdb.DuckDBPyConnection, changed: set[str], newer: dict[str, FileHistory]
) -> dict[str, FileHistory]:
    """The histories of what changed: the first change as known before, the last as it is now."""
    wanted = [path for path in changed | newer.keys() if printable(path) == path]
    known = select(
        connection, "SELECT * FROM file_history WHERE list_contains($1, path)", [sorted(wanted)]
    )
    histories = {row["path"]: _history(row) for row in known}
    for path, history in newer.items():
        first = histories[path].first if path in histories else history.first
        histories[path] = replace(history, first=first)
    return histories


def _history(row: dict[str, Any]) -> FileHistory:
    trailer = f"\n\nAgnes-Source: {row['source']}" if row["source"] else ""
    return FileHistory(
        row["path"],
        Commit(row["created_commit"], row["created_at"], row["created_by"], "", ""),
        Commit(row["updated_commit"], row["updated_at"], row["updated_by"], "", trailer),
    )


def date_previews(
    repository: Repository,
    commit_id: str,
    histories: dict[str, FileHistory],
    changed: Iterable[str],
) -> dict[str, FileHistory]:
    """Give files that are in no commit the commit that the working tree is based on."""
    commit = repository.commit(commit_id)
    missing = {path: FileHistory(path, commit, commit) for path in changed if path not in histories}
    return histories | missing


def select(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> list[dict[str, Any]]:
    """Rows as mappings."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
