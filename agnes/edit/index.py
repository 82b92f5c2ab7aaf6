"""The index of a catalog, kept up: what comes is listed, what goes is unlisted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agnes.edit.plan import Plan
from agnes.load.document import read_document
from agnes.model.catalog import Index
from agnes.model.layout import Slot
from agnes.model.scalar import core
from agnes.yaml.edit import patch
from agnes.yaml.loader import load


def keep_index(path: str, original: bytes, plan: Plan, theirs: Index | None = None) -> None:
    """List in the index what a plan adds, and unlist what it removes.

    Args:
        path, original: the index as it is; one that cannot be read is left alone.
        theirs: the index of the pack that is imported, for the names of its categories.
    """
    if not isinstance(read_document(Slot(path, "index"), original).value, Index):
        return
    data: dict[str, Any] = core(load(original)) or {}
    categories: list[dict[str, Any]] = data.get("categories") or []
    data["categories"] = categories
    their_categories = {item.category: item for item in theirs.categories} if theirs else {}
    for metric_id in plan.added:
        folder, _, name = metric_id.partition("/")
        if folder == "tables":
            continue
        category = next((item for item in categories if _folder(item) == folder), None)
        if category is None:
            other = their_categories.get(folder)
            category = {"name": other.name if other else folder, "folder": folder}
            categories.append(category)
        listed = category.get("metrics") or []
        category["metrics"] = listed if name in listed else [*listed, name]
    for metric_id in plan.removed:
        folder, _, name = metric_id.partition("/")
        for category in categories:
            if _folder(category) == folder and name in (category.get("metrics") or []):
                category["metrics"].remove(name)
    content = patch(original, data)
    if content != original:
        plan.files[path] = content


def _folder(category: Mapping[str, Any]) -> str:
    return str(category.get("folder") or category["name"]).rstrip("/")
