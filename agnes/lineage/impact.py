"""What a change of metrics, tables and columns reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agnes.lineage.definition import Definition
from agnes.lineage.graph import Graph, table_node


@dataclass(frozen=True)
class Use:
    """An entry of a metric's `meta.used_by`."""

    metric: str
    by: str


@dataclass(frozen=True)
class Effect:
    """What the change of one thing reaches.

    Args:
        id: what changed: `revenue/mrr`, `tables/orders`, `tables/orders.amount`.
        read_by: for a table or column, the metrics whose SQL reads it.
        built_on: the metrics made of it, or of those in `read_by`, in one step or many.
        used_by: what uses any of them, or the metric itself.
        unsure: those of `read_by` whose SQL cannot be read, but names the table.
    """

    id: str
    read_by: tuple[str, ...]
    built_on: tuple[str, ...]
    used_by: tuple[Use, ...]
    unsure: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "id": self.id,
            "read_by": list(self.read_by),
            "built_on": list(self.built_on),
            "used_by": [{"metric": use.metric, "by": use.by} for use in self.used_by],
            "unsure": list(self.unsure),
        }


@dataclass(frozen=True)
class Impact:
    """What a change reaches, for each thing that changed."""

    effects: tuple[Effect, ...]

    @property
    def metrics(self) -> list[str]:
        """All metrics that are reached, in order of their ids."""
        return sorted({id_ for effect in self.effects for id_ in effect.read_by + effect.built_on})

    def as_dict(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "metrics": self.metrics,
            "effects": [effect.as_dict() for effect in self.effects],
        }


def impact(
    definitions: Iterable[Definition],
    changed_metrics: Iterable[str],
    changed_tables: Mapping[str, Collection[str] | None],
    columns: Mapping[str, Collection[str]] | None = None,
) -> Impact:
    """Tell what a change reaches. SQL is read of the metrics alone that mention a changed table.

    Args:
        definitions: the metrics, those that were removed included.
        changed_metrics: the ids of metrics that changed, came or went.
        changed_tables: by id, the columns that changed, came or went; None for the table itself.
        columns: the names of columns by the table's id, for every registered table.
    """
    known = {id_: set(names) for id_, names in (columns or {}).items()}
    for table, changed in changed_tables.items():
        # Or a column that went would be taken for one of another table.
        known.setdefault(table, set()).update(changed or ())
    graph = Graph(definitions, known)
    return Impact((*_of_metrics(graph, changed_metrics), *_of_tables(graph, changed_tables)))


def _of_metrics(graph: Graph, changed: Iterable[str]) -> Iterator[Effect]:
    for metric_id in sorted(set(changed)):
        built_on = graph.built_on([metric_id])
        yield Effect(metric_id, (), tuple(built_on), _uses(graph, [metric_id, *built_on]))


def _of_tables(graph: Graph, changed: Mapping[str, Collection[str] | None]) -> Iterator[Effect]:
    for table, columns in sorted(changed.items()):
        for column in [None] if columns is None else sorted(columns):
            readers = graph.readers(table, column)
            built_on = graph.built_on(readers)
            node = table_node(table) if column is None else f"{table_node(table)}.{column}"
            yield Effect(
                node,
                tuple(readers),
                tuple(built_on),
                _uses(graph, [*readers, *built_on]),
                tuple(id_ for id_ in readers if not graph.reading(id_).sure),
            )


def _uses(graph: Graph, metric_ids: Iterable[str]) -> tuple[Use, ...]:
    return tuple(
        Use(id_, use)
        for id_ in metric_ids
        if id_ in graph.metrics
        for use in graph.metrics[id_].used_by
    )
