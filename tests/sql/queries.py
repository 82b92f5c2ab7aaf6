"""Random queries over three small tables, most of what DuckDB knows of names in them."""

from __future__ import annotations

import random
from itertools import count

TABLES = {"a": ["id", "x", "y", "g"], "b": ["id", "x", "z", "h"], "c": ["k", "y", "w"]}
_COMMON = ["id", "x", "y", "g", "z", "h", "k", "w"]
_RARE = [*_COMMON, "p", "m", "id_1", "x_1"]
_STARS = [
    *("*", "*", "*", "* exclude (id)", "* exclude (x)", "* replace (1 as x)", "* rename (x as m)"),
    *("columns('x.*')", "* like 'x%'"),
]


class Queries:
    """Makes queries; few of them are valid, so run them."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._numbers = count(1)

    def next(self) -> str:
        query = self._query(self._pick([0, 1, 1, 2, 2, 3]), [])
        if self._often(0.2):
            query += f" order by {self._pick(['1', 'all', 'm', 'x desc'])}"
        return query

    def _pick(self, choices):
        return self._chance.choice(choices)

    def _often(self, share: float) -> bool:
        return self._chance.random() < share

    def _name(self) -> str:
        return f"q{next(self._numbers)}"

    def _query(self, depth: int, ctes: list[str]) -> str:
        kind = self._chance.random()
        if depth and kind < 0.12:
            operator = self._pick(
                ["union", "union all", "union all by name", "except", "intersect"]
            )
            width = self._pick([1, 2])
            sides = [self._select(depth - 1, ctes, [], width) for _ in range(2)]
            return f" {operator} ".join(sides)
        if depth and kind < 0.3:
            name = self._name()
            head = f"{name}{self._pick(['', '', ' (p)', ' (p, x)'])}"
            head += f" as ({self._query(depth - 1, ctes)})"
            body = self._query(depth - 1, [*ctes, name])
            return f"with {head}, {body[5:]}" if body.startswith("with") else f"with {head} {body}"
        return self._select(depth, ctes, [], self._pick([1, 2, 3]))

    def _source(self, depth: int, ctes: list[str]) -> tuple[str, str]:
        """What stands behind FROM, and what it is called."""
        kind, name = self._chance.random(), self._name()
        if depth and kind < 0.25:
            names = self._pick(["", "", "", "(x)", "(x, id)"])
            return f"({self._query(depth - 1, ctes)}) {name}{names}", name
        if depth and kind < 0.35:
            sides = [self._source(depth - 1, ctes)[0] for _ in range(2)]
            return f"({' cross join '.join(sides)}) {name}", name
        table = self._pick([*TABLES, *ctes, *ctes])
        if self._often(0.4):
            return f"{table} {self._pick(['', 'as '])}{name}", name
        forms = [*([table] * 6), table.upper()]
        forms += [f"main.{table}"] if table in TABLES else []
        if self._often(0.1):
            forms = [f"{table} pivot (sum(x) for y in (1, 2))", f"(unpivot {table} on x, y)"]
        return self._pick(forms), table

    def _column(self, sources: list[str]) -> str:
        name = self._pick(_RARE if self._often(0.15) else _COMMON)
        return f"{self._pick(sources)}.{name}" if self._often(0.5) else name

    def _expression(self, depth: int, sources: list[str], ctes: list[str]) -> str:
        one, two = self._column(sources), self._column(sources)
        kind = self._chance.random()
        if depth and kind < 0.1:
            return f"({self._select(depth - 1, ctes, sources, 1, aggregate=True)})"
        return self._pick(
            [
                *(one, one, one, one, one, one, f"({one} + {two})", f"coalesce({one}, {two})"),
                f"list_sum([v + {one} for v in [1, {two}]])",
                f"list_transform([1], lambda x: x + {one})[1]",
                f"hash({self._pick(sources)})",
                f"sum({one}) over (partition by {two})",
            ]
        )

    def _condition(self, depth: int, sources: list[str], ctes: list[str]) -> str:
        kind = self._chance.random()
        if depth and kind < 0.2:
            return f"exists ({self._select(depth - 1, ctes, sources, 1)})"
        if depth and kind < 0.35:
            return f"{self._column(sources)} in ({self._select(depth - 1, ctes, sources, 1)})"
        left = self._expression(depth, sources, ctes)
        return f"{left} {self._pick(['>', '=', '<>'])} {self._pick(['1', self._column(sources)])}"

    def _join(self, depth: int, ctes: list[str], names: list[str]) -> str:
        """A further source; its name is added to those that are there."""
        source, name = self._source(depth, ctes)
        shared = f"using ({self._pick(['id', 'x', 'y'])})"
        on = self._condition(0, [*names, name], ctes)
        within = self._column(names)
        kind = self._pick(["using", "using", "natural", "on", "semi", "lateral", "comma"])
        names.append(name)
        if kind == "lateral":
            return f", {self._pick(['lateral ', ''])}(select {within} as p) {name}"
        return {
            "using": f" join {source} {shared}",
            "natural": f" natural join {source}",
            "on": f" left join {source} on {on}",
            "semi": f" semi join {source} {shared}",
            "comma": f", {source}",
        }[kind]

    def _select(
        self, depth: int, ctes: list[str], outer: list[str], width: int, *, aggregate: bool = False
    ) -> str:
        start, name = self._source(depth, ctes)
        names = [name]
        for _ in range(self._pick([0, 0, 1, 1, 2])):
            start += self._join(depth, ctes, names)
        visible = [*names, *outer]
        if aggregate:
            function = self._pick(["sum", "max", "count"])
            items = [self._pick([f"{function}({self._column(visible)})", "count(*)"]) + " as m"]
        else:
            items = [self._item(depth, names, visible, ctes) for _ in range(width)]
        distinct = "distinct " if self._often(0.07) else ""
        query = f"select {distinct}{', '.join(items)} from {start}"
        if self._often(0.4):
            query += f" where {self._condition(depth, visible, ctes)}"
        if not aggregate and self._often(0.12):
            query += f" group by {self._pick(['all', '1', self._column(visible)])}"
        if not aggregate and self._often(0.1):
            query += f" qualify row_number() over (order by {self._column(visible)}) < 3"
        return query

    def _item(self, depth: int, own: list[str], visible: list[str], ctes: list[str]) -> str:
        kind = self._chance.random()
        if kind < 0.25:
            return self._pick([*_STARS, f"{self._pick(own)}.*"])
        if kind < 0.6:
            return self._column(visible)
        return f"{self._expression(depth, visible, ctes)} as {self._pick(['m', 'p', 'x', 'id'])}"
