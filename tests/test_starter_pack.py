"""The starter catalog: well formed, runs on the demo data, and says what plain Python says."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import duckdb
import pytest
import yaml

from agnes.demo import write_demo_data

pytestmark = pytest.mark.filterwarnings("error")

CATALOG = Path(__file__).parents[1] / "catalog_repo"


def load(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


METRICS = {
    f"{path.parent.name}/{path.stem}": load(path)
    for path in sorted(CATALOG.glob("metrics/*/*.yml"))
}
TABLES = {path.stem: load(path) for path in sorted(CATALOG.glob("tables/*.yml"))}
QUERIES = [
    (metric_id, key)
    for metric_id, metric in METRICS.items()
    for key in metric
    if key.startswith("sql")
]
MONTHS = [date(year, month, 1) for year in (2024, 2025) for month in range(1, 13)]
# These compare a month with the one before, which the first month does not have.
NEED_A_MONTH_BEFORE = {"revenue/churn_rate", "sales/upsell_expansion"}
ADDITIVE = [
    ("revenue/total_revenue", "sql_by_product_line"),
    ("revenue/total_revenue", "sql_by_region"),
    ("revenue/mrr", "sql_by_plan"),
    ("revenue/mrr", "sql_by_segment"),
    ("revenue/arr", "sql_by_segment"),
    ("product_usage/active_users", "sql_by_role"),  # a person has one role
    ("sales/new_customers", "sql_by_segment"),
    ("sales/new_customers", "sql_by_acquisition_channel"),
    ("sales/upsell_expansion", "sql_by_segment"),
    ("sales/pipeline_value", "sql_by_opportunity_type"),
    ("sales/pipeline_value", "sql_by_region"),
    ("operations/infrastructure_cost", "sql_by_service"),
    ("operations/infrastructure_cost", "sql_by_team"),
]
INDEX = {
    "revenue": ["total_revenue", "mrr", "arr", "churn_rate"],
    "product_usage": ["active_users", "feature_adoption", "usage_vs_limit"],
    "sales": ["new_customers", "upsell_expansion", "pipeline_value"],
    "operations": ["support_resolution_time", "infrastructure_cost"],
}
KEY_ORDER = [
    *("name", "display_name", "category", "status", "owner", "type", "unit", "grain"),
    *("time_column", "table", "tables", "expression", "inputs", "description", "dimensions"),
    *("synonyms", "notes", "tags", "tests", "sql"),
]
TYPES = {
    *("sum", "count", "count_distinct", "avg", "min", "max", "median"),
    *("ratio", "comparison", "derived", "cumulative"),
}
BASETYPES = {"STRING", "INTEGER", "NUMERIC", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"}
COLUMNS_ABOUT_PEOPLE = {"full_name", "email", "billing_email", "buyer_email", "owner_email"}

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection with a view over each table of the demo data."""
    directory = tmp_path_factory.mktemp("demo")
    connection = duckdb.connect()
    for table in write_demo_data(directory):
        connection.read_parquet(str(directory / f"{table}.parquet")).create_view(table)
    return connection


def run(data: duckdb.DuckDBPyConnection, metric_id: str, key: str = "sql") -> Rows:
    """Return the rows of one query of a metric."""
    return data.execute(METRICS[metric_id][key]).fetchall()


def series(data: duckdb.DuckDBPyConnection, metric_id: str) -> dict[date, float]:
    """Return the values of the canonical query by month."""
    return {row[0]: float(row[-1]) for row in run(data, metric_id)}


def read(data: duckdb.DuckDBPyConnection, table: str, columns: str) -> Rows:
    """Return some columns of all rows of a table, not aggregated."""
    return data.table(table).project(columns).fetchall()


def tables_of(metric: dict[str, Any]) -> list[str]:
    """Return the tables that a metric declares."""
    tables: list[str] = metric.get("tables", [metric["table"]])
    return tables


def unqualified(sql: str) -> str:
    """Return SQL without comments, qualifiers and line breaks."""
    return " ".join(re.sub(r"\b[a-z_]+\.(?=[a-z])", "", re.sub(r"--.*", "", sql)).split())


# What the files say


def test_the_root_file_has_only_known_keys() -> None:
    known = {"name", "description", "sync_interval", "branch", "lint", "write_mode", "certifiers"}
    root = load(CATALOG / "agnes.yml")
    assert {"name", "description", "sync_interval"} <= set(root) <= known | {"engine"}


def test_the_index_lists_every_metric_in_the_agreed_order() -> None:
    index = load(CATALOG / "metrics" / "metrics.yml")
    assert index["version"] == "2.0"
    assert {entry["folder"]: entry["metrics"] for entry in index["categories"]} == INDEX
    assert [entry["folder"] for entry in index["categories"]] == list(INDEX)
    listed = {f"{folder}/{name}" for folder, names in INDEX.items() for name in names}
    assert listed == set(METRICS)


@pytest.mark.parametrize("metric_id", METRICS)
def test_a_metric_says_everything_in_the_agreed_order(metric_id: str) -> None:
    metric = METRICS[metric_id]
    assert metric_id == f"{metric['category']}/{metric['name']}"
    variants = [key for key in metric if key.startswith("sql_by_")]
    assert variants
    assert list(metric) == [key for key in KEY_ORDER if key in metric] + variants
    optional = {"tables", "inputs", "owner", "tags", "tests"}
    assert set(KEY_ORDER) - optional <= set(metric)
    assert metric["type"] in TYPES
    assert metric["grain"] == "monthly"
    assert metric["unit"] in {"USD", "percentage", "count", "hours"}
    assert metric["status"] == "active"
    assert 10 <= len(metric["synonyms"]) <= 18
    assert 3 <= len(metric["notes"]) <= 6
    assert set(metric.get("inputs", [])) <= set(METRICS) - {metric_id}


def test_no_synonym_leads_to_two_metrics() -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for metric_id, metric in METRICS.items():
        names = {metric["name"].replace("_", " "), metric["display_name"]}
        for word in [*metric["synonyms"], *names]:
            owners[word.casefold()].append(metric_id)
    assert {word: ids for word, ids in owners.items() if len(set(ids)) > 1} == {}


@pytest.mark.parametrize("metric_id", METRICS)
def test_synonyms_are_words_as_people_say_them(metric_id: str) -> None:
    synonyms = METRICS[metric_id]["synonyms"]
    assert len({word.casefold() for word in synonyms}) == len(synonyms)
    for synonym in synonyms:
        assert "_" not in synonym
        for word in synonym.split():
            assert word == word.lower() or re.fullmatch(r"[A-Z]{2,}|FinOps", word), synonym


@pytest.mark.parametrize("metric_id", METRICS)
def test_time_column_and_dimensions_are_columns_of_the_tables(metric_id: str) -> None:
    metric = METRICS[metric_id]
    columns = {column for table in tables_of(metric) for column in TABLES[table]["columns"]}
    assert metric["time_column"] in TABLES[metric["table"]]["columns"]
    assert set(metric["dimensions"]) <= columns
    variants = [key.removeprefix("sql_by_") for key in metric if key.startswith("sql_by_")]
    assert set(variants) <= set(metric["dimensions"])


@pytest.mark.parametrize("metric_id", METRICS)
def test_a_metric_declares_exactly_the_tables_that_its_queries_read(metric_id: str) -> None:
    metric = METRICS[metric_id]
    queries = [metric[key] for key in metric if key.startswith("sql")]
    with duckdb.connect() as empty:  # with views there it would name what they read
        used = {table for query in queries for table in empty.get_table_names(query)}
    assert used == set(tables_of(metric))
    assert metric["table"] == tables_of(metric)[0]


@pytest.mark.parametrize("metric_id", METRICS)
def test_the_expression_is_the_one_of_the_canonical_query(metric_id: str) -> None:
    metric = METRICS[metric_id]
    value = f"{unqualified(metric['expression'])} AS {metric['name']}"
    assert value in unqualified(metric["sql"])


@pytest.mark.parametrize(("metric_id", "key"), QUERIES)
def test_a_query_is_one_explicit_select_with_a_stated_order(metric_id: str, key: str) -> None:
    sql = METRICS[metric_id][key]
    assert len(duckdb.extract_statements(sql)) == 1
    assert ";" not in sql
    assert not re.search(r"SELECT\s+(DISTINCT\s+)?(\w+\.)?\*", sql)
    order = sql.rsplit("ORDER BY", 1)[1]
    assert all(term.split()[-1] in {"ASC", "DESC"} for term in order.split(","))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_describes_its_key_and_every_column(table: str) -> None:
    fields = TABLES[table]
    assert list(fields) == [
        *("id", "name", "description", "source_type", "primary_key", "folder", "access"),
        "columns",
    ]
    assert fields["id"] == table
    assert (fields["source_type"], fields["access"]) == ("local", "public")
    assert fields["folder"] in INDEX
    assert fields["primary_key"] in fields["columns"]
    for column, said in fields["columns"].items():
        assert set(said) <= {"basetype", "description", "pii"}
        assert said["basetype"] in BASETYPES
        assert len(said["description"]) > 10
        assert said.get("pii", False) == (column in COLUMNS_ABOUT_PEOPLE)


def test_every_table_is_read_by_a_metric() -> None:
    assert {table for metric in METRICS.values() for table in tables_of(metric)} == set(TABLES)


# What the queries give


@pytest.mark.parametrize(("metric_id", "key"), QUERIES)
def test_a_query_gives_a_month_its_dimension_and_the_value(
    metric_id: str, key: str, data: duckdb.DuckDBPyConnection
) -> None:
    result = data.execute(METRICS[metric_id][key])
    columns = [column[0] for column in result.description]
    rows = result.fetchall()
    dimension = [key.removeprefix("sql_by_")] if key != "sql" else []
    assert columns[0] == "month"
    assert columns[1 : 1 + len(dimension)] == dimension
    assert columns[-1] == METRICS[metric_id]["name"]
    keys = [row[: 1 + len(dimension)] for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        assert type(row[0]) is date
        assert None not in row
        assert math.isfinite(row[-1])
        assert row[-1] >= 0


@pytest.mark.parametrize(("metric_id", "key"), QUERIES)
def test_a_query_covers_every_month(
    metric_id: str, key: str, data: duckdb.DuckDBPyConnection
) -> None:
    expected = MONTHS[1:] if metric_id in NEED_A_MONTH_BEFORE else MONTHS
    assert sorted({row[0] for row in run(data, metric_id, key)}) == expected


@pytest.mark.parametrize(("metric_id", "key"), ADDITIVE)
def test_the_parts_add_up_to_the_whole(
    metric_id: str, key: str, data: duckdb.DuckDBPyConnection
) -> None:
    parts: dict[date, Decimal] = defaultdict(Decimal)
    for row in run(data, metric_id, key):
        parts[row[0]] += row[-1]
    assert parts == {row[0]: row[-1] for row in run(data, metric_id)}


@pytest.mark.parametrize(
    "metric_id", [one for one, metric in METRICS.items() if metric["unit"] == "percentage"]
)
def test_percentages_lie_between_0_and_100(metric_id: str, data: duckdb.DuckDBPyConnection) -> None:
    for key in (key for key in METRICS[metric_id] if key.startswith("sql")):
        assert all(0 <= row[-1] <= 100 for row in run(data, metric_id, key))


@pytest.mark.parametrize(
    ("metric_id", "low", "high"),
    [
        ("revenue/total_revenue", 150_000, 600_000),
        ("revenue/mrr", 150_000, 600_000),
        ("revenue/churn_rate", 0.3, 6),
        ("product_usage/active_users", 800, 4_000),
        ("product_usage/feature_adoption", 35, 75),
        ("product_usage/usage_vs_limit", 30, 70),
        ("sales/new_customers", 8, 50),
        ("sales/upsell_expansion", 500, 15_000),
        ("sales/pipeline_value", 500_000, 4_000_000),
        ("operations/support_resolution_time", 8, 36),
        ("operations/infrastructure_cost", 20_000, 90_000),
    ],
)
def test_every_month_is_plausible(
    metric_id: str, low: float, high: float, data: duckdb.DuckDBPyConnection
) -> None:
    assert all(low <= value <= high for value in series(data, metric_id).values())


@pytest.mark.parametrize(
    ("metric_id", "factor"),
    [
        ("revenue/mrr", 1.8),
        ("revenue/total_revenue", 1.8),
        ("product_usage/active_users", 1.7),
        ("product_usage/feature_adoption", 1.1),
        ("sales/new_customers", 1.2),
        ("sales/upsell_expansion", 1.3),
        ("sales/pipeline_value", 1.2),
        ("operations/infrastructure_cost", 1.5),
    ],
)
def test_the_business_grows_from_the_first_half_year_to_the_last(
    metric_id: str, factor: float, data: duckdb.DuckDBPyConnection
) -> None:
    values = list(series(data, metric_id).values())
    assert factor < fmean(values[-6:]) / fmean(values[:6]) < 4


def test_mrr_grows_every_month_by_less_than_a_tenth(data: duckdb.DuckDBPyConnection) -> None:
    values = list(series(data, "revenue/mrr").values())
    assert all(before < after < 1.1 * before for before, after in pairwise(values))


def test_arr_is_twelve_times_mrr(data: duckdb.DuckDBPyConnection) -> None:
    mrr = {row[0]: row[-1] * 12 for row in run(data, "revenue/mrr")}
    assert {row[0]: row[-1] for row in run(data, "revenue/arr")} == mrr


def test_revenue_is_mrr_and_some_services_on_top(data: duckdb.DuckDBPyConnection) -> None:
    mrr, revenue = series(data, "revenue/mrr"), series(data, "revenue/total_revenue")
    assert all(0.95 < revenue[month] / mrr[month] < 1.3 for month in MONTHS)


def test_infrastructure_costs_a_falling_share_of_mrr(data: duckdb.DuckDBPyConnection) -> None:
    mrr, cost = series(data, "revenue/mrr"), series(data, "operations/infrastructure_cost")
    shares = [cost[month] / mrr[month] for month in MONTHS]
    assert fmean(shares[-6:]) < fmean(shares[:6])
    assert all(0.05 < share < 0.25 for share in shares)


def test_feature_adoption_divides_by_the_active_users(data: duckdb.DuckDBPyConnection) -> None:
    active = {row[0]: row[-1] for row in run(data, "product_usage/active_users")}
    assert {row[0]: row[2] for row in run(data, "product_usage/feature_adoption")} == active


# The same numbers once more, in plain Python


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def paid_subscriptions(data: duckdb.DuckDBPyConnection) -> Rows:
    """Return account, price, first day and end of each paid subscription."""
    columns = "account_id, mrr_amount, start_date, end_date, is_trial"
    return [row[:4] for row in read(data, "subscriptions", columns) if not row[4]]


def customers_on(day: date, subscriptions: Rows) -> dict[str, Decimal]:
    """Return the MRR of each account that pays on a day."""
    return {
        account: mrr
        for account, mrr, start, end in subscriptions
        if start <= day and (end is None or end > day)
    }


def test_total_revenue_is_the_sum_of_the_paid_orders(data: duckdb.DuckDBPyConnection) -> None:
    expected: dict[date, Decimal] = defaultdict(Decimal)
    for day, amount, status in read(data, "orders", "order_date, total_amount, status"):
        if status == "paid":
            expected[day.replace(day=1)] += amount
    assert {row[0]: row[-1] for row in run(data, "revenue/total_revenue")} == expected


def test_mrr_is_what_customers_pay_on_the_last_day(data: duckdb.DuckDBPyConnection) -> None:
    paid = paid_subscriptions(data)
    expected = {month: sum(customers_on(last_day(month), paid).values()) for month in MONTHS}
    assert {row[0]: row[-1] for row in run(data, "revenue/mrr")} == expected


def test_churn_rate_is_the_share_of_customers_gone_since_the_month_before(
    data: duckdb.DuckDBPyConnection,
) -> None:
    paid = paid_subscriptions(data)
    expected = {}
    for month in MONTHS[1:]:
        opening = customers_on(month - timedelta(days=1), paid).keys()
        gone = opening - customers_on(last_day(month), paid).keys()
        expected[month] = 100 * len(gone) / len(opening)
    assert series(data, "revenue/churn_rate") == pytest.approx(expected)


def test_new_customers_are_the_accounts_that_pay_for_the_first_time(
    data: duckdb.DuckDBPyConnection,
) -> None:
    first_starts: dict[str, date] = {}
    for account, _, start, _ in sorted(paid_subscriptions(data), key=lambda row: row[2]):
        first_starts.setdefault(account, start)
    columns = "account_id, start_reason"
    moved = {account for account, why in read(data, "subscriptions", columns) if why == "migration"}
    expected: dict[date, int] = defaultdict(int)
    for account, start in first_starts.items():
        if account not in moved:
            expected[start.replace(day=1)] += 1
    assert {row[0]: row[-1] for row in run(data, "sales/new_customers")} == expected


def test_expansion_is_the_growth_of_customers_who_were_there_before(
    data: duckdb.DuckDBPyConnection,
) -> None:
    paid = paid_subscriptions(data)
    expected = {}
    for month in MONTHS[1:]:
        opening = customers_on(month - timedelta(days=1), paid)
        closing = customers_on(last_day(month), paid)
        gains = [mrr - opening[account] for account, mrr in closing.items() if account in opening]
        expected[month] = sum(gain for gain in gains if gain > 0)
    assert {row[0]: row[-1] for row in run(data, "sales/upsell_expansion")} == expected


def test_customers_of_a_month_are_those_before_plus_new_and_returned_less_churned(
    data: duckdb.DuckDBPyConnection,
) -> None:
    paid = paid_subscriptions(data)
    churned = {row[0]: row[2] for row in run(data, "revenue/churn_rate")}
    joined = dict.fromkeys(MONTHS, 0)
    for reason, start in read(data, "subscriptions", "start_reason, start_date"):
        joined[start.replace(day=1)] += reason in {"new", "win_back"}
    for before, month in pairwise(MONTHS):
        opening, closing = (len(customers_on(last_day(day), paid)) for day in (before, month))
        assert closing == opening + joined[month] - churned[month]


def test_active_users_are_the_people_with_an_event_of_their_own(
    data: duckdb.DuckDBPyConnection,
) -> None:
    internal = {
        user for user, is_internal in read(data, "users", "user_id, is_internal") if is_internal
    }
    people: dict[date, set[str]] = defaultdict(set)
    columns = "user_id, is_automated, occurred_at"
    for user, is_automated, moment in read(data, "events", columns):
        if not is_automated and user not in internal:
            people[moment.date().replace(day=1)].add(user)
    expected = {month: len(users) for month, users in people.items()}
    assert {row[0]: row[-1] for row in run(data, "product_usage/active_users")} == expected


def test_usage_vs_limit_is_the_mean_share_of_the_allowance(
    data: duckdb.DuckDBPyConnection,
) -> None:
    limits = {
        row[:2]: row[2] for row in read(data, "plan_limits", "plan, resource, limit_quantity")
    }
    shares: dict[date, list[float]] = defaultdict(list)
    columns = "usage_month, plan, resource, used_quantity"
    for month, plan, resource, used in read(data, "account_usage", columns):
        if limits[plan, resource] is not None:
            shares[month].append(100 * used / limits[plan, resource])
    expected = {month: fmean(values) for month, values in shares.items()}
    assert series(data, "product_usage/usage_vs_limit") == pytest.approx(expected)


def test_pipeline_value_is_what_was_open_on_the_last_day(data: duckdb.DuckDBPyConnection) -> None:
    deals = read(data, "opportunities", "created_date, closed_date, amount")
    expected = {
        month: sum(
            amount
            for created, closed, amount in deals
            if created <= last_day(month) and (closed is None or closed > last_day(month))
        )
        for month in MONTHS
    }
    assert {row[0]: row[-1] for row in run(data, "sales/pipeline_value")} == expected


def test_support_resolution_time_is_the_median_of_the_resolved_tickets(
    data: duckdb.DuckDBPyConnection,
) -> None:
    hours: dict[date, list[float]] = defaultdict(list)
    for status, created, resolved in read(data, "tickets", "status, created_at, resolved_at"):
        if status == "resolved":
            hours[resolved.date().replace(day=1)].append(
                (resolved - created).total_seconds() / 3600
            )
    expected = {month: median(values) for month, values in hours.items()}
    # The query counts whole minutes.
    found = series(data, "operations/support_resolution_time")
    assert found == pytest.approx(expected, abs=1 / 60)
    counts = {row[0]: row[1] for row in run(data, "operations/support_resolution_time")}
    assert counts == {month: len(values) for month, values in hours.items()}


def test_infrastructure_cost_is_cost_less_credits(data: duckdb.DuckDBPyConnection) -> None:
    expected: dict[date, Decimal] = defaultdict(Decimal)
    columns = "cost_date, cost_amount, credit_amount"
    for day, cost, credit in read(data, "infrastructure_costs", columns):
        expected[day.replace(day=1)] += cost - (credit or 0)
    assert {row[0]: row[-1] for row in run(data, "operations/infrastructure_cost")} == expected
