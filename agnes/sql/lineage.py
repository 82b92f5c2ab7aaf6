"""Which columns of which tables a query reads, and what the columns that it gives are made of.

Names mean what they mean to DuckDB, as far as can be told without the tables. Where that is not
certain, everything that may be meant counts: what is said to be read may be too much, never too
little. sqlglot's own resolver is of no use for that: it gives up at the first name that it does
not know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from agnes.sql.gate import read_query
from agnes.sql.problem import refusal
from agnes.sql.queries import Queries
from agnes.sql.relation import ALL, Origin, Scope, Values


@dataclass(frozen=True)
class ColumnsRead:
    """What a query reads.

    Args:
        tables: the columns that are read of each table, be it in a filter alone, by the table's id;
            `*` for all columns of a table of which none is known.
        outputs: the columns that each column of the result is made of, filters left out; one
            without a name is called `#1`, by its place, and those of unknown names `*`.
    """

    tables: dict[str, frozenset[str]]
    outputs: dict[str, frozenset[Origin]]


def columns_read(sql: str, columns: Mapping[str, Collection[str]]) -> ColumnsRead:
    """Tell which columns a query reads, through CTEs, subqueries, joins and stars.

    A star within the query reads what is used of it; one that gives the result, or whose columns
    matter by their number, reads all.

    Args:
        sql: one SELECT, in DuckDB's dialect.
        columns: what is known of tables: the names of columns by the table's id. A table may be
            missing.

    Returns:
        Ids and columns as `columns` spells them, else in lower case.

    Raises:
        RefusedSqlError: it is no such query, or takes too much work.
    """
    query = read_query(sql, file_names=True)
    try:
        return _Reader(query, columns).columns_read()
    except RecursionError:
        raise refusal("size", "the query nests too deeply", "take it apart with WITH") from None


class _Reader(Queries):
    def columns_read(self) -> ColumnsRead:
        root = self.query(self.read_query.tree, None)
        self.read(root.whole)
        self._read_the_rest()
        read: dict[str, set[str]] = {table: set() for table in self.tables}
        for origin in self._closure(self.reads):
            read[origin.table].add(self._spelled(origin).column)
        outputs = {value.name: self._made_of([value]) for value in root.columns.values()}
        if root.rest or any(not base.known for base in root.hidden):
            named = set(map(id, root.columns.values()))
            outputs[ALL] = self._made_of([item for item in root.whole if id(item) not in named])
        tables = {self.ids.get(table, table): frozenset(read[table]) for table in sorted(read)}
        return ColumnsRead(tables, outputs)

    def _made_of(self, values: Values) -> frozenset[Origin]:
        return frozenset(map(self._spelled, self._closure(values)))

    def _spelled(self, origin: Origin) -> Origin:
        known = self.known.get(origin.table, {})
        return Origin(
            self.ids.get(origin.table, origin.table), known.get(origin.column, origin.column)
        )

    def _closure(self, values: Values) -> Iterator[Origin]:
        """The columns of tables that values are made of in the end."""
        seen: set[int | Origin] = set()
        pending = list(values)
        while pending:
            value = pending.pop()
            key = value if isinstance(value, Origin) else id(value)
            if key in seen:
                continue
            seen.add(key)
            if isinstance(value, Origin):
                yield value
            else:
                self.spend(1 + len(value.of))
                pending += value.of

    def _read_the_rest(self) -> None:
        """Count what stands in constructs that nothing here knows of."""
        for table in self.read_query.tree.find_all(exp.Table):
            if id(table) not in self.seen and isinstance(table.this, exp.Identifier):
                self.read(self.named(table).whole)
        everything = Scope(sources=[("", self.relation(table)) for table in self.tables])
        for column in self.read_query.tree.find_all(exp.Column):
            if id(column) not in self.seen:
                self.spend(len(everything.sources))
                for part in column.parts:
                    self.read(everything.column(part.name.casefold()))
