"""The metrics of a catalog and what they are made of, walked from any of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agnes.lineage.definition import ALL, Definition, Reading, last_part, read

Kind = Literal["metric", "table", "column", "use"]
TABLES = "tables/"


@dataclass(frozen=True)
class Step:
    """Something on the way up or down.

    Args:
        id: `revenue/mrr`, `tables/orders`, `tables/orders.amount`, or what `meta.used_by` says.
        kind: what it is; a `use` is an entry of `meta.used_by`.
        depth: how many steps away it is, at the least.
        via: the ids it is reached from, each one step nearer or as near.
        known: whether the catalog has it.
        table: a column's table, by its id.
    """

    id: str
    kind: Kind
    depth: int
    via: tuple[str, ...]
    known: bool = True
    table: str | None = None

    @property
    def table_id(self) -> str:
        """What a table, or a column's table, is called among other things."""
        return self.id if self.table is None else table_node(self.table)

    @property
    def column(self) -> str | None:
        """A column's name."""
        return None if self.table is None else self.id.removeprefix(f"{self.table_id}.")

    def as_dict(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "id": self.id,
            "kind": self.kind,
            "depth": self.depth,
            "via": list(self.via),
            "known": self.known,
            "table": self.table,
            "column": self.column,
        }


class Graph:
    """Metrics, and what is known of tables.

    Args:
        definitions: the metrics.
        columns: the names of columns by the table's id, for every registered table.
    """

    def __init__(
        self, definitions: Iterable[Definition], columns: Mapping[str, Collection[str]]
    ) -> None:
        self.metrics = {definition.id: definition for definition in definitions}
        self.columns = columns
        self._keys = {id_.casefold(): id_ for id_ in columns}
        self._listed = {id_: {name.casefold() for name in names} for id_, names in columns.items()}
        self._readings: dict[str, Reading] = {}
        self._built_on: dict[str, list[str]] = defaultdict(list)
        for metric_id in sorted(self.metrics):
            for input_id in self.metrics[metric_id].inputs:
                self._built_on[input_id].append(metric_id)

    def reading(self, metric_id: str) -> Reading:
        """What a metric's queries read; nothing for one that is not there."""
        if metric_id not in self._readings:
            definition = self.metrics.get(metric_id)
            self._readings[metric_id] = read(definition, self.columns) if definition else Reading()
        return self._readings[metric_id]

    def readers(self, table_id: str, column: str | None = None) -> list[str]:
        """The metrics whose SQL reads a table, or one column of it, by id.

        A metric whose SQL cannot be read counts when its text names the table.
        """
        return [
            metric_id
            for metric_id in sorted(self.metrics)
            if self.metrics[metric_id].mentions(table_id)
            and self._reads(self.reading(metric_id), table_id, column)
        ]

    def _reads(self, reading: Reading, table_id: str, column: str | None) -> bool:
        for table, columns in reading.tables.items():
            name = table.casefold()
            # A name that no single table answers to may mean any that ends so.
            short = name == last_part(table_id) and name not in self._keys
            if name == table_id.casefold() or short:
                names = {name.casefold() for name in columns}
                if column is None or ALL in names or column.casefold() in names:
                    return True
        return False

    def table(self, name: str) -> str | None:
        """The id of a registered table, however it is written."""
        return self._keys.get(name.casefold())

    def has_column(self, table_id: str, column: str) -> bool:
        """Whether a table's file names a column."""
        return column.casefold() in self._listed.get(table_id, ())

    def built_on(self, metric_ids: Iterable[str]) -> list[str]:
        """The metrics that are made of some, in one step or many, the nearest first."""
        start = list(metric_ids)
        found: dict[str, None] = {}
        pending = list(start)
        while pending:
            following = [
                metric_id
                for input_id in pending
                for metric_id in self._built_on.get(input_id, ())
                if metric_id not in found and metric_id not in start
            ]
            pending = list(dict.fromkeys(following))
            found |= dict.fromkeys(pending)
        return list(found)

    def upstream(self, metric_id: str) -> list[Step]:
        """What a metric is made of, in one step or many: metrics, tables, columns."""
        return _walk(metric_id, [metric_id], self._above)

    def downstream(self, metric_id: str) -> list[Step]:
        """What is made of a metric, in one step or many: metrics, and what uses them."""
        return _walk(metric_id, [metric_id], self._below)

    def downstream_of_table(self, root: str, table_id: str, column: str | None) -> list[Step]:
        """The same for a table, or a column of it, that `root` is the id of."""
        readers = self.readers(table_id, column)

        def below(node: str) -> list[Step]:
            if node != root:
                return self._below(node)
            return [Step(metric_id, "metric", 1, (root,)) for metric_id in readers]

        return _walk(root, [root], below)

    def _above(self, metric_id: str) -> list[Step]:
        via = (metric_id,)
        found = [
            Step(input_id, "metric", 1, via, input_id in self.metrics)
            for input_id in self.metrics[metric_id].inputs
        ]
        for table, columns in sorted(self.reading(metric_id).tables.items()):
            found.append(Step(table_node(table), "table", 1, via, self.table(table) is not None))
            found += [
                Step(
                    f"{table_node(table)}.{column}",
                    "column",
                    1,
                    via,
                    self.has_column(table, column),
                    table,
                )
                for column in sorted(columns)
            ]
        return found

    def _below(self, metric_id: str) -> list[Step]:
        definition = self.metrics.get(metric_id)
        metrics = [Step(id_, "metric", 1, (metric_id,)) for id_ in self._built_on[metric_id]]
        uses = definition.used_by if definition else ()
        return metrics + [Step(use, "use", 1, (metric_id,)) for use in uses]


def table_node(table_id: str) -> str:
    """The id of a table among other things."""
    return f"{TABLES}{table_id}"


def _walk(root: str, start: Iterable[str], next_to: Callable[[str], list[Step]]) -> list[Step]:
    """Everything that is reached, the nearest first, each once; a cycle ends where it began."""
    found: dict[tuple[Kind, str], Step] = {}
    pending, depth = list(start), 0
    while pending:
        depth += 1
        following: list[str] = []
        for node in pending:
            for step in next_to(node):
                key = (step.kind, step.id)
                if step.kind == "metric" and step.id == root:
                    continue
                if key in found:
                    before = found[key]
                    via = tuple(dict.fromkeys([*before.via, *step.via]))
                    found[key] = Step(step.id, step.kind, before.depth, via, step.known, step.table)
                    continue
                found[key] = Step(step.id, step.kind, depth, step.via, step.known, step.table)
                if step.kind == "metric" and step.known:
                    following.append(step.id)
        pending = following
    return list(found.values())
