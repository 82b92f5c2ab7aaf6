"""`da admin profile`."""

from __future__ import annotations

import re

import pytest

from agnes.cli.profile import histogram
from tests.queries.conftest import write_parquet

PROFILE = ("admin", "profile")


@pytest.fixture
def stocked(here):
    write_parquet(
        here.path / "data/parquet/orders.parquet",
        "SELECT DATE '2026-01-01' + i::INT AS month, i AS amount, 'a' || i || '@b.com' AS buyer,"
        " i % 4 = 0 AS paid, ['x', 'y'][1 + i % 2] AS kind FROM range(100) t(i)",
    )
    return here


def test_tables_are_profiled_and_what_has_no_data_is_named(da, stocked):
    stocked.write("tables/bare.yml", "id: bare\n")
    stocked.commit()
    done = da(*PROFILE)

    assert done.code == 0
    assert done.out.startswith("orders: 100 rows, 5 columns")
    assert "without data here: bare" in done.err
    assert (stocked.path / "data/profiles.json").is_file()
    assert stocked.git("status", "--short") == ""


def test_a_table_that_cannot_be_read_is_exit_code_1(da, stocked):
    stocked.write("tables/odd.yml", "id: odd\n")
    stocked.commit()
    (stocked.path / "data/parquet/odd.parquet").write_bytes(b"PAR1")
    done = da(*PROFILE, "--json")

    assert done.code == 1
    assert done.json["tables"].keys() == {"orders"}
    assert "odd.parquet" in done.json["failed"]["odd"]


def test_a_profile_is_shown_with_small_histograms(da, stocked):
    assert da(*PROFILE, "--table", "orders").code == 0
    lines = da(*PROFILE, "show", "orders").out.splitlines()

    assert lines[0].startswith("orders: 100 rows")
    assert "  used by revenue/arr, revenue/mrr" in lines
    rows = {line.split()[0]: line for line in lines if line[:1].isalpha()}
    assert re.search(" 0 [▇█]{15} 99$", rows["amount"])
    assert rows["buyer"].endswith("(email)")
    assert rows["paid"].endswith("25% true")
    assert rows["kind"].endswith("x 50%, y 50%")
    assert "a1@b.com" not in "".join(lines)
    assert da(*PROFILE, "show", "orders", "--json").json["row_count"] == 100


def test_what_has_no_profile_is_an_error_that_says_how_to_make_one(da, stocked):
    done = da(*PROFILE, "show", "orders")
    assert done.code == 1
    assert "da admin profile --table orders" in done.err


def test_without_data_the_remedy_is_named(da, here):
    done = da(*PROFILE)
    assert (done.code, "--data" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("counts", "bars"),
    [([], ""), ([0, 0], ""), ([1], "█"), ([0, 1, 1000], " ▂█"), ([4, 8], "▅█")],
)
def test_a_bar_for_each_count_and_none_for_nothing(counts, bars):
    assert histogram(counts) == bars
