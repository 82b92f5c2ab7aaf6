"""`da metrics explain`."""

from __future__ import annotations

import pytest

from tests.numbers.conftest import ORDERS, define, total, work, write_orders

__all__ = ["work"]


@pytest.fixture
def here(work, da, monkeypatch):
    """Two definitions, and the data as they were, under the name `before`, and as they are."""
    monkeypatch.chdir(work.path)
    define(work, total(), total("SUM(amount) + COUNT(*)"))
    da("data", "snapshot", "before")
    write_orders(work.path / "data/parquet", ORDERS.replace("'eu', 10", "'eu', 13"))
    return work


def test_one_period_is_told_with_the_parts_that_did_it(da, here):
    done = da("metrics", "explain", "revenue/total", "--from", "HEAD~1:before")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("revenue/total: ")
    assert " on before → " in lines[0]
    assert lines[1].startswith("  sql, sql_by_region: ")
    assert lines[2].split() == [
        "period",
        "old",
        "new",
        "change",
        "definition",
        "data",
        "interaction",
    ]
    january = "2025-01-01   30   35      +5  +16.7%          +2    +3            0"
    assert lines[3].split() == january.split()
    options = ("revenue/total", "--from", "HEAD~1:before", "--period", "2025-01")
    lines = da("metrics", "explain", *options).out.splitlines()
    assert lines[2] == "revenue/total, 2025-01-01: 30 → 35, +5 (+16.7%)"
    assert [line.split()[:2] for line in lines[3:6]] == [
        ["definition", "+2"],
        ["data", "+3"],
        ["interaction", "0"],
    ]
    assert lines[7] == "  by region (adds up)"
    assert lines[9] == "    1 more did nothing"
    assert lines[8].split() == ["eu", "+3", "█" * 16, "10", "→", "13"]


def test_json_says_what_was_compared(da, here):
    found = da("metrics", "explain", "revenue/total", "--from", ":before", "--json").json
    head = here.git("rev-parse", "HEAD")
    assert found["from"] == {"commit": head, "id": "revenue/total", "data": "before"}
    assert found["to"] == {"commit": head, "id": "revenue/total", "data": None}
    assert found["definition_changes"] is None
    (period,) = found["periods"]
    assert (period["definition"], period["data"], period["interaction"]) == (0, 3, 0)
    assert period["breakdowns"][0]["parts"][0]["contribution"] == 3


def test_a_folder_is_data_too_and_the_working_tree_a_revision(da, here, tmp_path):
    write_orders(tmp_path / "elsewhere", "(DATE '2025-01-05', 'eu', 1, 0.5)")
    here.write("metrics/revenue/total.yml", total("7 * SUM(amount)"))
    sides = (
        "--from",
        f"HEAD:{tmp_path / 'elsewhere'}",
        "--to",
        f"worktree:{tmp_path / 'elsewhere'}",
    )
    found = da("metrics", "explain", "revenue/total", *sides, "--json").json
    assert found["to"]["commit"] == "worktree"
    assert (found["periods"][0]["definition"], found["periods"][0]["data"]) == (5, 0)


def test_a_renamed_metric_is_found_under_the_name_it_had(da, here):
    here.git("mv", "metrics/revenue/total.yml", "metrics/revenue/sum.yml")
    here.write("metrics/revenue/sum.yml", total("SUM(amount) + COUNT(*)", name="sum"))
    here.commit()
    found = da("metrics", "explain", "revenue/sum", "--from", "HEAD~1", "--json").json
    assert (found["from"]["id"], found["to"]["id"]) == ("revenue/total", "revenue/sum")
    assert found["periods"] == []


def test_two_periods_are_compared(da, here):
    options = ("--period", "2025-02", "--against", "2025-01", "--by", "region")
    lines = da("metrics", "explain", "revenue/total", *options).out.splitlines()
    assert lines[0] == "revenue/total: 35 in 2025-01-01 → 14 in 2025-02-01, -21 (-60.0%)"
    assert [line.split()[:2] for line in lines[3:]] == [
        ["us", "-21"],
        ["(none)", "+6"],
        ["eu", "-6"],
    ]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "--from REV[:DATA], or --against"),
        (("--against", "2025-01"), 2, "--against goes with --period"),
        (("--from", "HEAD", "--against", "2025-01", "--period", "2025-02"), 2, "not with --from"),
        (("--from", "nothing"), 1, "no commit is called 'nothing'"),
        (("--from", "HEAD:befor"), 1, "there is: before"),
        (("--from", "HEAD~2"), 1, "revenue/total is not there in HEAD~2"),
        (("--from", "HEAD", "--period", "2035-01"), 1, "there is 2025-01-01 to 2025-02-01"),
        (("--from", "HEAD", "--period", "soon"), 2, "'soon' is no monthly period"),
    ],
)
def test_what_cannot_be_is_said(da, here, options, code, said):
    done = da("metrics", "explain", "revenue/total", *options)
    assert done.code == code
    assert said in done.err


def test_a_run_that_fails_is_named(da, here):
    define(here, total("SUM(no_such_column)"))
    done = da("metrics", "explain", "revenue/total", "--from", "HEAD~1")
    assert done.code == 0
    assert "the new definition on new data gives nothing: " in done.err
    assert "no_such_column" in done.err


def test_nothing_that_changed_is_said(da, here):
    assert da("metrics", "explain", "revenue/total", "--from", "HEAD").out.endswith(
        "Nothing changed\n"
    )
