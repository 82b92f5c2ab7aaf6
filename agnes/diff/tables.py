"""Two versions of one table: where its data is from, who may see it, its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from agnes.diff.change import Class, FieldChange
from agnes.diff.data import data_of, differing, field_change, follows
from agnes.model.table import Table

IsRead = Callable[[str, str], bool]
"""Whether a metric reads a column of a table, both by their names."""
_OPERATIONAL = frozenset(
    ["sync_strategy", "query_mode", "sync_schedule", "profile_after_sync", "folder"]
)
_SOURCE = frozenset(["source_type", "bucket", "source_table", "primary_key"])


def compare_tables(old: Table, new: Table, is_read: IsRead) -> Iterator[FieldChange]:
    """What differs between two versions of a table; its id is not looked at.

    Args:
        is_read: asked for columns that are gone or have another type.
    """
    before, after = data_of(old), data_of(new)
    for key in differing(before, after):
        sides = before.get(key), after.get(key)
        if key in ("id", "is_public", "access", "columns"):
            continue
        if key in ("name", "source_table") and sides == (old.id, new.id):
            moved = key == "source_table" and old.bucket is not None
            yield follows(key, *sides, "result-changing" if moved else "cosmetic")
            continue
        if key in _SOURCE:
            yield field_change(key, "result-changing", *sides)
        else:
            yield field_change(
                key, "compatible" if key in _OPERATIONAL else "documentation", *sides
            )
    audiences = [_audience(table) for table in (old, new)]
    if audiences[0] != audiences[1]:
        yield _compare_access(old, new)
    columns = [before.get("columns", {}), after.get("columns", {})]
    for name in differing(*columns):
        yield from _compare_columns(
            new.id, name, columns[0].get(name), columns[1].get(name), is_read
        )


def _audience(table: Table) -> set[str] | None:
    """The groups that may see a table; None for everybody."""
    return None if table.public else set(table.groups)


def _compare_access(old: Table, new: Table) -> FieldChange:
    before, after = _audience(old), _audience(new)
    narrowed = after is not None and (before is None or bool(before - after))
    said = ["public" if it is None else {"groups": sorted(it)} for it in (before, after)]
    widened = before is not None and (after is None or bool(after - before))
    verbs = [verb for verb, so in (("narrowed", narrowed), ("widened", widened)) if so]
    what = f"access {' and '.join(verbs)}"
    grave: Class = "breaking" if narrowed else "compatible"
    return FieldChange("access", grave, said[0], said[1], what)


def _compare_columns(
    table_id: str,
    name: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    is_read: IsRead,
) -> Iterator[FieldChange]:
    field = f"columns.{name}"
    if old is None:
        yield FieldChange(field, "compatible", None, new, "column added")
    elif new is None:
        read = is_read(table_id, name)
        what = "column removed, and a metric reads it" if read else "column removed"
        yield FieldChange(field, "breaking" if read else "compatible", old, None, what)
    else:
        for key in differing(old, new):
            sides = old.get(key), new.get(key)
            if key == "basetype" and None not in sides:
                read = is_read(table_id, name)
                what = "column retyped, and a metric reads it" if read else "column retyped"
                grave: Class = "breaking" if read else "compatible"
                yield FieldChange(f"{field}.{key}", grave, *sides, what)
            else:
                yield field_change(f"{field}.{key}", "documentation", *sides)
