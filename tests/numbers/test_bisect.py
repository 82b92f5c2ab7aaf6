"""Which commit, or which snapshot of the data, moved a number."""

from __future__ import annotations

import pytest

from agnes.compute.folder import Data, tables_of
from agnes.compute.snapshots import DataSnapshots
from agnes.errors import NotFoundError, RevisionError, SandboxError, UsageError
from agnes.numbers.bisect import bisect_commits, bisect_data
from agnes.numbers.definitions import definition_at
from agnes.numbers.values import Expected
from tests.numbers.conftest import TOTAL, define, total, write_orders


@pytest.fixture
def bisect(repository, engine):
    def run(period="2025-01", name="revenue/total", **how):
        newest = repository.resolve(how.pop("newest", "HEAD"))
        found = bisect_commits(repository, engine, name, newest, period=period, **how)
        return found.as_dict()

    return run


def ends(found) -> tuple[object, ...]:
    return tuple((found[it]["commit"], found[it]["value"]) for it in ("before", "after"))


def test_the_commit_that_moved_the_value_is_found_and_told_in_words(work, bisect):
    _, docs, moved, _ = define(
        work,
        total(),
        total(more="owner: Finance\n"),
        total(where="region = 'eu'", more="owner: Finance\n"),
        total(where="region = 'eu'", more="owner: Sales\n"),
    )
    found = bisect()
    assert found["found"]
    assert ends(found) == ((docs, 30), (moved, 10))
    assert found["change"]["fields"][0]["what"] == "filter added"


def test_definitions_that_mean_the_same_are_run_once(work, bisect):
    lower = total().replace("SELECT", "select").replace("GROUP BY", "group by")
    texts = [it for at in range(8) for it in (total(more=f"owner: A{at}\n"), lower)]
    define(work, *texts, total("SUM(amount) * 2"))
    found = bisect()
    assert (found["candidates"], found["runs"]) == (17, 2)


def test_a_value_that_it_had_is_looked_for(work, bisect):
    first, second, third = define(work, total(), total("2 * SUM(amount)"), total("3 * SUM(amount)"))
    assert ends(bisect(expected=Expected("30"))) == ((first, 30), (second, 60))
    assert ends(bisect(expected=Expected("90"))) == ((second, 60), (third, 90))
    found = bisect(expected=Expected("60"))
    assert not found["found"]
    ends_of = "at the newest and at the oldest that can be told, of 3"
    assert found["reason"] == f"it is not 60 {ends_of}: 90 and 30"


def test_a_renamed_metric_is_followed(work, bisect):
    (first,) = define(work, total())
    work.git("mv", TOTAL, "metrics/revenue/sum.yml")
    work.write("metrics/revenue/sum.yml", total(name="sum"))
    work.commit()
    (moved,) = define(work, total("SUM(amount) + 1", name="sum"), path="metrics/revenue/sum.yml")
    found = bisect(name="revenue/sum")
    assert found["after"]["commit"] == moved
    assert bisect(name="revenue/sum", oldest=first)["before"]["id"] == "revenue/sum"


@pytest.mark.parametrize("broken", ["sql: [\n", total("SUM(no_such_column)")])
def test_commits_that_cannot_be_told_are_gone_around_and_named(work, bisect, broken):
    first, bad, moved = define(work, total(), broken, total("2 * SUM(amount)"))
    found = bisect()
    assert ends(found) == ((first, 30), (moved, 60))
    assert [it["commit"] for it in found["untold"]] == [bad]
    assert found["untold"][0]["problem"]
    assert found["change"] is None


def test_a_newest_that_does_not_validate_is_not_what_is_served(work, bisect):
    _, moved, _ = define(work, total(), total("2 * SUM(amount)"), "sql: [\n")
    assert bisect()["after"]["commit"] == moved


def test_a_newest_whose_query_fails_is_an_error(work, bisect):
    define(work, total(), total("SUM(no_such_column)"))
    with pytest.raises(SandboxError, match="no_such_column"):
        bisect()


def test_only_what_is_between_two_commits_is_looked_at(work, bisect):
    first, second, third = define(work, total(), total("2 * SUM(amount)"), total("3 * SUM(amount)"))
    assert bisect(newest=second)["after"]["commit"] == second
    assert bisect(oldest=second)["before"]["commit"] == second
    same = work.commit("nothing")
    found = bisect(oldest=third, newest=same)
    assert (found["found"], found["candidates"]) == (False, 1)
    with pytest.raises(RevisionError, match="first-parent history"):
        bisect(oldest=same, newest=first)


def test_a_row_that_goes_is_a_change_too(work, bisect):
    define(work, total(), total(where="day >= DATE '2025-02-01'"))
    found = bisect()
    assert (found["before"]["value"], found["after"]["has_row"]) == (30, False)


def test_a_period_that_never_was_is_said_with_those_that_are(work, bisect):
    define(work, total(), total("2 * SUM(amount)"))
    reason = bisect("2035-01")["reason"]
    assert reason == "there is no row for 2035-01-01: there is 2025-01-01 to 2025-02-01"


def test_a_period_must_be_named_where_there_are_periods(work, bisect):
    define(work, total())
    with pytest.raises(UsageError, match="a value for each period"):
        bisect(None)
    work.write(TOTAL, "name: total\nsql: SELECT SUM(amount) AS total FROM orders\n")
    work.commit()
    with pytest.raises(UsageError, match="no periods"):
        bisect()


def test_a_metric_that_never_was_is_not_found(work, bisect):
    define(work, total())
    with pytest.raises(NotFoundError, match="revenue/totl"):
        bisect(name="revenue/totl")


def test_snapshots_of_the_data_are_searched_with_the_definition_fixed(work, repository):
    define(work, total())
    parquet = work.path / "data/parquet"
    kept = DataSnapshots(parquet)
    rows = "(DATE '2025-01-05', 'eu', {}, 1.0)"
    for name, amount in (("a", 1), ("b", 1), ("c", 2), ("d", 2)):
        write_orders(parquet, rows.format(amount))
        kept.take(name)
    commit = repository.resolve("HEAD")
    metric = definition_at(repository, commit, "revenue/total", commit).metric(repository)
    row = [*kept.all(), Data("", tables_of(parquet))]
    found = bisect_data(metric, row, period="2025-01").as_dict()
    assert (found["before"]["data"], found["after"]["data"]) == ("b", "c")
    assert (found["candidates"], found["runs"]) == (5, 2)
    (kept.get("b").folder / "orders.parquet").write_bytes(b"damaged")
    found = bisect_data(metric, row, period="2025-01").as_dict()
    assert [it["data"] for it in found["untold"]] == ["b"]
