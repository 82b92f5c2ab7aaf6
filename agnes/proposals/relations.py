"""How tables hang together: their keys, by registry and by name, and the metrics that read them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agnes.describe.facts import Use
from agnes.describe.vocabulary import plain, singular
from agnes.values.words import words

Row = Mapping[str, Any]
_KEYS = ("id", "key", "uuid", "sk", "pk", "no", "number")


def key_of(table: Row, columns: Iterable[str]) -> str | None:
    """The one column that is a table's key: as registered, else the one that is called so."""
    registered = [name.strip() for name in (table["primary_key"] or "").split(",") if name.strip()]
    if registered:
        return registered[0] if len(registered) == 1 else None
    row = words(singular(plain(table["id"].rpartition(".")[2])))
    names = [["id"], ["uuid"], *([*row, key] for key in _KEYS)]
    return next((name for name in columns if words(name) in names), None)


def reference_of(table_id: str, column: str, keys: Mapping[str, str]) -> tuple[str, str] | None:
    """The table and key that a column refers to, by its name.

    Args:
        keys: table id to its key.
    """
    said = words(column)
    found: list[tuple[int, str, str]] = []
    for other, key in keys.items():
        wanted = words(key)
        if len(wanted) < 2:
            wanted = [*words(singular(plain(other.rpartition(".")[2]))), *wanted]
        if other != table_id and said[-len(wanted) :] == wanted:
            found.append((len(wanted), other, key))
    best = max(found, default=None)
    return best[1:] if best else None


def uses_of(metrics: Sequence[Row], table_id: str) -> dict[str, list[Use]]:
    """The metrics that read each column of a table, by the column's name in lower case."""
    found: dict[str, list[Use]] = defaultdict(list)
    last = table_id.rpartition(".")[2]
    for metric in metrics:
        tables = {metric["table_name"], *(metric["tables"] or [])}
        if tables.isdisjoint({table_id, last}):
            continue
        read = dict.fromkeys(re.findall(r"\w+", (metric["expression"] or "").lower()), "measure")
        read |= {name.lower(): "dimension" for name in metric["dimensions"] or []}
        if metric["time_column"]:
            read[metric["time_column"].lower()] = "time"
        for name, role in read.items():
            found[name].append(Use(metric["id"], role, metric["unit"]))
    return found
