"""What a definition says, fact by fact, so that each can be followed through its versions.

A field is a fact as a whole, and in parts: the items of a list, the keys of a mapping, the clauses
of a query. The whole also stands for what is not there, and for the order.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agnes.diff.data import Model, data_of
from agnes.diff.fields import ORDERED
from agnes.model.metric import VARIANT, Metric
from agnes.model.table import Table
from agnes.sql.atoms import Atoms, atoms
from agnes.sql.canonical import canonical, canonical_expression


@dataclass(frozen=True)
class Fact:
    """One thing that a definition says, equal in all versions that mean the same by it.

    Args:
        field: the key in the file: `unit`, `sql_by_plan`, `columns.amount`.
        part: which part of it: `item`, a key, `filter in CTE base`; "" for the whole.
        key: what it says, in a canonical form.
        number: tells equal items of a list apart.
        text: it as the file says it; "" for a whole whose parts say it all.
    """

    field: str
    part: str
    key: str
    number: int = 0
    text: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True)
class Said:
    """What one version says.

    Args:
        data: by field.
        facts: by field too, and the clauses of its queries.
    """

    data: Mapping[str, Any]
    facts: Mapping[str, tuple[Fact, ...]]
    queries: Mapping[str, Atoms]

    def __iter__(self) -> Iterator[Fact]:
        """All facts, in the order of the fields."""
        for found in self.facts.values():
            yield from found


def take_facts(name: str, model: Model, later: Said | None = None) -> Said:
    """What a version says.

    Args:
        name: the definition's id at the time.
        later: what the next version says, if this is an earlier one; its queries' CTEs are
            called alike.
    """
    data = {"id": name, **_data(model)}
    facts: dict[str, tuple[Fact, ...]] = {}
    queries: dict[str, Atoms] = {}
    for key, value in data.items():
        is_query = isinstance(model, Metric) and (key == "sql" or key.startswith(VARIANT))
        if later is not None and later.data.get(key) == value:
            facts[key] = later.facts[key]
            if is_query:
                queries[key] = later.queries[key]
        elif is_query:
            queries[key] = atoms(value, later.queries.get(key) if later else None)
            facts[key] = (Fact(key, "", canonical(value) or value.strip()), *_clauses(key, queries))
        else:
            facts[key] = tuple(_number(_field(key, value)))
    return Said(data, facts, queries)


def _data(model: Model) -> dict[str, Any]:
    """What a model says by itself: not what follows from its id."""
    data = data_of(model)
    unsaid: dict[str, Any] = {}
    if isinstance(model, Metric):
        unsaid = {"name": model.name, "category": model.category, "display_name": model.name}
    elif isinstance(model, Table):
        unsaid = {"id": model.id, "name": model.id}
        unsaid |= {} if model.bucket else {"source_table": model.id}
        data.pop("is_public", None)
        data["access"] = "public" if model.public else {"groups": sorted(model.groups)}
        columns = data.pop("columns", {})
        data |= {f"columns.{name}": column for name, column in columns.items()}
    return {key: value for key, value in data.items() if unsaid.get(key) != value}


def _field(key: str, value: Any) -> Iterator[Fact]:
    if isinstance(value, list):
        items = [(_shown(item), _json(item)) for item in value]
        order = [said for _, said in items]
        yield Fact(key, "", _json(order if key in ORDERED else sorted(order)))
        yield from (Fact(key, "item", said, text=text) for text, said in items)
    elif isinstance(value, dict):
        yield Fact(key, "", _json(value))
        yield from (Fact(key, str(at), _json(it), text=_shown(it)) for at, it in value.items())
    elif key == "expression":
        yield Fact(key, "", canonical_expression(value) or value.strip(), text=value)
    else:
        yield Fact(key, "", _json(value), text=_shown(value))


def _clauses(key: str, queries: Mapping[str, Atoms]) -> Iterator[Fact]:
    for atom in queries[key].items:
        where = f"{atom.clause} in {atom.label}" if atom.label else atom.clause
        yield Fact(key, where, atom.key, atom.number, atom.text)


def _number(found: Iterator[Fact]) -> Iterator[Fact]:
    seen: Counter[Fact] = Counter()
    for fact in found:
        yield replace(fact, number=seen[fact])
        seen[fact] += 1


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
