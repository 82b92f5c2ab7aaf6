"""A change in a few words."""

from __future__ import annotations

from collections.abc import Callable

from agnes.diff.change import CLASSES, Change, FieldChange

_MOST = 4
"""So many things that moved are told."""
_LONGEST = 60
"""Characters of a value that is told."""


def in_words(
    change: Change,
    name: Callable[[str], str] = str,
    text: Callable[[str], str] = str,
    *,
    values: bool = False,
) -> str:
    """Tell what became of a definition, the gravest first.

    Args:
        name, text: write an id, a key or a value, and anything else, as whoever reads it needs it.
        values: tell short ones too: `unit changed (USD → EUR)`.
    """
    if change.kind == "removed":
        return "removed"
    if change.kind == "added":
        return f"added, a copy of {name(change.from_)}" if change.from_ else "added"
    said = [f"renamed from {name(change.from_)}"] if change.from_ else []
    fields: dict[tuple[str, str], list[str]] = {}
    for field in sorted(change.fields, key=lambda it: -CLASSES.index(it.class_)):
        if field.field != "id" and (field.class_ != "cosmetic" or change.class_ == "cosmetic"):
            shown = _values(field, name) if values else ""
            fields.setdefault((field.what, shown), []).append(field.field)
    for (what, shown), names in fields.items():
        obvious = names == ["file"] or what.startswith(names[0])
        where = "" if obvious else f"{', '.join(map(name, names))}: "
        said.append(f"{where}{text(what)}{shown}")
    more = f" and {len(said) - _MOST} more" if len(said) > _MOST else ""
    return "; ".join(said[:_MOST]) + more


def _values(field: FieldChange, name: Callable[[str], str]) -> str:
    """What was said before and is said now, if that is one thing, and short."""
    parts = [part for part in field.parts if part.class_ != "cosmetic"]
    if field.class_ == "cosmetic" or len(parts) > 1:
        return ""
    sides = (parts[0].old, parts[0].new) if parts else (field.old, field.new)
    given = [side for side in sides if side is not None]
    short = all(isinstance(side, str) and 0 < len(side) <= _LONGEST for side in given)
    told = [name(" ".join(side.split())) for side in given] if short else []
    return f" ({' → '.join(told)})" if told else ""
