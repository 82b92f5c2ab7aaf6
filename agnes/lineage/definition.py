"""A metric as far as lineage is concerned, and what its SQL reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agnes.model.metric import Metric

ALL = "*"


@dataclass(frozen=True)
class Definition:
    """What lineage needs to know of a metric.

    Args:
        id: `<category>/<name>`.
        queries: its SQL, and the variants.
        inputs: the metrics that it is made of.
        tables: what it says under `table` and `tables`.
        used_by: what it says under `meta.used_by`: dashboards, reports.
    """

    id: str
    queries: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Definition:
        """From a row of `metric_definitions`."""
        variants = (row["sql_variants"] or {}).values()
        tables = [row["table_name"], *(row["tables"] or [])]
        return cls(
            row["id"],
            (row["sql"], *variants),
            tuple(dict.fromkeys(row["inputs"] or [])),
            tuple(dict.fromkeys(name for name in tables if name)),
            used_by(row["meta"]),
        )

    @classmethod
    def of_metric(cls, metric: Metric) -> Definition:
        """From a metric of a catalog that is loaded."""
        fields = ("id", "sql", "sql_variants", "inputs", "table_name", "tables", "meta")
        return cls.of_row({name: getattr(metric, name) for name in fields})

    @cached_property
    def text(self) -> str:
        """All its SQL in lower case, with the tables that it names."""
        return "\n".join([*self.queries, *self.tables]).casefold()

    def mentions(self, table_id: str) -> bool:
        """Whether it can read the table at all; quick."""
        return last_part(table_id) in self.text


@dataclass(frozen=True)
class Reading:
    """What a metric's queries read.

    Args:
        tables: the columns that are read of each table; `*` where all may be.
        outputs: what each column of the canonical query is made of, as (table, column).
        sure: False when some SQL cannot be read; then it is the tables that its text names.
    """

    tables: dict[str, set[str]] = field(default_factory=dict)
    outputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    sure: bool = True


def read(definition: Definition, columns: Mapping[str, Collection[str]]) -> Reading:
    """Tell what a metric's queries read.

    Args:
        columns: what is known of tables: the names of columns by the table's id.
    """
    from agnes.sql.lineage import columns_read
    from agnes.sql.problem import RefusedSqlError

    tables: dict[str, set[str]] = {}
    outputs: dict[str, list[tuple[str, str]]] = {}
    sure = True
    for at, sql in enumerate(definition.queries):
        try:
            found = columns_read(sql, columns)
        except RefusedSqlError:
            sure = False
            continue
        for table, names in found.tables.items():
            tables.setdefault(table, set()).update(names)
        if at == 0:
            outputs = {name: sorted(made_of) for name, made_of in found.outputs.items()}
    if not sure:
        named = [id_ for id_ in columns if definition.mentions(id_)]
        for table in dict.fromkeys([*named, *definition.tables]):
            tables.setdefault(table, set()).add(ALL)
    return Reading(tables, outputs, sure)


def last_part(table_id: str) -> str:
    """What SQL calls a table at the least: the last part of its id, in lower case."""
    return table_id.casefold().rpartition(".")[2]


def used_by(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a metric's `meta` lists under `used_by`: one text, or a list of them."""
    return _texts((meta or {}).get("used_by"))


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text for text in values if isinstance(text, str) and text.strip()))
