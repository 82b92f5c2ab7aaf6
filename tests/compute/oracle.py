"""The starter metrics once more, in Python, row by row: what their queries are checked against.

Nothing here knows of SQL. A metric is a way to choose rows, to say which period each is in and to
make a value of those of a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from agnes.model.grain import first_day, next_period

Row = Mapping[str, Any]
Tables = Mapping[str, list[Row]]
Keep = Callable[[Row], bool]
ONE_DAY = timedelta(days=1)


def day_of(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@dataclass(frozen=True)
class Flat:
    """A metric that puts each row into one period.

    Args:
        rows: the rows that count, joined to what they need.
        time: the column that says when.
        value: makes a value of the rows of a group.
        names: what a dimension shows for a row that has none.
    """

    rows: Callable[[Tables], Iterable[Row]]
    time: str
    value: Callable[[list[Row]], Any]
    names: Mapping[str, str] = field(default_factory=dict)

    def compute(self, tables, grain, by, keep, start, end):
        groups = defaultdict(list)
        for row in self.rows(tables):
            day = day_of(row[self.time])
            if keep(row) and (start is None or day >= start) and (end is None or day <= end):
                key = (first_day(day, grain), *(self.part(row, name) for name in by))
                groups[key].append(row)
        return {key: self.value(rows) for key, rows in groups.items()}

    def part(self, row: Row, name: str) -> Any:
        value = row[name]
        return self.names[name] if value is None and name in self.names else value


@dataclass(frozen=True)
class Balance(Flat):
    """A metric of what is there when a period ends.

    Args:
        until: the column that says when it was over.
    """

    until: str = ""
    table: str = ""

    def compute(self, tables, grain, by, keep, start, end):
        rows = list(self.rows(tables))
        groups = defaultdict(list)
        for first, last in calendar(tables, self.time, grain, self.table):
            for row in rows:
                open_ = row[self.until] is None or row[self.until] > last
                if row[self.time] <= last and open_ and keep(row):
                    groups[(first, *(self.part(row, name) for name in by))].append(row)
        return within({key: self.value(found) for key, found in groups.items()}, start, end)


def calendar(tables: Tables, time: str, grain, table: str) -> Iterator[tuple[date, date]]:
    days = [row[time] for row in tables[table]]
    first, newest = first_day(min(days), grain), max(days)
    while first <= newest:
        following = next_period(first, grain)
        yield first, following - ONE_DAY
        first = following


def within(values, start, end):
    return {
        key: value
        for key, value in values.items()
        if (start is None or key[0] >= start) and (end is None or key[0] <= end)
    }


def paying(tables: Tables, day: date) -> dict[Any, list[Row]]:
    """The subscriptions in force on a day, by account."""
    found = defaultdict(list)
    for row in tables["subscriptions"]:
        over = row["end_date"] is not None and row["end_date"] <= day
        if row["start_date"] <= day and not over and not row["is_trial"]:
            found[row["account_id"]].append(row)
    return found


@dataclass(frozen=True)
class Churn:
    def compute(self, tables, grain, by, _keep, start, end):
        values = {}
        for first, last in calendar(tables, "start_date", grain, "subscriptions"):
            before, after = paying(tables, first - ONE_DAY), paying(tables, last)
            parts = defaultdict(set)
            for account, rows in before.items():
                for row in rows:
                    parts[tuple(row[name] for name in by)].add(account)
            for part, accounts in parts.items():
                lost = sum(account not in after for account in accounts)
                values[(first, *part)] = 100.0 * lost / len(accounts)
        return within(values, start, end)


@dataclass(frozen=True)
class Upsell:
    def compute(self, tables, grain, by, _keep, start, end):
        values = {}
        for first, last in calendar(tables, "start_date", grain, "subscriptions"):
            before, after = ({}, {})
            for sums, day in ((before, first - ONE_DAY), (after, last)):
                for account, rows in paying(tables, day).items():
                    for row in rows:
                        key = (account, *(row[name] for name in by))
                        sums[key] = sums.get(key, 0) + row["mrr_amount"]
            for key in before.keys() & after.keys():
                part = (first, *key[1:])
                values[part] = values.get(part, 0) + max(after[key] - before[key], 0)
        return within(values, start, end)


def active(tables: Tables) -> Iterator[Row]:
    users = {row["user_id"]: row for row in tables["users"]}
    for event in tables["events"]:
        user = users.get(event["user_id"])
        if user is not None and not event["is_automated"] and not user["is_internal"]:
            yield {**user, **event}


def limits(tables: Tables) -> Iterator[Row]:
    known = {(row["plan"], row["resource"]): row for row in tables["plan_limits"]}
    for row in tables["account_usage"]:
        limit = known.get((row["plan"], row["resource"]))
        if limit is not None and limit["limit_quantity"] is not None:
            yield {**row, "limit_quantity": limit["limit_quantity"]}


def starters(tables: Tables) -> Iterator[Row]:
    accounts = {row["account_id"]: row for row in tables["accounts"]}
    for row in tables["subscriptions"]:
        if row["start_reason"] == "new" and not row["is_trial"]:
            yield {**row, "acquisition_channel": accounts[row["account_id"]]["acquisition_channel"]}


def distinct(name: str) -> Callable[[list[Row]], int]:
    return lambda rows: len({row[name] for row in rows})


def total(name: str) -> Callable[[list[Row]], Any]:
    return lambda rows: sum(row[name] for row in rows)


def adoption(rows: list[Row]) -> float:
    used = {row["user_id"] for row in rows if row["feature"] is not None}
    return 100.0 * len(used) / len({row["user_id"] for row in rows})


@dataclass(frozen=True)
class Adoption(Flat):
    """By feature the whole is all active users, whatever they use."""

    def compute(self, tables, grain, by, keep, start, end):
        if by != ("feature",):
            return super().compute(tables, grain, by, keep, start, end)
        everybody, users = defaultdict(set), defaultdict(set)
        for row in self.rows(tables):
            period = first_day(day_of(row[self.time]), grain)
            everybody[period].add(row["user_id"])
            if row["feature"] is not None:
                users[period, row["feature"]].add(row["user_id"])
        shares = {key: 100.0 * len(it) / len(everybody[key[0]]) for key, it in users.items()}
        return within(shares, start, end)


def minutes(moment: datetime) -> int:
    return int((moment - datetime(2000, 1, 1)).total_seconds() // 60)  # noqa: DTZ001


def resolution(rows: list[Row]) -> float:
    return median((minutes(row["resolved_at"]) - minutes(row["created_at"])) / 60 for row in rows)


def use(rows: list[Row]) -> Any:
    shares = [100.0 * float(row["used_quantity"]) / float(row["limit_quantity"]) for row in rows]
    return sum(shares) / len(shares)


ORACLES: dict[str, Any] = {
    "revenue/total_revenue": Flat(
        lambda it: [row for row in it["orders"] if row["status"] == "paid"],
        "order_date",
        total("total_amount"),
        {"region": "unknown"},
    ),
    "operations/infrastructure_cost": Flat(
        lambda it: it["infrastructure_costs"],
        "cost_date",
        lambda rows: sum(row["cost_amount"] - (row["credit_amount"] or 0) for row in rows),
        {"team": "unknown"},
    ),
    "operations/support_resolution_time": Flat(
        lambda it: [
            row for row in it["tickets"] if row["status"] == "resolved" and row["resolved_at"]
        ],
        "resolved_at",
        resolution,
    ),
    "product_usage/active_users": Flat(active, "occurred_at", distinct("user_id")),
    "product_usage/feature_adoption": Adoption(active, "occurred_at", adoption),
    "product_usage/usage_vs_limit": Flat(limits, "usage_month", use),
    "sales/new_customers": Flat(
        starters, "start_date", distinct("account_id"), {"acquisition_channel": "unknown"}
    ),
    "sales/pipeline_value": Balance(
        lambda it: it["opportunities"],
        "created_date",
        total("amount"),
        {"region": "unknown"},
        "closed_date",
        "opportunities",
    ),
    "sales/upsell_expansion": Upsell(),
    "revenue/churn_rate": Churn(),
} | {
    f"revenue/{name}": Balance(
        lambda it: [row for row in it["subscriptions"] if not row["is_trial"]],
        "start_date",
        lambda rows, times=times: sum(row["mrr_amount"] for row in rows) * times,
        {},
        "end_date",
        "subscriptions",
    )
    for name, times in (("mrr", 1), ("arr", 12))
}


def alike(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Whether two sets of values are the same: decimals exactly, floats but for rounding."""
    if one.keys() != other.keys():
        return False
    return all(_alike(one[key], other[key]) for key in one)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Decimal | int) and isinstance(other, Decimal | int):
        return one == other
    return abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(one)))
