"""A profile beside what the catalog says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]
_KNOWN = ("basetype", "description", "confidence")


def situated(
    profile: Mapping[str, Any],
    columns: Iterable[Row],
    uses: Iterable[Row],
    sees_table: Callable[[str], bool] = lambda _: True,
) -> dict[str, Any]:
    """A profile with what is known of its columns, and with who uses the table.

    Args:
        columns: the table's rows of `column_metadata`.
        uses: the metrics that read it and that may be told; see `Snapshot.table_uses`.
        sees_table: whether another table may be told.
    """
    known = {row["column_name"]: row for row in columns}
    nothing: Row = {}
    return {
        **profile,
        "used_by_metrics": [
            {"name": row["name"], "file": row["path"].removeprefix("metrics/")} for row in uses
        ],
        "related_tables": [
            it for it in profile.get("related_tables", []) if sees_table(it["table"])
        ],
        "columns": [
            entry | {key: known.get(entry["name"], nothing).get(key) for key in _KNOWN}
            for entry in profile["columns"]
        ],
    }
