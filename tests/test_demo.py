"""The demo data: deterministic for a seed, consistent between tables, typed as the catalog says."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from agnes.demo import write_demo_data

pytestmark = pytest.mark.filterwarnings("error")

TABLES_DIRECTORY = Path(__file__).parents[1] / "catalog_repo" / "tables"
TABLES: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(TABLES_DIRECTORY.glob("*.yml"))
}
DUCKDB_TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "NUMERIC": "DECIMAL(18,2)",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}
REFERENCES = (
    ("subscriptions", "account_id", "accounts"),
    ("orders", "account_id", "accounts"),
    ("users", "account_id", "accounts"),
    ("events", "account_id", "accounts"),
    ("events", "user_id", "users"),
    ("account_usage", "account_id", "accounts"),
    ("opportunities", "account_id", "accounts"),
    ("tickets", "account_id", "accounts"),
    ("tickets", "requester_user_id", "users"),
)
MAY_BE_NULL = {
    "accounts": {"industry", "region", "acquisition_channel"},
    "subscriptions": {"region", "end_date", "end_reason"},
    "orders": {"region", "refunded_date"},
    "users": {"account_id", "deactivated_at"},
    "events": {"account_id", "feature"},
    "plan_limits": {"limit_quantity"},
    "opportunities": {"account_id", "lead_source", "region", "closed_date"},
    "tickets": {
        "requester_user_id",
        "topic",
        "first_response_at",
        "resolved_at",
        "satisfaction_score",
    },
    "infrastructure_costs": {"team", "credit_amount"},
}
# Every pair reads: a row for which the condition holds contradicts the data's own story.
CONTRADICTIONS = (
    ("subscriptions", "end_date <= start_date"),
    ("subscriptions", "(end_date IS NULL) <> (end_reason IS NULL)"),
    ("subscriptions", "is_trial <> (mrr_amount = 0)"),
    ("subscriptions", "is_trial <> (start_reason = 'trial')"),
    ("orders", "total_amount <= 0 OR tax_amount < 0"),
    ("orders", "(status = 'refunded') <> (refunded_date IS NOT NULL)"),
    ("orders", "refunded_date < order_date"),
    ("users", "is_internal <> (account_id IS NULL)"),
    ("users", "deactivated_at <= created_at"),
    ("events", "is_automated <> (platform = 'api')"),
    ("events", "(event_name = 'feature_used') <> (feature IS NOT NULL)"),
    ("account_usage", "used_quantity < 0"),
    ("plan_limits", "limit_quantity <= 0"),
    ("opportunities", "amount <= 0 OR win_probability NOT BETWEEN 0 AND 1"),
    ("opportunities", "(stage IN ('won', 'lost')) <> (closed_date IS NOT NULL)"),
    ("opportunities", "closed_date < created_date OR expected_close_date < created_date"),
    ("opportunities", "account_id IS NULL AND (stage = 'won' OR opportunity_type = 'expansion')"),
    ("tickets", "(status = 'open') <> (resolved_at IS NULL)"),
    ("tickets", "resolved_at < first_response_at OR first_response_at < created_at"),
    ("tickets", "satisfaction_score NOT BETWEEN 1 AND 5"),
    ("infrastructure_costs", "cost_amount <= 0 OR credit_amount NOT BETWEEN 0 AND cost_amount"),
)
Rows = list[tuple[Any, ...]]


def write_quarter(directory: Path, *, seed: int = 7) -> dict[str, int]:
    """Write the data of a shorter period, which takes less time."""
    return write_demo_data(directory, seed=seed, start=date(2024, 1, 1), end=date(2024, 3, 31))


def read(directory: Path, table: str) -> Rows:
    """Return all rows of a written table in their order in the file."""
    with duckdb.connect() as connection:
        return connection.read_parquet(str(directory / f"{table}.parquet")).fetchall()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The default demo data: its directory and what the function returned."""
    directory = tmp_path_factory.mktemp("demo") / "not" / "there" / "yet"
    return directory, write_demo_data(directory)


@pytest.fixture(scope="module")
def data(written: tuple[Path, dict[str, int]]) -> duckdb.DuckDBPyConnection:
    """A connection with a view over each table of the demo data."""
    directory, counts = written
    connection = duckdb.connect()
    for table in counts:
        connection.read_parquet(str(directory / f"{table}.parquet")).create_view(table)
    return connection


def has_row(data: duckdb.DuckDBPyConnection, table: str, condition: str) -> bool:
    """Return whether the condition holds for any row."""
    return bool(data.table(table).filter(condition).limit(1).fetchall())


def test_every_table_of_the_catalog_is_written_and_nothing_else(
    written: tuple[Path, dict[str, int]],
) -> None:
    directory, counts = written
    assert set(counts) == set(TABLES)
    assert sorted(path.name for path in directory.iterdir()) == [f"{id_}.parquet" for id_ in TABLES]


def test_the_result_says_how_many_rows_each_file_has(
    written: tuple[Path, dict[str, int]],
) -> None:
    directory, counts = written
    assert {table: len(read(directory, table)) for table in counts} == counts
    assert min(counts.values()) > 0


def test_the_files_take_a_few_megabytes_at_most(written: tuple[Path, dict[str, int]]) -> None:
    directory, _ = written
    assert sum(path.stat().st_size for path in directory.iterdir()) < 5_000_000


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_types_are_those_of_the_catalog(
    table: str, data: duckdb.DuckDBPyConnection
) -> None:
    relation = data.table(table)
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    columns = TABLES[table]["columns"]
    assert types == {name: DUCKDB_TYPES[column["basetype"]] for name, column in columns.items()}
    assert list(types) == list(columns)


def test_the_same_seed_gives_the_same_values(tmp_path: Path) -> None:
    counts = write_quarter(tmp_path / "one")
    write_quarter(tmp_path / "two")
    for table in counts:
        assert read(tmp_path / "one", table) == read(tmp_path / "two", table)


def test_another_seed_gives_other_values(tmp_path: Path) -> None:
    counts = write_quarter(tmp_path / "one")
    write_quarter(tmp_path / "two", seed=8)
    for table in counts.keys() - {"plan_limits"}:
        assert read(tmp_path / "one", table) != read(tmp_path / "two", table)


def test_existing_files_are_replaced(tmp_path: Path) -> None:
    write_quarter(tmp_path)
    before = read(tmp_path, "orders")
    write_quarter(tmp_path, seed=8)
    assert read(tmp_path, "orders") != before


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2024, 2, 29), date(2024, 2, 29)),
        (date(2023, 11, 17), date(2024, 1, 5)),
    ],
)
def test_any_period_can_be_written(tmp_path: Path, start: date, end: date) -> None:
    counts = write_demo_data(tmp_path, start=start, end=end)
    assert set(counts) == set(TABLES)
    assert all(start <= row[3] <= end for row in read(tmp_path, "orders"))


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2023-12-31 is before the first day 2024-01-01"):
        write_demo_data(tmp_path, start=date(2024, 1, 1), end=date(2023, 12, 31))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_an_os_error_and_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "accounts.parquet").mkdir()
    with pytest.raises(OSError, match=r"accounts\.parquet"):
        write_quarter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.parquet"]


@pytest.mark.parametrize("table", TABLES)
def test_primary_keys_are_unique_and_ascending(table: str, data: duckdb.DuckDBPyConnection) -> None:
    keys = [row[0] for row in data.table(table).project(TABLES[table]["primary_key"]).fetchall()]
    assert len(set(keys)) == len(keys)
    assert table == "plan_limits" or keys == sorted(keys)


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_references_lead_to_a_row(
    table: str, column: str, target: str, data: duckdb.DuckDBPyConnection
) -> None:
    key = TABLES[target]["primary_key"]
    known = {row[0] for row in data.table(target).project(key).fetchall()}
    used = {row[0] for row in data.table(table).project(column).fetchall()} - {None}
    assert used <= known
    assert used


@pytest.mark.parametrize("table", TABLES)
def test_nulls_are_where_the_catalog_says_so_and_nowhere_else(
    table: str, data: duckdb.DuckDBPyConnection
) -> None:
    columns = TABLES[table]["columns"]
    with_nulls = {column for column in columns if has_row(data, table, f"{column} IS NULL")}
    assert with_nulls == MAY_BE_NULL.get(table, set())
    explained = {name for name, column in columns.items() if "null" in column["description"]}
    assert with_nulls <= explained


@pytest.mark.parametrize(("table", "contradiction"), CONTRADICTIONS)
def test_no_row_contradicts_itself(
    table: str, contradiction: str, data: duckdb.DuckDBPyConnection
) -> None:
    assert not has_row(data, table, contradiction)


def test_an_account_has_one_subscription_in_force_at_a_time(
    data: duckdb.DuckDBPyConnection,
) -> None:
    columns = "account_id, start_date, end_date, end_reason"
    rows = sorted(data.table("subscriptions").project(columns).fetchall(), key=lambda row: row[:2])
    for (account, _, end, reason), (next_account, next_start, _, _) in pairwise(rows):
        if account == next_account:
            assert end is not None
            assert end <= next_start
            assert (end == next_start) == (reason in {"changed", "converted"})
        else:
            assert reason not in {"changed", "converted"}


def test_events_and_tickets_come_from_people_while_their_login_and_account_are_open(
    data: duckdb.DuckDBPyConnection,
) -> None:
    people = data.table("users").project("user_id, account_id, created_at, deactivated_at")
    logins = {row[0]: row[1:] for row in people.fetchall()}
    spans: dict[str, list[tuple[date, date]]] = {}
    subscriptions = data.table("subscriptions").project("account_id, start_date, end_date")
    for account, start, end in subscriptions.fetchall():
        spans.setdefault(account, []).append((start, end or date.max))
    events = data.table("events").project("user_id, account_id, occurred_at").fetchall()
    tickets = data.table("tickets").project("requester_user_id, account_id, created_at").fetchall()
    for user, account, moment in events + [row for row in tickets if row[0] is not None]:
        home, created, deactivated = logins[user]
        assert account == home
        assert created < moment
        assert deactivated is None or moment < deactivated
        if account is not None:
            assert any(start <= moment.date() < end for start, end in spans[account])


def test_usage_is_metered_once_for_each_plan_in_force_and_resource(
    data: duckdb.DuckDBPyConnection,
) -> None:
    limits = set(data.table("plan_limits").project("plan, resource").fetchall())
    usage = data.table("account_usage").project("account_id, usage_month, resource, plan")
    rows = usage.fetchall()
    assert {(plan, resource) for _, _, resource, plan in rows} == limits
    assert len({row[:3] for row in rows}) == len(rows)


def test_won_deals_close_on_the_day_on_which_a_subscription_starts(
    data: duckdb.DuckDBPyConnection,
) -> None:
    won = data.table("opportunities").filter("stage = 'won'").project("account_id, closed_date")
    starts = data.table("subscriptions").project("account_id, start_date").fetchall()
    assert set(won.fetchall()) <= set(starts)


def test_no_day_lies_after_the_period_except_in_expectations(
    data: duckdb.DuckDBPyConnection,
) -> None:
    for table, fields in TABLES.items():
        for column, field in fields["columns"].items():
            is_day = field["basetype"] in {"DATE", "TIMESTAMP"}
            if is_day and column != "expected_close_date":
                last = max(row[0] for row in data.table(table).project(column).fetchall() if row[0])
                assert str(last)[:10] <= "2025-12-31", f"{table}.{column}"


def test_addresses_are_under_a_domain_that_nobody_owns(data: duckdb.DuckDBPyConnection) -> None:
    for table, fields in TABLES.items():
        for column in fields["columns"]:
            if column.endswith("email"):
                elsewhere = f"{column} NOT SIMILAR TO '[^@ ]+@[^@ ]+[.]example'"
                assert not has_row(data, table, elsewhere)
