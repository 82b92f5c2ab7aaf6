"""Two versions of one definition, field by field: what moved, and what that means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agnes.diff.change import Class, FieldChange, Part, highest
from agnes.diff.data import Model, data_of, differing, field_change, follows, same_words
from agnes.diff.tables import IsRead, compare_tables
from agnes.model.catalog import Index
from agnes.model.metric import VARIANT, Metric
from agnes.model.metric_test import in_words, title
from agnes.model.table import Table
from agnes.sql.canonical import canonical_expression
from agnes.sql.difference import Kind, differences

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


def compare_models(old: Model, new: Model, is_read: IsRead) -> list[FieldChange]:
    """What differs between two versions of a definition; its id is not looked at.

    Args:
        old, new: of one kind.
        is_read: asked for a table's columns that are gone or have another type.
    """
    if isinstance(old, Metric) and isinstance(new, Metric):
        return list(_compare_metrics(data_of(old), data_of(new)))
    if isinstance(old, Table) and isinstance(new, Table):
        return list(compare_tables(old, new, is_read))
    return list(_compare_settings(data_of(old), data_of(new)))


def _compare_metrics(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for key in differing(old, new):
        before, after = old.get(key), new.get(key)
        if key in ("name", "category"):
            continue
        if key == "display_name" and [before, after] == [old["name"], new["name"]]:
            yield follows(key, before, after)
            continue
        if key == "sql" or key.startswith(VARIANT):
            yield _compare_sql(key, before, after)
        elif key == "expression":
            yield _compare_expressions(before, after)
        elif key == "status":
            ends = _END_OF_LIFE.get(after or "", 0) > _END_OF_LIFE.get(before or "", 0)
            yield field_change(key, "breaking" if ends else "compatible", before, after)
        elif key == "table":
            yield field_change(key, "compatible" if before is None else "breaking", before, after)
        elif key == "tests":
            yield _compare_tests(before or [], after or [])
        elif isinstance(before or after, list):
            yield _compare_lists(key, before or [], after or [])
        elif key in _BREAKING or key in _RESULT:
            grave: Class = "breaking" if key in _BREAKING or after is None else "result-changing"
            yield field_change(key, "compatible" if before is None else grave, before, after)
        else:
            yield field_change(key, "documentation", before, after)


def _compare_sql(key: str, old: str | None, new: str | None) -> FieldChange:
    if old is None or new is None:
        return field_change(key, "compatible" if old is None else "breaking", old, new, "variant")
    found = differences(old, new)
    parts = tuple(Part(_CLASSES[it.kind], it.what, it.old, it.new) for it in found)
    what = "; ".join(dict.fromkeys(part.what for part in parts))
    return FieldChange(key, highest(part.class_ for part in parts), old, new, what, parts)


def _compare_expressions(old: str | None, new: str | None) -> FieldChange:
    if old is None:
        return field_change("expression", "compatible", old, new)
    if new is None:
        return field_change("expression", "breaking", old, new)
    if _same_expression(old, new):
        return FieldChange("expression", "cosmetic", old, new, _REWRITTEN)
    return field_change("expression", "result-changing", old, new)


def _same_expression(one: str, other: str) -> bool:
    form = canonical_expression(one)
    return form is not None and form == canonical_expression(other)


def _compare_lists(key: str, old: list[Any], new: list[Any]) -> FieldChange:
    called = _ITEMS.get(key, key)
    same = _same_expression if key == "filters" else same_words
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
        after = next((it for it in come if same_words(before, it) or same(before, it)), None)
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


def _compare_tests(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> FieldChange:
    """No number comes of them; one that says something else is removed and added."""
    gone = [it for it in old if it not in new]
    come = [it for it in new if it not in old]
    parts: list[Part] = []
    for before in list(gone):
        after = next((it for it in come if in_words(it) == in_words(before)), None)
        if after is not None:
            gone.remove(before)
            come.remove(after)
            parts.append(Part("documentation", "test renamed", title(before), title(after)))
    parts += [Part("documentation", "test removed", in_words(it), None) for it in gone]
    parts += [Part("documentation", "test added", None, in_words(it)) for it in come]
    if not parts:
        return FieldChange("tests", "cosmetic", old, new, "order of tests changed")
    what = "; ".join(dict.fromkeys(part.what for part in parts))
    return FieldChange("tests", "documentation", old or None, new or None, what, tuple(parts))


def _compare_settings(old: dict[str, Any], new: dict[str, Any]) -> Iterator[FieldChange]:
    for key in differing(old, new):
        before, after = old.get(key), new.get(key)
        if isinstance(before or after, list) and key != "categories":
            yield _compare_lists(key, before or [], after or [])
        else:
            told = key in ("name", "description", "categories", "version")
            yield field_change(key, "documentation" if told else "compatible", before, after)


def spell_out(model: Model, *, gone: bool) -> list[FieldChange]:
    """All that a definition says, which came or went with it."""
    class_: Class = "breaking" if gone else "compatible"
    if isinstance(model, Index):
        class_ = "documentation"  # no number is read from it
    return [
        field_change(key, class_, value if gone else None, None if gone else value)
        for key, value in data_of(model).items()
    ]
