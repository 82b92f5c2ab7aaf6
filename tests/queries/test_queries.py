"""Running queries: warm, bounded, cancelled."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from agnes.errors import SandboxError, TooManyError, UnavailableError
from agnes.queries import Queries
from agnes.sandbox import Limits
from tests.queries.conftest import write_parquet

ENDLESS = "SELECT count(*) FROM range(1_000_000_000_000)"


@pytest.fixture
def queries():
    with Queries(Limits(seconds=20), workers=1, waiting=1) as opened:
        yield opened


def children() -> set[int]:
    """The processes that were started here and run."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread may end meanwhile
            found.update(map(int, (task / "children").read_text().split()))
    return found


def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def submit(queries, sql, tables, **more):
    return queries.submit(sql, lambda: tables, lambda result: result, **more)


def running(queries, sql, tables, **more):
    """A query that runs already."""
    before = children()
    started = submit(queries, sql, tables, **more)
    until(lambda: started._sandbox is not None and children() - before)
    time.sleep(0.3)
    return started


def test_rows_come_with_their_columns(queries, tables):
    result = queries.run("SELECT sum(amount) AS total FROM orders", tables)

    assert [column.name for column in result.columns] == ["total"]
    assert float(result.rows[0][0]) == 6187.5


def test_a_name_with_dots_can_be_written_short(queries, tables):
    sql = 'SELECT a.name, b.name FROM "in.c-crm.company" a, Company b'

    assert queries.run(sql, tables).rows == (("Acme", "Acme"),)


def test_the_second_query_of_the_same_tables_needs_no_new_process(queries, tables):
    queries.run("SELECT 1", tables)
    before = children()
    queries.run("FROM orders", tables)

    assert children() == before


def test_who_sees_other_tables_gets_another_process_and_the_oldest_goes(queries, tables):
    before = children()
    sets = [tables, {}, {"orders": tables["orders"]}]
    for seen in sets:
        queries.run("SELECT 1", seen)

    assert len(children() - before) == 2
    with pytest.raises(SandboxError):
        queries.run("FROM orders", {})


def test_a_cancelled_query_ends_at_once_and_its_process_with_it(queries, tables):
    before = children()
    started = running(queries, ENDLESS, tables)
    at = time.monotonic()
    started.cancel()
    with pytest.raises(SandboxError, match=r"cancelled|ended"):
        started.result()

    assert time.monotonic() - at < 5
    until(lambda: children() == before)
    assert queries.run("SELECT 1", tables).rows == ((1,),)


def test_a_query_that_waits_can_be_cancelled(queries, tables):
    first = running(queries, ENDLESS, tables)
    second = submit(queries, "SELECT 1", tables)
    second.cancel()
    with pytest.raises(SandboxError, match="cancelled"):
        second.result()
    first.cancel()


def test_a_cancellation_that_comes_too_late_does_no_harm(queries, tables):
    done = submit(queries, "SELECT 1", tables)
    done.result()
    done.cancel()

    assert done.result().rows == ((1,),)
    assert queries.run("SELECT 2", tables).rows == ((2,),)


def test_cancelling_at_any_moment_leaves_nothing_behind(tables):
    before = children()
    with Queries(Limits(seconds=20), workers=2) as queries:
        for pause in range(30):
            started = submit(queries, ENDLESS, tables if pause % 2 else {})
            time.sleep(pause / 100)
            started.cancel()
            with pytest.raises(SandboxError):
                started.result(5)
        assert queries.run("SELECT 1", tables).rows == ((1,),)
    assert children() == before


def test_more_than_may_wait_are_turned_away(queries, tables):
    first = running(queries, ENDLESS, tables)
    second = submit(queries, "SELECT 2", tables)
    with pytest.raises(TooManyError) as raised:
        submit(queries, "SELECT 3", tables)
    assert raised.value.retry_after == 20
    first.cancel()

    assert second.result().rows == ((2,),)
    assert queries.run("SELECT 3", tables).rows == ((3,),)


def test_nobody_fills_all_the_room(tables):
    with Queries(Limits(seconds=20), workers=1, waiting=3) as queries:
        mine = [submit(queries, ENDLESS, tables, by="ada") for _ in range(2)]
        with pytest.raises(TooManyError, match="2 of your queries"):
            submit(queries, "SELECT 1", tables, by="ada")
        other = submit(queries, "SELECT 1", tables, by="bob")
        for each in mine:
            each.cancel()

        assert other.result().rows == ((1,),)
        assert submit(queries, "SELECT 1", tables, by="ada").result().rows == ((1,),)


def test_queries_run_side_by_side(tables):
    with Queries(Limits(seconds=20), workers=2) as queries, ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda i: queries.run(f"SELECT {i} FROM orders", tables, 1), range(40))

        assert [result.rows for result in found] == [((i,),) for i in range(40)]


def test_a_query_out_of_time_or_memory_says_so_and_the_next_one_runs(tables):
    with Queries(Limits(seconds=0.5, memory_mb=256), workers=1) as queries:
        for sql, kind in [(ENDLESS, "timeout"), ("SELECT repeat('x', 4_000_000_000)", "memory")]:
            with pytest.raises(SandboxError) as raised:
                queries.run(sql, tables)
            assert raised.value.kind == kind
            assert raised.value.hint.startswith("ask for less")
            assert queries.run("SELECT 1", tables).rows == ((1,),)


def test_a_process_that_dies_is_replaced(queries, tables):
    before = children()
    queries.run("SELECT 1", tables)
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)
    time.sleep(0.1)

    assert queries.run("SELECT 1", tables).rows == ((1,),)


def test_new_data_that_comes_while_a_query_runs_are_read(queries, tmp_path):
    file = write_parquet(tmp_path / "x.parquet", "SELECT 1 AS a FROM range(1_000)")
    tables = {"x": [file]}
    queries.run("FROM x", tables)
    with ThreadPoolExecutor(1) as threads:
        swaps = threads.submit(_swap, file)
        while not swaps.done():
            result = queries.run("SELECT count(DISTINCT a), min(a) > 0 FROM x", tables)
            assert result.rows == ((1, True),)
        swaps.result()

    assert queries.run("SELECT max(a) FROM x", tables).rows == ((6,),)


def _swap(file: Path) -> None:
    for number in range(2, 7):
        made = write_parquet(file.with_name("new"), f"SELECT {number} AS a FROM range(1_000)")
        made.replace(file)
        time.sleep(0.5)


def test_closing_ends_what_runs(tables):
    before = children()
    with Queries(Limits(seconds=1), workers=1) as queries:
        running(queries, ENDLESS, tables)
        waits = submit(queries, "SELECT 1", tables)

    with pytest.raises(SandboxError, match="cancelled"):
        waits.result()
    with pytest.raises(UnavailableError):
        submit(queries, "SELECT 1", tables)
    assert children() == before
