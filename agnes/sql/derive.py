"""Other grains, ranges, conditions and breakdowns of a metric, made of its canonical SQL.

Nothing is ever computed from results: ratios are not summed, distinct counts are not added, medians
are not averaged. The query itself is changed so that it computes anew, from the rows; where that
cannot be seen to be sound, it is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta

from sqlglot import exp

from agnes.errors import NotDerivableError
from agnes.model.grain import UNITS, Grain, first_day, next_period
from agnes.model.names import nearest
from agnes.sql.ask import Ask, Definition, Derived, canonical, nearest_query
from agnes.sql.gate import read_query
from agnes.sql.names import lower
from agnes.sql.periods import Periods, change_unit, periods_of
from agnes.sql.predicate import read_predicate
from agnes.sql.problem import RefusedSqlError
from agnes.sql.query import Query
from agnes.sql.rows import Columns, Rows
from agnes.sql.writing import identifier, reads_as_written, survives, write


def derive(definition: Definition, ask: Ask, columns: Columns) -> Derived:
    """Make the query that answers what is asked.

    Args:
        columns: asked for the columns of a table, where a condition or a breakdown needs them.

    Raises:
        NotDerivableError: it cannot be soundly made of the definition.
    """
    _check(definition, ask)
    if (found := canonical(definition, ask)) is not None:
        return found
    sql, rest = nearest_query(definition, ask.by)
    grain = None if ask.grain == definition.grain else ask.grain
    return _Deriver(definition, sql, columns).derive(ask, rest, grain)


def _check(definition: Definition, ask: Ask) -> None:
    for name in ask.by:
        if name not in definition.dimensions:
            near = nearest(name, definition.dimensions) or definition.dimensions
            raise NotDerivableError(
                f"{name} is none of its dimensions",
                f"there is: {', '.join(near)}" if near else "name it in the metric's dimensions",
            )
        if ask.by.count(name) > 1:
            raise NotDerivableError(f"{name} is named twice", "name each dimension once")
    if ask.start and ask.end and ask.end < ask.start:
        raise NotDerivableError(f"the end, {ask.end}, is before the start, {ask.start}")


def _read(sql: str) -> Query:
    try:
        return read_query(sql, file_names=True)
    except RefusedSqlError as refused:
        raise NotDerivableError(f"its query cannot be read: {refused}") from None


class _Deriver:
    def __init__(self, definition: Definition, sql: str, columns: Columns) -> None:
        self.definition = definition
        self.query = _read(sql)
        self.columns = columns
        self.parameters: dict[str, date] = {}
        self.notes: list[str] = []
        if not survives(self.query):
            raise NotDerivableError(
                "its query has something that would be lost in changing it",
                "run it as it is: without --by, --grain, --where and a range",
            )

    def derive(self, ask: Ask, by: Sequence[str], grain: Grain | None) -> Derived:
        """Change the query step by step, from the inside to the outside."""
        periods = periods_of(self.query)
        there = {lower(name) for name in _names(self.query)}
        by = [name for name in by if lower(name) not in there]
        if by or ask.where is not None:
            self._narrow(ask.where, by, periods)
        if grain is not None:
            self._change_grain(periods, grain)
        tree: exp.Expr = self.query.tree
        if ask.start or ask.end:
            tree = self._cut(ask, periods, grain or self.definition.grain)
        text = reads_as_written(tree, list(self.parameters))
        if text is None:
            raise NotDerivableError("the changed query would not say what was meant")
        return Derived(text, self.parameters, notes=tuple(self.notes))

    def _narrow(self, where: str | None, by: Sequence[str], periods: Periods) -> None:
        condition = None if where is None else read_predicate(where)
        try:
            home = {lower(read.name) for read in _read(self.definition.sql).reads}
            rows = Rows(self.query, self.columns, home)
        except NotDerivableError as error:
            wanted = [f"sql_by_{name}" for name in by]
            hint = f"write {' and '.join(wanted)} in the metric" if wanted else None
            raise NotDerivableError(error.message, hint) from None
        if condition is not None:
            known = self._expressions(rows, [it.name for it in condition.find_all(exp.Column)])
            rows.keep(rows.resolved(_put(condition, known)))
            said = {name: write(it) for name, it in known.items() if not isinstance(it, exp.Column)}
            self.notes += [f"{name} is {it} here" for name, it in sorted(said.items())]
        at = 0 if periods.output is None else periods.output + 1
        known = self._expressions(rows, by)
        for place, name in enumerate(by, at):
            column = exp.Column(this=identifier(name))
            rows.group(name, rows.resolved(known.get(lower(name), column)), place)

    def _expressions(self, rows: Rows, names: Sequence[str]) -> dict[str, exp.Expr]:
        """What a dimension is, where a variant says it: `COALESCE(team, 'unknown')`, `users.role`.

        A variant of other tables calculates with columns that are not there, and does not count.
        """
        found = {}
        for name in dict.fromkeys(names):
            sql = self.definition.variants.get(name)
            select = None if sql is None else _read(sql).tree.unnest()
            if not isinstance(select, exp.Select):
                continue
            for item in select.expressions:
                if isinstance(item, exp.Alias | exp.Column) and lower(item.alias_or_name) == lower(
                    name
                ):
                    with suppress(NotDerivableError):
                        rows.resolved(item.unalias())
                        found[lower(name)] = item.unalias()
        return found

    def _change_grain(self, periods: Periods, grain: Grain) -> None:
        if periods.obstacle is not None:
            raise NotDerivableError(f"it cannot be made {grain}: {periods.obstacle}")
        if periods.unit != UNITS[self.definition.grain]:
            raise NotDerivableError(
                f"its query has periods of a {periods.unit}, and it says {self.definition.grain}",
                "correct the metric's grain",
            )
        before = str(periods.unit).lower()
        change_unit(periods, UNITS[grain])
        select = self.query.tree.unnest()
        assert periods.output is not None
        item = select.expressions[periods.output]
        if lower(item.alias_or_name) == before:
            _rename(select, item, before, UNITS[grain].lower())

    def _cut(self, ask: Ask, periods: Periods, grain: Grain) -> exp.Expr:
        """The query of a range of days."""
        if periods.output is None:
            hint = "its first column must be DATE_TRUNC of a day, or made of one"
            raise NotDerivableError("its query does not show which period a row is of", hint)
        if ask.start:
            self.parameters["start"] = ask.start
        if ask.end:
            try:
                self.parameters["before"] = ask.end + timedelta(days=1)
            except OverflowError:
                raise NotDerivableError(f"{ask.end} is too late a day") from None
        cuts = [day for day in self.parameters.values() if first_day(day, grain) != day]
        windows = self.query.tree.find(exp.Window) is not None
        if periods.time is not None and not windows and periods.time.find(exp.Interval) is None:
            self.notes += [_partly(day, grain) for day in cuts]
            return self._cut_rows(periods.time)
        if cuts:
            day = cuts[0]
            first, last = first_day(day, grain), next_period(day, grain) - timedelta(days=1)
            raise NotDerivableError(
                f"the range cuts through the {_noun(grain)} from {first} to {last}, and its value"
                " is known for the whole of it alone",
                "give the first and the last day of periods",
            )
        return self._cut_periods(periods.output)

    def _cut_rows(self, time: exp.Expr) -> exp.Expr:
        select = self.query.tree.unnest()
        terms = list(_range(time, self.parameters))
        where = select.args.get("where")
        if where is not None:
            terms.insert(0, exp.Paren(this=where.this))
        select.set("where", exp.Where(this=exp.and_(*terms, wrap=False)))
        return self.query.tree

    def _cut_periods(self, output: int) -> exp.Expr:
        """Rows of the result; each was computed in sight of all the others."""
        name = self.query.tree.unnest().expressions[output].alias_or_name
        period = exp.Column(this=identifier(name))
        names = _names(self.query)
        if [lower(it) for it in names].count(lower(name)) != 1:
            raise NotDerivableError(f"its query has several columns called {name}")
        inner = exp.Subquery(this=self.query.tree, alias=exp.TableAlias(this=identifier("numbers")))
        before_value = names[: len(names) - 1]
        keys = [name, *(it for it in before_value if it in self.definition.dimensions)]
        terms = [exp.Ordered(this=exp.Column(this=identifier(key)), desc=False) for key in keys]
        return exp.Select(
            expressions=[exp.Star()],
            from_=exp.From(this=inner),
            where=exp.Where(this=exp.and_(*_range(period, self.parameters), wrap=False)),
            order=exp.Order(expressions=terms),
        )


def _names(query: Query) -> list[str]:
    """The columns of a query as it is now."""
    return Query(query.sql, query.tree).outputs or []


def _range(time: exp.Expr, parameters: Mapping[str, date]) -> Sequence[exp.Expr]:
    compare = {"start": exp.GTE, "before": exp.LT}
    return [
        compare[name](this=time.copy(), expression=exp.Placeholder(this=name))
        for name in parameters
    ]


def _put(condition: exp.Expr, known: Mapping[str, exp.Expr]) -> exp.Expr:
    """A condition with dimensions replaced by what they are."""
    top = exp.Paren(this=condition)
    for column in list(top.find_all(exp.Column)):
        if not column.table and (found := known.get(lower(column.name))) is not None:
            plain = isinstance(found, exp.Column | exp.Func)
            column.replace(found.copy() if plain else exp.Paren(this=found.copy()))
    return top.this  # type: ignore[no-any-return]


def _rename(select: exp.Expr, item: exp.Expr, before: str, after: str) -> None:
    """Call the column of the period what it is now."""
    taken = {lower(it.alias_or_name) for it in select.expressions}
    if after in taken:
        return
    if isinstance(item, exp.Alias):
        item.set("alias", identifier(after))
        for key in ("group", "order"):
            clause = select.args.get(key)
            for column in clause.find_all(exp.Column) if clause else ():
                if not column.table and lower(column.name) == before:
                    column.set("this", identifier(after))
    else:
        item.replace(exp.Alias(this=item.copy(), alias=identifier(after)))


def _noun(grain: Grain) -> str:
    return UNITS[grain].lower()


def _partly(day: date, grain: Grain) -> str:
    first = first_day(day, grain)
    return f"the {_noun(grain)} of {first} is cut by the range at {day}: its row is of a part of it"
