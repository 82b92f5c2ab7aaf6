"""What definitions say, as data, and how a change of it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agnes.diff.change import Class, FieldChange
from agnes.model.catalog import Index, Settings
from agnes.model.metric import Metric
from agnes.model.scalar import core
from agnes.model.table import Table

Model = Metric | Table | Settings | Index


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


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The keys that do not say the same on both sides."""
    return [key for key in dict.fromkeys([*old, *new]) if _differ(old.get(key), new.get(key))]


def _differ(old: Any, new: Any) -> bool:
    """Whether two values differ; to Python 1 and true do not."""
    return bool(old != new) or json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)


def field_change(
    key: str, class_: Class, old: Any, new: Any, called: str | None = None
) -> FieldChange:
    """A key that came, went or changed; of documentation, blank space alone is no change."""
    if class_ == "documentation" and same_words(old, new):
        return FieldChange(key, "cosmetic", old, new, "blank space or line breaks")
    verb = "added" if old is None else "removed" if new is None else "changed"
    return FieldChange(key, class_, old, new, f"{called or key.rpartition('.')[2]} {verb}")


def follows(key: str, old: Any, new: Any, class_: Class = "cosmetic") -> FieldChange:
    """Of a definition under another id, what nobody gave a value of its own."""
    return FieldChange(key, class_, old, new, f"{key} follows the id")


def same_words(one: Any, other: Any) -> bool:
    """Whether two texts differ in blank space and line breaks alone."""
    return isinstance(one, str) and isinstance(other, str) and one.split() == other.split()
