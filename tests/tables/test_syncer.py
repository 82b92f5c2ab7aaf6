"""Bringing data in."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from agnes.errors import NotFoundError
from agnes.keboola import Storage
from agnes.tables.folder import DataFolder
from agnes.tables.registered import Registered
from agnes.tables.sources import Sources
from agnes.tables.syncer import Syncer
from tests.keboola.conftest import FAST
from tests.keboola.stack import TOKEN
from tests.tables.conftest import read_parquet, write_parquet

ORDERS = Registered("orders", source_table="orders.csv", basetypes={"amount": "NUMERIC"})


@pytest.fixture
def imports(folder):
    path = folder.path / "imports"
    path.mkdir(parents=True)
    (path / "orders.csv").write_text("id,amount\n1,10.50\n2,7\n")
    return path


@pytest.fixture
def make(folder, imports):
    """A syncer of some tables."""
    made = []

    def make(*tables, keboola=None, after=None):
        known = {table.id: table for table in tables}
        made.append(Syncer(folder, lambda: known, Sources(imports, keboola), after))
        return made[-1]

    yield make
    for syncer in made:
        syncer.stop(10)


def sync(syncer, *table_ids):
    syncer.trigger(table_ids or None, "ada@example.com")
    assert syncer.wait(30)
    return syncer.status()["tables"]


def test_a_local_table_comes_from_the_import_folder(make, folder):
    runs = sync(make(ORDERS))
    assert runs["orders"]["state"] == "done"
    assert (runs["orders"]["rows"], runs["orders"]["error"]) == (2, None)
    assert runs["orders"]["size_bytes"] == folder.entries()["orders"].size_bytes
    assert runs["orders"]["queued"] <= runs["orders"]["started"] <= runs["orders"]["finished"]
    assert [row[0] for row in read_parquet(folder.file("orders"))] == [1, 2]


@pytest.mark.parametrize(
    ("bucket", "source_table", "file"),
    [
        (None, None, "t.csv"),
        (None, None, "t.parquet"),
        ("sales", None, "sales/t.csv"),
        ("sales/2026", "orders.v1", "sales/2026/orders.v1.csv"),
    ],
)
def test_bucket_and_source_table_say_where(make, folder, imports, bucket, source_table, file):
    path = imports / file
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(path) if file.endswith("parquet") else path.write_text("id\n1\n")
    table = Registered("t", bucket=bucket, source_table=source_table)
    assert sync(make(table))["t"]["state"] == "done"


@pytest.mark.parametrize(
    ("bucket", "source_table"),
    [
        (None, "../../outside.csv"),
        ("..", "outside.csv"),
        ("/etc", "passwd.csv"),
        (None, "/tmp/outside.csv"),
        ("link", "outside.csv"),
        (None, "outside_link.csv"),
        (None, "a\0b.csv"),
        ("a\0b", None),
        (None, "*.csv"),
        (None, "or?ers.csv"),
    ],
)
def test_nothing_outside_of_the_import_folder_is_read(make, folder, imports, bucket, source_table):
    outside = folder.path.parent / "outside.csv"
    outside.write_text("secret\n1\n")
    (imports / "link").symlink_to(outside.parent)
    (imports / "outside_link.csv").symlink_to(outside)
    run = sync(make(Registered("t", bucket=bucket, source_table=source_table)))["t"]
    assert run["state"] == "failed"
    assert folder.entries() == {}


def test_a_failing_table_does_not_stop_the_others(make, folder, imports):
    (imports / "bad.csv").write_text("day\nsoon\n")
    tables = [
        Registered("a_missing", source_table="missing.csv"),
        Registered("bad", basetypes={"day": "DATE"}),
        ORDERS,
    ]
    runs = sync(make(*tables))
    assert {id_: run["state"] for id_, run in runs.items()} == {
        "a_missing": "failed",
        "bad": "failed",
        "orders": "done",
    }
    assert "missing.csv" in runs["a_missing"]["error"]
    assert "soon" in runs["bad"]["error"]


def test_a_failed_sync_keeps_the_data_that_is_there(make, folder, imports):
    syncer = make(ORDERS)
    sync(syncer)
    before = folder.entries()
    (imports / "orders.csv").write_text("id,amount\n1,lots\n")
    assert sync(syncer)["orders"]["state"] == "failed"
    assert folder.entries() == before


def test_data_that_was_put_in_its_place_by_hand_stays(make, folder):
    write_parquet(folder.file("events"))
    assert sync(make(Registered("events")))["events"]["state"] == "done"
    assert read_parquet(folder.file("events")) == [(1, "Ada")]


def test_only_tables_whose_data_is_to_be_here_are_brought_in(make):
    remote = Registered("remote", query_mode="remote")
    other = Registered("big", source_type="bigquery")
    syncer = make(ORDERS, remote, other)
    assert list(sync(syncer)) == ["orders"]
    assert "bigquery" in sync(syncer, "big")["big"]["error"]


def test_an_unknown_table_is_refused_and_nothing_begins(make):
    syncer = make(ORDERS)
    with pytest.raises(NotFoundError, match="nope"):
        syncer.trigger(["orders", "nope"], "ada")
    assert syncer.status() == {"running": False, "job": None, "tables": {}}


def test_the_status_tells_of_nothing_that_may_not_be_seen(make):
    syncer = make(ORDERS)
    sync(syncer)
    status = syncer.status(lambda table_id: table_id != "orders")
    assert "orders" not in str(status)


def test_the_hook_is_called_for_tables_that_are_profiled(make, imports):
    (imports / "b.csv").write_text("x\n1\n")
    called = []
    tables = [ORDERS, Registered("b", profiled=False), Registered("c")]
    sync(make(*tables, after=lambda table: called.append(table.id)))
    assert called == ["orders"]


def test_a_hook_that_fails_does_no_harm(make):
    def fail(_):
        raise RuntimeError

    assert sync(make(ORDERS, after=fail))["orders"]["state"] == "done"


def test_a_table_is_brought_in_when_its_schedule_says(make):
    table = Registered("orders", source_table="orders.csv", schedule="every 6h")
    odd = Registered("odd", schedule="now and then")
    syncer = make(table, odd)
    now = datetime.now(UTC)
    assert syncer.run_due(now) == ["orders"]
    assert syncer.wait(30)
    assert syncer.run_due(now + timedelta(hours=5)) == []
    assert syncer.run_due(now + timedelta(hours=7)) == ["orders"]


def test_a_failure_is_tried_again_at_its_time_only(make):
    syncer = make(Registered("t", schedule="every 1h"))
    now = datetime.now(UTC)
    syncer.run_due(now)
    assert syncer.wait(30)
    assert syncer.status()["tables"]["t"]["state"] == "failed"
    assert syncer.run_due(now + timedelta(minutes=30)) == []


def test_a_keboola_table_comes_by_an_export(make, folder, stack):
    stack.slices = 2
    table = Registered(
        "company",
        source_type="keboola",
        bucket="in.c-crm",
        basetypes={"since": "DATE", "paid": None, "gone": "STRING"},
    )
    syncer = make(table, keboola=lambda: Storage(stack.url, TOKEN, FAST))
    assert sync(syncer)["company"]["rows"] == 3
    rows = read_parquet(folder.file("company"))
    assert [row[0] for row in rows] == [1, 2, 3]
    assert [str(row[2]) for row in rows] == ["10.50", "None", "7.00"]
    assert rows[1][1] == 'B "quoted", with\na line'
    assert rows[2][1] == ""
    assert str(rows[0][3]) == "2026-01-31"


def test_a_keboola_table_without_a_project_says_what_to_set(make):
    run = sync(make(Registered("t", source_type="keboola")))["t"]
    assert "KBC_STACK_URL" in run["error"]


def test_a_keboola_table_that_is_not_there_is_named(make, stack):
    table = Registered("t", source_type="keboola", bucket="in.c-crm", source_table="nope")
    run = sync(make(table, keboola=lambda: Storage(stack.url, TOKEN, FAST)))["t"]
    assert "in.c-crm.nope" in run["error"]
    assert "404" in run["error"]
    assert TOKEN not in run["error"]


_SERVER = """
import sys, time
from pathlib import Path
from agnes.tables.folder import DataFolder
from agnes.tables.registered import Registered
from agnes.tables.sources import Sources
from agnes.tables.syncer import Syncer

def hang(*_):
    print("running", flush=True)
    time.sleep(60)

Sources.fetch = hang
folder = DataFolder(Path(sys.argv[1]))
table = Registered("orders", source_table="orders.csv")
syncer = Syncer(folder, lambda: {"orders": table}, Sources(folder.path / "imports"))
syncer.trigger(None, "ada") if sys.argv[2:] else syncer.start()
syncer.wait(60)
"""


@pytest.fixture
def crashed(folder, imports):
    """A server that is killed while it brings a table in."""

    def crash(*asked):
        command = [sys.executable, "-c", _SERVER, str(folder.path), *asked]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        assert server.stdout.readline() == "running\n"
        yield
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdout.close()
        yield

    return crash


def test_what_a_crash_ended_is_done_again(make, crashed):
    crash = crashed("asked")
    next(crash)
    syncer = make(ORDERS)
    assert syncer.status()["tables"]["orders"]["state"] == "running"
    next(crash)
    syncer.run_due()
    assert syncer.wait(30)
    assert syncer.status()["tables"]["orders"]["state"] == "done"


def test_what_crashes_twice_is_given_up(make, crashed, folder):
    for asked in (["asked"], []):
        crash = crashed(*asked)
        next(crash)
        next(crash)
    syncer = make(ORDERS)
    run = syncer.status()["tables"]["orders"]
    assert run["state"] == "failed"
    assert "ended while it ran" in run["error"]


def test_one_process_works_at_a_time_and_the_other_one_sees_it(make, crashed, folder):
    crash = crashed("asked")
    next(crash)
    other = make(ORDERS)
    assert other.work() == 0
    other.trigger(None, "bob")
    assert other.wait(10)
    assert other.status()["tables"]["orders"]["state"] == "queued"
    next(crash)
    assert other.work() == 1
    assert other.status()["tables"]["orders"]["state"] == "done"


def test_litter_of_a_killed_process_is_cleared(make, folder):
    (folder.parquet / ".incoming-x").mkdir(parents=True)
    (folder.parquet / ".incoming-x/data.parquet").touch()
    sync(make(ORDERS))
    assert [path.name for path in folder.parquet.glob(".incoming*")] == []


def test_the_record_stays_small(make, folder):
    syncer = make(Registered("t"))
    for _ in range(25):
        syncer._runs.enqueue("job", ["t"], "ada")
        syncer.work()
    assert len(syncer._runs.of_job("job")) == 20


def test_after_the_stop_nothing_begins(make):
    syncer = make(ORDERS)
    syncer.stop()
    syncer.trigger(None, "ada")
    time.sleep(0.05)
    assert syncer.status()["tables"]["orders"]["state"] == "queued"
    again = DataFolder(syncer.folder.path)
    assert again.entries() == {}
    assert (again.path / "state/sync.sqlite").exists()
