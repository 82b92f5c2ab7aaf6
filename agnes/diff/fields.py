"""Two versions of one definition, field by field: what moved, and what that means."""

from __future__ import annotations

import json
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
_REWRITTEN = "written differently"
ORDERED = frozenset(["inputs", "notes"])
_END_OF_LIFE = {"deprecated": 1, "removed": 2}
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
        return list(_compare_metrics(data_of(old), data_of(new)))
    if isinstance(old, Table) and isinstance(new, Table):
        return list(_compare_tables(old, new, is_read))
    return list(_compare_settings(data_of(old), data_of(new)))


def said(model: Model | None) -> set[str]:
    """The YAML keys that a definition gives a value itself."""
    return set() if model is None else set(_flat(model, exclude_unset=True))


def _flat(model: Model, **how: Any) -> dict[str, Any]:
    data: dict[str, Any] = core(
        model.model_dump(by_alias=True, exclude_none=True, mode="json", **how)
    )
    variants = data.pop("sql_variants", {})
    return data | {f"sql_{key}": sql for key, sql in variants.items()}


def data_of(model: Model) -> dict[str, Any]:
    """What a definition says under its YAML keys, defaults spelt out, so that leaving them out is
    no change.
    """
    data = {key: value for key, value in _flat(model).items() if value not in ("", [], {})}
    if isinstance(model, Table):
        data = {"name": model.id, "source_table": model.id} | data
        if isinstance(key := data.get("primary_key"), list) and len(key) == 1:
            data["primary_key"] = key[0]
    elif isinstance(model, Index):
        for category in data.get("categories", []):
            category.setdefault("folder", category["name"])
    return data


def _keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [key for key in dict.fromkeys([*old, *new]) if _differ(old.get(key), new.get(key))]


def _differ(old: Any, new: Any) -> bool:
    """Whether two values differ; to Python 1 and true do not."""
    return bool(old != new) or json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)


def _compare_metrics(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for key in _keys(old, new):
        before, after = old.get(key), new.get(key)
        if key in ("name", "category"):
            continue
        if key == "display_name" and [before, after] == [old["name"], new["name"]]:
            yield _follows(key, before, after)
            continue
        if key == "sql" or key.startswith(VARIANT):
            yield _compare_sql(key, before, after)
        elif key == "expression":
            yield _compare_expressions(before, after)
        elif key == "status":
            ends = _END_OF_LIFE.get(after or "", 0) > _END_OF_LIFE.get(before or "", 0)
            yield _field(key, "breaking" if ends else "compatible", before, after)
        elif key == "table":
            yield _field(key, "compatible" if before is None else "breaking", before, after)
        elif isinstance(before or after, list):
            yield _compare_lists(key, before or [], after or [])
        elif key in _BREAKING or key in _RESULT:
            grave: Class = "breaking" if key in _BREAKING or after is None else "result-changing"
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
    if new is None:
        return _field("expression", "breaking", old, new)
    if _same_expression(old, new):
        return FieldChange("expression", "cosmetic", old, new, _REWRITTEN)
    return _field("expression", "result-changing", old, new)


def _follows(key: str, old: Any, new: Any, class_: Class = "cosmetic") -> FieldChange:
    """Of a definition under another id, what nobody gave a value of its own."""
    return FieldChange(key, class_, old, new, f"{key} follows the id")


def _same_expression(one: str, other: str) -> bool:
    form = canonical_expression(one)
    return form is not None and form == canonical_expression(other)


def _same_words(one: Any, other: Any) -> bool:
    """Whether two texts differ in blank space and line breaks alone."""
    return isinstance(one, str) and isinstance(other, str) and one.split() == other.split()


def _compare_lists(key: str, old: list[Any], new: list[Any]) -> FieldChange:
    called = _ITEMS.get(key, key)
    same = _same_expression if key == "filters" else _same_words
    gone = [item for item in old if item not in new]
    come = [item for item in new if item not in old]
    classes: tuple[Class, Class] = ("documentation", "documentation")  # of what is gone, and new
    if key in ("dimensions", "tables"):
        classes = ("breaking", "compatible")
    elif key in _RESULT:
        classes = ("result-changing", "result-changing")
    elif key == "certifiers":
        classes = ("compatible", "compatible")
    parts: list[Part] = []
    for before in list(gone):
        after = next((it for it in come if _same_words(before, it) or same(before, it)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            parts.append(Part("cosmetic", f"{called} {_REWRITTEN}", before, after))
    parts += [Part(classes[0], f"{called} removed", str(item), None) for item in gone]
    parts += [Part(classes[1], f"{called} added", None, str(item)) for item in come]
    if not parts:
        moved = classes[0] if key in ORDERED else "cosmetic"
        what = f"order of {key} changed"
        if sorted(old) != sorted(new):
            moved, what = "cosmetic", f"a {called} is said more than once"
        fragments = [", ".join(map(str, items)) for items in (old, new)]
        parts = [Part(moved, what, *fragments)]
    what = "; ".join(dict.fromkeys(part.what for part in parts))
    grave = highest(part.class_ for part in parts)
    return FieldChange(key, grave, old or None, new or None, what, tuple(parts))


def _compare_tables(old: Table, new: Table, is_read: IsRead) -> Iterator[FieldChange]:
    before, after = data_of(old), data_of(new)
    for key in _keys(before, after):
        sides = before.get(key), after.get(key)
        if key in ("id", "is_public", "access", "columns"):
            continue
        if key in ("name", "source_table") and sides == (old.id, new.id):
            moved = key == "source_table" and old.bucket is not None
            yield _follows(key, *sides, "result-changing" if moved else "cosmetic")
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
        for key in _keys(old, new):
            sides = old.get(key), new.get(key)
            if key == "basetype" and None not in sides:
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
    if class_ == "documentation" and _same_words(old, new):
        return FieldChange(key, "cosmetic", old, new, "blank space or line breaks")
    verb = "added" if old is None else "removed" if new is None else "changed"
    return FieldChange(key, class_, old, new, f"{called or key.rpartition('.')[2]} {verb}")


def spell_out(model: Model, *, gone: bool) -> list[FieldChange]:
    """All that a definition says, which came or went with it."""
    class_: Class = "breaking" if gone else "compatible"
    if isinstance(model, Index):
        class_ = "documentation"  # no number is read from it
    return [
        _field(key, class_, value if gone else None, None if gone else value)
        for key, value in data_of(model).items()
    ]
