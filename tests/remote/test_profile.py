"""`da admin profile` where no catalog is at hand."""

from __future__ import annotations

import pytest

from tests.queries.conftest import write_parquet


@pytest.fixture
def stocked(server, away):
    folder = server.instance.data_dir / "parquet"
    write_parquet(folder / "orders.parquet", "SELECT i AS amount FROM range(9) t(i)")


@pytest.mark.usefixtures("stocked")
def test_the_server_profiles_and_shows(da):
    made = da("admin", "profile")
    assert (made.code, made.out) == (0, "orders: 9 rows, 1 column, 1 alert\n"), made.err
    shown = da("admin", "profile", "show", "orders", "--json").json
    assert shown["row_count"] == 9
    assert [it["name"] for it in shown["used_by_metrics"]] == ["arr", "mrr"]


@pytest.mark.usefixtures("stocked")
def test_a_table_that_is_none_is_exit_code_1(da):
    assert da("admin", "profile", "--table", "nope").code == 1
    assert da("admin", "profile", "show", "nope").code == 1


@pytest.mark.usefixtures("away")
def test_a_table_without_data_is_named(da):
    done = da("admin", "profile")
    assert (done.code, done.out) == (0, "")
    assert "without data here: orders" in done.err
