"""New content of a file, in the spellings that the file has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agnes.model.metric import YAML_KEYS
from agnes.model.scalar import core
from agnes.yaml.loader import load
from agnes.yaml.ruamel import same


def with_key(original: bytes, key: str, value: Any) -> dict[str, Any]:
    """What a metric's file says, with one key more, at its place, or less."""
    data = core(load(original))
    said: dict[str, Any] = data[0] if isinstance(data, list) else data
    if value is None or key in said:
        changed = said | {key: value}
        return {name: it for name, it in changed.items() if name != key or it is not None}
    earlier = YAML_KEYS[: YAML_KEYS.index(key)]
    at = max((number for number, name in enumerate(said, 1) if name in earlier), default=0)
    items = list(said.items())
    return dict([*items[:at], (key, value), *items[at:]])


def like(
    original: bytes, data: dict[str, Any], full: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`data` with the spellings that the file has: defaults written out, `table_name`, one list.

    Args:
        full: `data` with all defaults, where the file may write any of them out.
    """
    before = core(load(original))
    if isinstance(before, list):
        before = before[0]
    if not isinstance(before, dict):
        return data
    spelled = dict(data)
    if "table_name" in before and "table" in spelled and "table" not in before:
        spelled = {"table_name" if key == "table" else key: value for key, value in spelled.items()}
    for key, value in before.items():
        if key not in spelled and _is_default(key, value):
            spelled[key] = value
    return _written_out(before, spelled, full) if full is not None else spelled


def _written_out(before: Any, data: Any, full: Any) -> Any:
    """`data` with the defaults that a file writes out, and the nothing that it writes for them."""
    if before is None and data == {}:
        return None
    if not all(isinstance(it, Mapping) for it in (before, data, full)):
        return data
    kept = {
        key: value
        for key, value in before.items()
        if key not in data and key in full and (value is None or same(value, full[key]))
    }
    inner = {
        key: _written_out(before[key], it, full.get(key)) if key in before else it
        for key, it in data.items()
    }
    place = {key: number for number, key in enumerate(full)}
    return dict(sorted((inner | kept).items(), key=lambda it: place.get(it[0], len(place))))


def _is_default(key: str, value: Any) -> bool:
    return value in (None, [], {}) or (key == "status" and value == "active")
