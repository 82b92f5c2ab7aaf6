"""Two versions of one definition, field by field: what moved, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agnes.diff.change import Class, FieldChange, Part, highest
from agnes.model.catalog import Index, Settings
from agnes.model.metric import VARIANT, Metric
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.sql.canonical import canonical_expression
from agnes.sql.difference import Kind, differences

Model = Metric | Table | Settings | Index
IsRead = Callable[[str, str], bool]
"""Whether a metric reads a column of a table, both by their names."""

_CLASSES: dict[Kind, Class] = {
    "writing": "cosmetic",
    "logic": "result-changing",
    "output added": "compatible",
    "output gone": "breaking",
}
_BREAKING = frozenset(["unit", "grain", "type"])
_RESULT = frozenset(["filters", "inputs", "time_column"])
_ITEMS = {"dimensions": "dimension", "synonyms": "synonym", "notes": "note", "tags": "tag"}
_ITEMS |= {"filters": "filter", "inputs": "input", "tables": "table", "certifiers": "certifier"}
_ORDERED = frozenset(["inputs", "notes"])
_OPERATIONAL = frozenset(
    ["sync_strategy", "query_mode", "sync_schedule", "profile_after_sync", "folder"]
)
_SOURCE = frozenset(["source_type", "bucket", "source_table", "primary_key"])


def compare_models(old: Model, new: Model, is_read: IsRead) -> list[FieldChange]:
    """What differs between two versions of a definition; its id is not looked at.

    Args:
        old, new: of one kind.
        is_read: asked for a table's columns that are gone or have another type.
    """
    if isinstance(old, Metric) and isinstance(new, Metric):
        return list(_compare_metrics(_data(old), _data(new)))
    if isinstance(old, Table) and isinstance(new, Table):
        return list(_compare_tables(old, new, is_read))
    return list(_compare_settings(_data(old), _data(new)))


def _data(model: Model) -> dict[str, Any]:
    """What a definition says under its YAML keys, defaults spelt out, so that leaving them out is
    no change.
    """
    data: dict[str, Any] = core(model.model_dump(by_alias=True, exclude_none=True, mode="json"))
    variants = data.pop("sql_variants", {})
    data |= {f"sql_{key}": sql for key, sql in variants.items()}
    return {key: value for key, value in data.items() if value not in ("", [], {})}


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]


def _compare_metrics(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for key in _keys(old, new):
        before, after = old.get(key), new.get(key)
        if key in ("name", "category"):
            continue
        if key == "display_name" and [before, after] == [old["name"], new["name"]]:
            continue  # nobody gave it one
        if key == "sql" or key.startswith(VARIANT):
            yield _compare_sql(key, before, after)
        elif key == "expression":
            yield _compare_expressions(before, after)
        elif key == "status":
            gone = after in ("deprecated", "removed")
            yield _field(key, "breaking" if gone else "compatible", before, after)
        elif key == "table":
            yield _field(key, "compatible" if before is None else "breaking", before, after)
        elif isinstance(before or after, list):
            yield _compare_lists(key, before or [], after or [])
        elif key in _BREAKING or key in _RESULT:
            grave: Class = "breaking" if key in _BREAKING else "result-changing"
            yield _field(key, "compatible" if before is None else grave, before, after)
        else:
            yield _field(key, "documentation", before, after)


def _compare_sql(key: str, old: str | None, new: str | None) -> FieldChange:
    if old is None or new is None:
        return _field(key, "compatible" if old is None else "breaking", old, new, "variant")
    found = differences(old, new)
    parts = tuple(Part(_CLASSES[it.kind], it.what, it.old, it.new) for it in found)
    what = "; ".join(dict.fromkeys(part.what for part in parts))
    return FieldChange(key, highest(part.class_ for part in parts), old, new, what, parts)


def _compare_expressions(old: str | None, new: str | None) -> FieldChange:
    if old is None:
        return _field("expression", "compatible", old, new)
    form = canonical_expression(old)
    if new is not None and form is not None and form == canonical_expression(new):
        return FieldChange("expression", "cosmetic", old, new, "written differently")
    return _field("expression", "result-changing", old, new)


def _compare_lists(key: str, old: list[Any], new: list[Any]) -> FieldChange:
    called = _ITEMS.get(key, key)
    gone = [item for item in old if item not in new]
    come = [item for item in new if item not in old]
    classes: tuple[Class, Class] = ("documentation", "documentation")  # of what is gone, and new
    if key in ("dimensions", "tables"):
        classes = ("breaking", "compatible")
    elif key in _RESULT:
        classes = ("result-changing", "result-changing")
    elif key == "certifiers":
        classes = ("compatible", "compatible")
    parts = [Part(classes[0], f"{called} removed", str(item), None) for item in gone]
    parts += [Part(classes[1], f"{called} added", None, str(item)) for item in come]
    if not parts:
        moved = classes[0] if key in _ORDERED else "cosmetic"
        fragments = [", ".join(map(str, items)) for items in (old, new)]
        parts = [Part(moved, f"order of {key} changed", *fragments)]
    what = "; ".join(dict.fromkeys(part.what for part in parts))
    grave = highest(part.class_ for part in parts)
    return FieldChange(key, grave, old or None, new or None, what, tuple(parts))


def _compare_tables(old: Table, new: Table, is_read: IsRead) -> Iterator[FieldChange]:
    before, after = _data(old), _data(new)
    for key in _keys(before, after):
        sides = before.get(key), after.get(key)
        if key in ("id", "is_public", "access", "columns"):
            continue
        if key == "name" and sides == (old.id, new.id):
            continue
        if key in _SOURCE:
            yield _field(key, "result-changing", *sides)
        else:
            yield _field(key, "compatible" if key in _OPERATIONAL else "documentation", *sides)
    audiences = [_audience(table) for table in (old, new)]
    if audiences[0] != audiences[1]:
        yield _compare_access(old, new)
    columns = [before.get("columns", {}), after.get("columns", {})]
    for name in _keys(*columns):
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
    what = "access narrowed" if narrowed else "access widened"
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
        for key in _keys(old, new):
            sides = old.get(key), new.get(key)
            if key == "basetype" and sides[0] is not None:
                read = is_read(table_id, name)
                what = "column retyped, and a metric reads it" if read else "column retyped"
                grave: Class = "breaking" if read else "compatible"
                yield FieldChange(f"{field}.{key}", grave, *sides, what)
            else:
                yield _field(f"{field}.{key}", "documentation", *sides)


def _compare_settings(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for key in _keys(old, new):
        before, after = old.get(key), new.get(key)
        if isinstance(before or after, list) and key != "categories":
            yield _compare_lists(key, before or [], after or [])
        else:
            told = key in ("name", "description", "categories", "version")
            yield _field(key, "documentation" if told else "compatible", before, after)


def _field(key: str, class_: Class, old: Any, new: Any, called: str | None = None) -> FieldChange:
    verb = "added" if old is None else "removed" if new is None else "changed"
    return FieldChange(key, class_, old, new, f"{called or key.rpartition('.')[2]} {verb}")


def spell_out(model: Model, *, gone: bool) -> list[FieldChange]:
    """All that a definition says, which came or went with it."""
    class_: Class = "breaking" if gone else "compatible"
    return [
        _field(key, class_, value if gone else None, None if gone else value)
        for key, value in _data(model).items()
    ]
