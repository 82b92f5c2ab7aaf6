"""Mending what can be mended without a doubt: `da metrics validate --fix`."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from agnes.errors import YamlError
from agnes.model.layout import Slot
from agnes.model.metric import VARIANT, YAML_KEYS
from agnes.model.scalar import core
from agnes.model.table import Table
from agnes.yaml.edit import Lines, patch, through_lines
from agnes.yaml.layout import reorder, to_blocks
from agnes.yaml.loader import load, locate

METRIC_KEYS = (*YAML_KEYS, "table_name", "sql")


def fix(slot: Slot, original: bytes) -> bytes:
    """Mend one file: misspelt keys, synonyms, the order of keys, block style.

    Returns:
        The file with comments and everything else as it was; the file itself where nothing is to
        be mended, or where it is no YAML.
    """
    if slot.kind not in ("metric", "table"):
        return original
    try:
        data = core(load(original))
    except YamlError:
        return original
    if not isinstance(data, dict):
        return original
    mended = _spell(slot, original, data)
    if slot.kind == "table":
        return reorder(mended, lambda key: _rank(list(Table.model_fields), key))
    return to_blocks(reorder(_tidy_synonyms(mended), rank))


def rank(key: str) -> int:
    """The place of a metric's key in the canonical order."""
    return _rank(list(_ORDER), key) if not key.startswith("sql") else len(_ORDER) + (key != "sql")


_ORDER = tuple(
    name for key in YAML_KEYS for name in ((key, "table_name") if key == "table" else (key,))
)


def _rank(order: list[str], key: str) -> int:
    return order.index(key) if key in order else len(order)


def tidy(synonyms: list[str]) -> list[str]:
    """Synonyms without blanks around them, once each; case does not count."""
    found: dict[str, str] = {}
    for word in synonyms:
        found.setdefault(" ".join(word.casefold().split()), word.strip())
    return list(found.values())


def _tidy_synonyms(original: bytes) -> bytes:
    data = core(load(original))
    synonyms = data.get("synonyms")
    if not isinstance(synonyms, list) or not all(isinstance(word, str) for word in synonyms):
        return original
    return patch(original, data | {"synonyms": tidy(synonyms)})


def _spell(slot: Slot, original: bytes, data: dict[str, Any]) -> bytes:
    """Correct the keys that are like exactly one known key, which is not there yet."""
    known = METRIC_KEYS if slot.kind == "metric" else tuple(Table.model_fields)
    right: dict[str, str] = {}
    for key in data:
        if key in known or (slot.kind == "metric" and key.startswith(VARIANT)):
            continue
        near = [word for word in known if _is_like(key, word)]
        if len(near) == 1 and near[0] not in (*data, *right.values()):
            right[key] = near[0]
    places = locate(original)

    def edit(lines: Lines) -> Lines:
        for key, word in right.items():
            line, column, *_ = places.of((key,), key=True)
            if column == 1 and lines[line - 1].startswith(key):
                lines[line - 1] = word + lines[line - 1].removeprefix(key)
        return lines

    return through_lines(original, edit) if right else original


def _is_like(key: str, word: str) -> bool:
    """Whether a key is a slip of the pen; `label` is no `table`, nor `time` a `type`."""
    return sorted(key) == sorted(word) or SequenceMatcher(None, key, word).ratio() >= _LIKE


_LIKE = 0.85
