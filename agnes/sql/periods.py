"""Where a query speaks of periods, and the same query for periods of another length.

A query may be put to other periods when all that it does with a period is to put rows into it
(`DATE_TRUNC('month', day)`), to list the periods that there are (a calendar made by
GENERATE_SERIES), to compare periods with each other, and to compare days with the first or the last
day of one. Then nothing in it depends on how long a period is, and for any length it says the same.
Whatever else it does with one, such as to divide by the days of a month or to look twelve rows
back, is a reason to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from agnes.sql.names import lower
from agnes.sql.query import Query

_COMPARISONS = (exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)
_CALENDAR = (
    *(exp.TimestampTrunc, exp.DateTrunc, exp.LastDay, exp.Extract, exp.Year, exp.Quarter),
    *(exp.Month, exp.Week, exp.Day, exp.DayOfMonth, exp.DayOfYear, exp.TimeToStr, exp.DateBin),
    *(exp.GenerateSeries, exp.GenerateDateArray),
)
"""What speaks of the calendar, and may so of the length of a period."""
_SPOKEN = frozenset(
    """
    date_part datepart date_sub datesub monthname dayname strftime time_bucket last_day year quarter
    month week weekofyear yearweek dayofmonth dayofyear day make_date age
    """.split()
)
_LENGTHS = {"WEEK": ("7", "DAY"), "QUARTER": ("3", "MONTH")}
"""Intervals as DuckDB, and every other engine, has them."""


@dataclass
class Periods:
    """What a query does with periods.

    Args:
        output: the place, among its columns, of the one with the period; None if it has none.
        time: what its rows are put into periods by, where the query does so itself and not a part
            of it; None where it does not.
        unit: MONTH; None where nothing is put into a period.
        buckets: where it cuts days into periods.
        steps: intervals of one period.
        ends: where it asks for the last day of a period.
        obstacle: why it cannot be put to other periods; None if it can.
    """

    output: int | None = None
    time: exp.Expr | None = None
    unit: str | None = None
    buckets: list[exp.Expr] = field(default_factory=list)
    steps: list[exp.Expr] = field(default_factory=list)
    ends: list[exp.LastDay] = field(default_factory=list)
    obstacle: str | None = None


def periods_of(query: Query) -> Periods:
    """Find out what a query does with periods."""
    return _Reader(query).read()


def change_unit(found: Periods, unit: str) -> None:
    """Put a query, in place, to periods of another unit; `found.obstacle` is none."""
    for bucket in found.buckets:
        bucket.set("unit", exp.Var(this=unit))
    length, of = _LENGTHS.get(unit, ("1", unit))
    for step in found.steps:
        step.replace(_interval(length, of))
    for end in found.ends:
        following = exp.Add(this=end.this.copy(), expression=_interval(length, of))
        last = exp.Sub(this=following, expression=_interval("1", "DAY"))
        end.replace(exp.Cast(this=last, to=exp.DataType.build("DATE")))


def _interval(length: str, unit: str) -> exp.Interval:
    return exp.Interval(this=exp.Literal.string(length), unit=exp.Var(this=unit))


class _Reader:
    def __init__(self, query: Query) -> None:
        self.query = query
        self.tree = query.tree.unnest()
        self.found = Periods()
        self.selects = list(self.tree.find_all(exp.Select))
        self.made: dict[int, set[str]] = {}
        """Of each SELECT that was read, by its id, the names of its columns that are periods."""

    def read(self) -> Periods:
        for bucket in self.tree.find_all(exp.TimestampTrunc, exp.DateTrunc):
            unit = bucket.text("unit").upper()
            if self.found.unit not in (None, unit):
                self.found.obstacle = f"it speaks of {self.found.unit} and of {unit}"
                return self.found
            self.found.unit = unit
        if isinstance(self.tree, exp.Select):
            names = self.periods(self.tree)
            for at, item in enumerate(self.tree.expressions):
                if lower(item.alias_or_name) in names:
                    self.found.output = at
                    self.found.time = self._time(item)
                    break
        for select in self.selects:
            self.periods(select)
        self.found.obstacle = next(self._obstacles(), None)
        return self.found

    def periods(self, select: exp.Select) -> set[str]:
        """The columns of a SELECT that are periods."""
        if id(select) in self.made:
            return self.made[id(select)]
        self.made[id(select)] = set()  # a recursive one has none
        names = {
            lower(item.alias_or_name)
            for item in select.expressions
            if self._makes_period(item.unalias(), select)
        }
        self.made[id(select)] = names
        return names

    def _makes_period(self, item: exp.Expr, select: exp.Select) -> bool:
        item = _bare(item)
        if _is_bucket(item):
            if any(self._is_period(column) for column in item.find_all(exp.Column)):
                return False
            self.found.buckets.append(item)
            return True
        if isinstance(item, exp.Explode) and isinstance(item.this, exp.GenerateSeries):
            return self._makes_calendar(item.this)
        return isinstance(item, exp.Column) and self._of_source(item, select)

    def _makes_calendar(self, series: exp.GenerateSeries) -> bool:
        ends = [_bare(series.args[key]) for key in ("start", "end")]
        step = series.args.get("step")
        if not all(map(_is_bucket, ends)) or not self._is_step(step):
            return False
        assert step is not None
        self.found.buckets += ends
        self.found.steps.append(step)
        return True

    def _is_step(self, node: exp.Expr | None) -> bool:
        return (
            isinstance(node, exp.Interval)
            and node.name == "1"
            and node.text("unit").upper() == self.found.unit
        )

    def _time(self, item: exp.Expr) -> exp.Expr | None:
        bucket = _bare(item.unalias())
        plain = len(self.selects) == 1 and not self.tree.find(exp.Subquery)
        return bucket.this if plain and _is_bucket(bucket) else None

    def _of_source(self, column: exp.Column, select: exp.Select) -> bool:
        """Whether a column is a period that a CTE or a subquery in FROM gives."""
        name, table = lower(column.name), lower(column.table)
        return any(
            name in self.periods(inner)
            for called, inner in _parts(self.query, select)
            if table in ("", called)
        )

    def _is_period(self, column: exp.Column) -> bool:
        select = column.find_ancestor(exp.Select)
        if not isinstance(select, exp.Select):
            return False
        if self._of_source(column, select):
            return True
        by_alias = column.find_ancestor(exp.Group, exp.Order, exp.Having, exp.Select)
        return (
            not column.table
            and not isinstance(by_alias, exp.Select)
            and lower(column.name) in self.made.get(id(select), ())
        )

    def _obstacles(self) -> Iterator[str]:
        if self.found.output is None:
            yield "none of its columns is a period that it makes by DATE_TRUNC"
        if self.tree.find(exp.Window):
            yield "a window function looks at other periods"
        if any(cte.args["alias"].columns for cte in self.tree.find_all(exp.CTE)):
            yield "a CTE renames its columns in brackets"
        for column in self.tree.find_all(exp.Column):
            if self._is_period(column) and not self._is_allowed(column):
                yield f"it calculates with the period {column.name}"
        known = {id(node) for node in (*self.found.buckets, *self.found.ends)}
        again = {node.sql() for node in self.found.buckets}
        for node in self.tree.walk():
            if id(node) in known:
                yield from self._odd_time(node)
            elif any(node.args.get("step") is step for step in self.found.steps):
                continue
            elif _is_bucket(node) and node.sql() in again and _is_key(node):
                self.found.buckets.append(node)
            elif self._may_speak(node):
                yield f"it says {node.sql(dialect='duckdb')}, which may mean its own period"

    def _may_speak(self, node: exp.Expr) -> bool:
        """Whether it speaks of the calendar, and may mean the period that it was written for."""
        if isinstance(node, exp.Interval):
            return not any(node is step for step in self.found.steps)
        named = isinstance(node, exp.Anonymous) and node.name.casefold() in _SPOKEN
        return named or isinstance(node, _CALENDAR)

    def _odd_time(self, node: exp.Expr) -> Iterator[str]:
        if _is_bucket(node) and node.this.find(exp.Interval):
            yield "it shifts days before it cuts them into periods, as a fiscal calendar does"

    def _is_allowed(self, column: exp.Column) -> bool:
        """Whether it stands where the length of a period does not matter."""
        at, parent = _outermost(column)
        if isinstance(parent, exp.Select | exp.Group | exp.Ordered):
            return True
        if isinstance(parent, exp.EQ):
            other = _bare(parent.right if parent.left is at else parent.left)
            return isinstance(other, exp.Column) and self._is_period(other)
        if isinstance(parent, exp.LastDay):
            self.found.ends.append(parent)
            at, parent = _outermost(parent)
        elif isinstance(parent, exp.Add | exp.Sub) and self._is_step(parent.expression):
            self.found.steps.append(parent.expression)
            at, parent = _outermost(parent)
        return isinstance(parent, _COMPARISONS) and any(
            not self._is_period(column)
            for column in parent.find_all(exp.Column)
            if not _is_below(column, at)
        )


def _is_bucket(node: exp.Expr) -> bool:
    return isinstance(node, exp.TimestampTrunc | exp.DateTrunc)


def _bare(node: exp.Expr) -> exp.Expr:
    """What is within brackets and a cast to DATE."""
    while isinstance(node, exp.Paren) or (
        isinstance(node, exp.Cast) and node.to.is_type(exp.DType.DATE)
    ):
        node = node.this
    return node


def _outermost(node: exp.Expr) -> tuple[exp.Expr, exp.Expr | None]:
    """The node with the brackets, cast and name around it, and what that stands in."""
    while isinstance(node.parent, exp.Paren | exp.Alias) or (
        isinstance(node.parent, exp.Cast) and node.parent.to.is_type(exp.DType.DATE)
    ):
        node = node.parent
    return node, node.parent


def _is_key(node: exp.Expr) -> bool:
    return isinstance(_outermost(node)[1], exp.Group | exp.Ordered)


def _is_below(node: exp.Expr, top: exp.Expr) -> bool:
    at: exp.Expr | None = node
    while at is not None and at is not top:
        at = at.parent
    return at is top


def _parts(query: Query, select: exp.Select) -> Iterator[tuple[str, exp.Select]]:
    """The CTEs and subqueries that a SELECT reads from, with what it calls them."""
    for source in sources_of(select):
        inner: exp.Expr | None = None
        if isinstance(source, exp.Table):
            cte = query.cte(source)
            inner = cte and cte.this.unnest()
        elif isinstance(source, exp.Subquery):
            inner = source.unnest()
        if isinstance(inner, exp.Select):
            yield lower(source.alias_or_name), inner


def sources_of(select: exp.Select) -> list[exp.Expr]:
    """What a SELECT reads from, in the order of FROM and its joins."""
    start = select.args.get("from_")
    joins = select.args.get("joins") or []
    return [part.this for part in ([start] if start else []) + joins]
