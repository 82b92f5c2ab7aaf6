"""`da metrics bisect`."""

from __future__ import annotations

import pytest

from tests.numbers.conftest import define, total, work, write_orders

__all__ = ["work"]


@pytest.fixture
def here(work, monkeypatch):
    monkeypatch.chdir(work.path)
    return work


def test_the_two_ends_what_changed_and_the_cost_are_told(da, here):
    first, moved = define(here, total(), total(where="region = 'eu'"))
    done = da("metrics", "bisect", "revenue/total", "--period", "2025-01")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "revenue/total, 2025-01-01: 30 → 10"
    assert first[:10] in lines[1]
    assert moved[:10] in lines[2]
    assert lines[3:] == [
        "  sql, sql_by_region: filter added (region = 'eu')",
        "  2 commits, 2 runs",
    ]
    ends = f"--from {first[:10]} --to {moved[:10]} --period 2025-01-01"
    assert done.err == f"note: why: da metrics explain revenue/total {ends}\n"


def test_no_change_is_exit_code_1_and_json_says_why(da, here):
    define(here, total())
    done = da("metrics", "bisect", "revenue/total", "--period", "2025-01", "--json")
    assert done.code == 1
    assert not done.json["found"]
    assert (
        done.json["reason"]
        == "it is the same at the newest and at the oldest that can be told, of 1"
    )


def test_snapshots_are_searched_in_the_order_they_were_taken_in(da, here):
    define(here, total())
    da("data", "snapshot", "z-first")
    write_orders(here.path / "data/parquet", "(DATE '2025-01-05', 'eu', 10, 0.5)")
    options = ("revenue/total", "--period", "2025-01", "--over-data")
    done = da("metrics", "bisect", *options)
    assert "z-first" in done.out.splitlines()[1]
    assert "the data at hand" in done.out.splitlines()[2]
    da("data", "snapshot", "a-second")
    found = da("metrics", "bisect", *options, "--to", "a-second", "--json").json
    assert [found[it]["data"] for it in ("before", "after")] == ["z-first", "a-second"]
    assert da("metrics", "bisect", *options, "--to", "z-first").err.startswith(
        "error: there are no"
    )


def test_a_snapshot_is_data_by_its_name(da, here):
    define(here, total(), total("2 * SUM(amount)"))
    da("data", "snapshot", "before")
    write_orders(here.path / "data/parquet", "(DATE '2025-01-05', 'eu', 1, 0.5)")
    done = da("metrics", "bisect", "revenue/total", "--period", "2025-01", "--data", "before")
    assert done.out.splitlines()[0] == "revenue/total, 2025-01-01: 30 → 60"


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--changed", "--expect", "1"), 2, "exclude each other"),
        (("--rev", "HEAD"), 2, "--rev is for --over-data"),
        (("--period", "yesterday"), 2, "'yesterday' is no monthly period"),
        ((), 2, "has a value for each period"),
        (("--period", "2025-01", "--from", "nothing"), 1, "no commit is called 'nothing'"),
        (("--period", "2025-01", "--data", "nowhere"), 1, "'nowhere'"),
        (("--over-data", "--from", "x"), 1, "no data snapshot is called 'x'"),
    ],
)
def test_what_cannot_be_is_said(da, here, options, code, said):
    define(here, total())
    done = da("metrics", "bisect", "revenue/total", *options)
    assert done.code == code
    assert said in done.err
