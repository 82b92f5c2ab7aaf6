"""Telling Keboola what is known of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agnes.keboola.client import KeboolaError, Storage
from agnes.keboola.table import PROVIDER
from agnes.model.layout import printable

Words = Mapping[str, Mapping[str, str]]
"""Column to key (`KBC.description`) to value."""

_BY_COLUMN = (400, 404, 405, 413, 422)
"""What the request for a whole table is answered where a stack does not know it, or where one of
the columns is refused."""
_OF_ONE_COLUMN = (400, 404, 405, 413, 422)
"""What says nothing of the other columns."""


def push_columns(storage: Storage, table_id: str, words: Words) -> dict[str, str]:
    """Tell Keboola what is known of a table's columns, by one request if the stack knows that.

    Only what this provider said of these keys is replaced. It may be done again.

    Args:
        table_id: with its bucket, of a table that is there; see `full_id`.

    Returns:
        The columns that were not taken, and why.

    Raises:
        KeboolaError: none was taken, or it is not known whether they were.
    """
    if not words:
        return {}
    entries = {
        column: [{"columnName": column, "key": key, "value": it} for key, it in values.items()]
        for column, values in words.items()
    }
    content = {"provider": PROVIDER, "metadata": [], "columnsMetadata": entries}
    try:
        answer = storage.post("tables", table_id, "metadata", about=table_id, json=content)
    except KeboolaError as error:
        if error.status not in _BY_COLUMN:
            raise
        return _push_one_by_one(storage, table_id, words)
    return _not_taken(answer, words)


def _push_one_by_one(storage: Storage, table_id: str, words: Words) -> dict[str, str]:
    """The same by a request for each column, as older stacks want it."""
    errors: dict[str, str] = {}
    for column, values in words.items():
        metadata = [{"key": key, "value": value} for key, value in values.items()]
        try:
            storage.post(
                *("tables", table_id, "columns", column, "metadata"),
                about=f"{table_id}.{printable(column)}",
                json={"provider": PROVIDER, "metadata": metadata},
            )
        except KeboolaError as error:
            errors[column] = error.message
            if error.status not in _OF_ONE_COLUMN:
                rest = list(words)[list(words).index(column) + 1 :]
                return errors | dict.fromkeys(rest, "not tried, after what came before")
    return errors


def _not_taken(answer: Any, words: Words) -> dict[str, str]:
    """The columns that an answer leaves out, if it names any."""
    taken = answer.get("columnsMetadata") if isinstance(answer, dict) else None
    if not isinstance(taken, dict) or not taken:
        return {}
    return {column: "Keboola did not take it" for column in words if column not in taken}
