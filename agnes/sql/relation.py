"""What a query reads from, and what its columns are made of, while the query is taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ALL = "*"
"""Stands for every column of a table of which none is known."""
_NUMBERED = re.compile(r"(.+)_\d+")
"""What DuckDB calls the second column of a name that a star gives."""


class Origin(NamedTuple):
    """A column of a table, or `*`."""

    table: str
    column: str


@dataclass(eq=False)
class Value:
    """A column on its way through the query, and what it is made of."""

    name: str
    of: list[Value | Origin] = field(default_factory=list)


Values = list[Value | Origin]


@dataclass(frozen=True)
class Base:
    """A table, by its name in lower case, and whether any of its columns is known."""

    table: str
    known: bool


@dataclass(eq=False)
class Relation:
    """A table, a CTE or a subquery, as what stands around it sees it.

    Args:
        columns: those that are known, by their names in lower case.
        hidden: tables of which further columns may be seen, through a star.
        rest: what other columns are made of, which cannot be told by name.
        width: how many columns it gives; None when that cannot be told.
    """

    columns: dict[str, Value] = field(default_factory=dict)
    hidden: set[Base] = field(default_factory=set)
    rest: Values = field(default_factory=list)
    width: int | None = None

    @property
    def in_order(self) -> list[Value] | None:
        """The columns from left to right, if that is certain."""
        exact = self.width == len(self.columns) and not self.rest
        return list(self.columns.values()) if exact else None

    @property
    def whole(self) -> Values:
        """Everything that it gives."""
        stars = [Origin(base.table, ALL) for base in self.hidden if not base.known]
        return [*self.columns.values(), *self.rest, *stars]

    def add(self, key: str, value: Value) -> None:
        """Give a further column; one of a name that is taken is made of both."""
        taken = self.columns.get(key)
        self.columns[key] = Value(taken.name, [taken, value]) if taken else value

    def listed(self, key: str) -> Values:
        """What a column that is known to be called so is made of; nothing when there is none."""
        numbered = _NUMBERED.fullmatch(key) if self.width is None else None
        keys = [key, numbered[1]] if numbered else [key]
        found: Values = [self.columns[name] for name in keys if name in self.columns]
        # The first of a name counts, so it may also be one that we know nothing of.
        return [*found, *self.unknown(key)] if found else []

    def unknown(self, key: str) -> Values:
        """What a column of this name is made of, if a table of unknown columns has one."""
        return _hidden(self, key, known=False)

    def unlisted(self, key: str) -> Values:
        """The same, if not all columns of a table are known."""
        return _hidden(self, key, known=True)

    def renamed(self, names: Sequence[str]) -> Relation:
        """With other names for its first columns, as in `AS t(a, b)`."""
        columns = self.in_order
        if columns is None:
            whole = Value("", self.whole)
            given = {name.casefold(): Value(name, [whole]) for name in names}
            return Relation(self.columns | given, self.hidden, self.rest)
        called = [Value(name, [old]) for name, old in zip(names, columns, strict=False)]
        found = Relation(width=self.width)
        for value in called + columns[len(called) :]:
            found.add(value.name.casefold(), value)
        return found


def _hidden(relation: Relation, key: str, *, known: bool) -> Values:
    keys = [key]
    if relation.width is None and (numbered := _NUMBERED.fullmatch(key)):
        keys.append(numbered[1])
    bases = [base for base in relation.hidden if base.known is known]
    return [Origin(base.table, name) for base in bases for name in keys]


@dataclass(eq=False)
class Scope:
    """The names that stand for something at a place of a query.

    Args:
        outer: what stands around it.
        sources: what the SELECT reads from, with the names in lower case.
        aliases: what the SELECT calls its columns.
    """

    outer: Scope | None = None
    sources: list[tuple[str, Relation]] = field(default_factory=list)
    aliases: dict[str, Value] = field(default_factory=dict)

    @property
    def chain(self) -> Iterator[Scope]:
        """The scope, and those around it."""
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.outer

    @property
    def relations(self) -> list[Relation]:
        """What the SELECT reads from."""
        return [relation for _, relation in self.sources]

    @property
    def whole(self) -> Values:
        """Everything that the sources give."""
        return [value for relation in self.relations for value in relation.whole]

    def called(self, name: str) -> list[Relation]:
        """The sources of a name: those of the innermost SELECT that has one."""
        for scope in self.chain:
            if found := [relation for called, relation in scope.sources if called == name]:
                return found
        return []

    def column(self, name: str) -> Values:
        """What a name that stands alone may mean."""
        found: Values = []
        rest: Values = []
        unlisted: Values = []
        for scope in self.chain:
            if listed := listed_in(scope.relations, name):
                return [*found, *rest, *listed]
            if name in scope.aliases:
                found.append(scope.aliases[name])
            for called, relation in scope.sources:
                found += relation.whole if called == name else ()  # a row as one value
                found += relation.unknown(name)
                rest += relation.rest
                unlisted += relation.unlisted(name)
        return [*(found or unlisted), *rest]

    def struct(self, name: str) -> Values:
        """The columns of a name that are known."""
        return next(
            (listed for scope in self.chain if (listed := listed_in(scope.relations, name))), []
        )


def listed_in(relations: Iterable[Relation], name: str) -> Values:
    """The columns of a name that are known."""
    return [value for relation in relations for value in relation.listed(name)]


def column_of(relations: Sequence[Relation], name: str) -> Values:
    """What a column of any of these relations is made of, as far as can be told."""
    rest = [value for relation in relations for value in relation.rest]
    return listed_in(relations, name) or [
        *rest,
        *(
            [value for relation in relations for value in relation.unknown(name)]
            or [value for relation in relations for value in relation.unlisted(name)]
        ),
    ]
