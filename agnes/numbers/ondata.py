"""A metric on data: what it gives as a whole and by each of its dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agnes.compute.numbers import Numbers, canonical_sql, read_numbers
from agnes.compute.run import columns_of, compile_metric
from agnes.errors import AgnesError
from agnes.model.metric import Metric
from agnes.numbers.breakdown import Slice
from agnes.numbers.ratio import Row
from agnes.numbers.runs import Runs
from agnes.numbers.values import NO_ROW, day_of
from agnes.sql.ask import Ask

_NONE: Row = (NO_ROW, {})


@dataclass(frozen=True)
class OnData:
    """A definition on some data; each query is run when it is asked for, and once.

    Args:
        runs: the data.
    """

    metric: Metric
    runs: Runs
    _parts: dict[str, dict[Any, dict[Any, Row]]] = field(default_factory=dict)

    @cached_property
    def whole(self) -> dict[Any, Row]:
        """What there is for each period.

        Raises:
            AgnesError: the query fails, or gives something else.
        """
        found = read_numbers(self.runs.rows(canonical_sql(self.metric)), self.metric, [])
        return {period: row for period, _, row in _rows(found)}

    def value(self, period: Any) -> Any:
        """The value of a period; `NO_ROW` where there is none."""
        return self.whole.get(period, _NONE)[0]

    def parts(self, dimension: str) -> dict[Any, dict[Any, Row]]:
        """What there is for each part of each period.

        Raises:
            AgnesError: it cannot be broken down so.
        """
        if dimension not in self._parts:
            columns = columns_of(self.runs.engine)
            sql = compile_metric(self.metric, Ask(by=(dimension,)), columns).sql
            numbers = read_numbers(self.runs.rows(sql), self.metric, [dimension])
            if not numbers.dimensions:
                raise AgnesError(f"its query has no column {dimension}")
            found: dict[Any, dict[Any, Row]] = {}
            for period, part, row in _rows(numbers):
                found.setdefault(period, {})[part] = row
            self._parts[dimension] = found
        return self._parts[dimension]

    def slice(self, dimension: str, period: Any) -> Slice:
        """One period of it.

        Raises:
            AgnesError: it cannot be broken down so.
        """
        return Slice(self.whole.get(period, _NONE), self.parts(dimension).get(period, {}))

    def rows(self, dimension: str) -> list[Row]:
        """All rows, as a whole and by a dimension.

        Raises:
            AgnesError: it cannot be broken down so.
        """
        parts = (row for rows in self.parts(dimension).values() for row in rows.values())
        return [*self.whole.values(), *parts]


def _rows(found: Numbers) -> Iterator[tuple[Any, Any, Row]]:
    """Period, part and the rest of each row."""
    keys = {found.period, found.value, *found.dimensions}
    names = [column.name for column in found.result.columns]
    for (key, value), row in zip(found.values.items(), found.result.rows, strict=True):
        rest = list(key)
        period = day_of(rest.pop(0)) if found.period is not None else None
        columns: Mapping[str, Any] = {
            name: it for name, it in zip(names, row, strict=True) if name not in keys
        }
        yield period, rest[0] if rest else None, (value, columns)
