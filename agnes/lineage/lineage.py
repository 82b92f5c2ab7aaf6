"""The lineage of one metric, table or column of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from agnes.errors import NotFoundError
from agnes.lineage.definition import Definition
from agnes.lineage.graph import TABLES, Graph, Kind, Step, table_node

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot

_METRICS = "SELECT id, sql, sql_variants, inputs, meta, table_name, tables FROM metric_definitions"


@dataclass(frozen=True)
class Lineage:
    """What something is made of, and what is made of it.

    Args:
        id: `revenue/mrr`, `tables/orders` or `tables/orders.amount`.
        upstream: what it is made of, the nearest first; nothing for a table or a column.
        downstream: what is made of it, the nearest first.
        outputs: for a metric, the columns that each column of its canonical query is made of, by
            their ids.
        unsure: the metrics on the way whose SQL cannot be read: they count as reading every column
            of the tables that they name.
    """

    id: str
    kind: Kind
    upstream: tuple[Step, ...]
    downstream: tuple[Step, ...]
    outputs: dict[str, list[str]]
    unsure: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """It as plain data."""
        return {
            "id": self.id,
            "kind": self.kind,
            "upstream": [step.as_dict() for step in self.upstream],
            "downstream": [step.as_dict() for step in self.downstream],
            "outputs": self.outputs,
            "unsure": list(self.unsure),
        }


def snapshot_graph(snapshot: Snapshot) -> Graph:
    """The metrics and tables of a snapshot."""
    columns: dict[str, list[str]] = {row["id"]: [] for row in snapshot.tables()}
    for row in snapshot.all_columns():
        columns.setdefault(row["table_id"], []).append(row["column_name"])
    return Graph(map(Definition.of_row, snapshot.rows(_METRICS)), columns)


def lineage(snapshot: Snapshot, wanted: str) -> Lineage:
    """Tell what something is made of, and what is made of it.

    Args:
        wanted: a metric's id, or `tables/<id>`, or `tables/<id>.<column>`.

    Raises:
        NotFoundError: the catalog has no such thing; the nearest ids are its hint.
    """
    graph = snapshot_graph(snapshot)
    if wanted in graph.metrics:
        return _of_metric(graph, wanted)
    if wanted.startswith(TABLES):
        ways = list(_as_table(wanted.removeprefix(TABLES)))
        for table, column in sorted(ways, key=lambda way: graph.table(way[0]) is None):
            if found := _of_table(graph, table, column):
                return found
    kind = "Table or column" if wanted.startswith(TABLES) else "Metric"
    raise NotFoundError(f"{kind} '{wanted}' not found", _hint(snapshot, graph, wanted))


def _of_metric(graph: Graph, metric_id: str) -> Lineage:
    upstream, downstream = graph.upstream(metric_id), graph.downstream(metric_id)
    outputs = {
        name: [f"{table_node(table)}.{column}" for table, column in made_of]
        for name, made_of in graph.reading(metric_id).outputs.items()
    }
    above = [metric_id, *(step.id for step in upstream if step.kind == "metric")]
    unsure = tuple(id_ for id_ in above if not graph.reading(id_).sure)
    return Lineage(metric_id, "metric", tuple(upstream), tuple(downstream), outputs, unsure)


def _as_table(name: str) -> Iterator[tuple[str, str | None]]:
    """The ways to read `a.b.c`: all of it is a table, or its end is a column."""
    yield name, None
    at = len(name)
    while (at := name.rfind(".", 0, at)) > 0:
        yield name[:at], name[at + 1 :]


def _of_table(graph: Graph, name: str, column: str | None) -> Lineage | None:
    table = graph.table(name) or name
    root = table_node(table) if column is None else f"{table_node(table)}.{column}"
    downstream = graph.downstream_of_table(root, table, column)
    there = graph.table(name) and (column is None or graph.has_column(table, column))
    if not there and not downstream:
        return None
    readers = [step.id for step in downstream if step.via == (root,)]
    unsure = tuple(id_ for id_ in readers if not graph.reading(id_).sure)
    kind: Kind = "table" if column is None else "column"
    return Lineage(root, kind, (), tuple(downstream), {}, unsure)


def _hint(snapshot: Snapshot, graph: Graph, wanted: str) -> str:
    if not wanted.startswith(TABLES):
        near = snapshot.nearest_ids(wanted)
        missing = "find it: da metrics search WORDS"
    else:
        ids = [table_node(id_) for id_ in graph.columns]
        table, _, _ = wanted.rpartition(".")
        known = graph.table(table.removeprefix(TABLES))
        ids += [f"{table_node(known)}.{name}" for name in graph.columns[known]] if known else []
        near = get_close_matches(wanted, ids, 3, 0.7)
        missing = "tables are called tables/<id>, columns tables/<id>.<column>"
    return f"did you mean: {', '.join(near)}" if near else missing
