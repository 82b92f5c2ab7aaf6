"""`da sync`: by difference, and what may no longer be seen goes."""

from __future__ import annotations

import json
import os
import threading
import time

import duckdb
import pytest

from agnes.config import client as config
from agnes.workspace.boot import boot
from agnes.workspace.lock import locked
from agnes.workspace.state import State
from tests.conftest import metric_yaml
from tests.workspace.between import Reply
from tests.workspace.conftest import put

MANIFEST = "/api/sync/manifest"


@pytest.fixture
def here(set_up, middle, place):
    """The server in the middle, after a setup through it; nothing was asked since."""
    assert set_up().code == 0
    middle.heal()
    return middle


def test_nothing_new_is_one_request(da, here, place):
    before = {path: path.stat().st_mtime_ns for path in (place.database, place.claude_md)}
    done = da("sync")
    assert done.code == 0
    assert done.out.splitlines() == ["Downloaded: 0", "Unchanged: 2"]
    assert [path for path, _ in here.asked] == [MANIFEST]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_only_tables_that_differ_are_downloaded(da, here, stocked, place):
    put(stocked, "orders", rows=7)
    put(stocked, "in.c-crm.company", rows=8)
    done = da("sync")
    assert done.code == 0
    assert "Downloaded: 2" in done.out
    with duckdb.connect(str(place.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (7,)
    put(stocked, "orders", rows=9)
    found = da("sync", "--json").json
    assert (found["downloaded"], found["unchanged"], found["errors"]) == (["orders"], 1, [])


def test_a_file_that_was_touched_is_looked_at_again(da, here, place):
    path = place.parquet("orders")
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    assert da("sync", "--json").json["downloaded"] == ["orders"]
    os.utime(path)
    assert da("sync", "--json").json["downloaded"] == []


@pytest.mark.skipif(boot() is None, reason="this system does not tell its boots apart")
def test_what_the_disk_lost_when_the_power_failed_comes_again(da, here, place):
    path = place.parquet("orders")
    status = path.stat()
    path.write_bytes(b"\0" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert da("sync", "--json").json["downloaded"] == []
    notes = place.last_sync.read_text()
    assert boot() in notes
    place.last_sync.write_text(notes.replace(boot(), "another"))
    assert da("sync", "--json").json["downloaded"] == ["orders"]


@pytest.mark.skipif(boot() is None, reason="this system does not tell its boots apart")
def test_what_is_whole_after_a_restart_is_looked_at_once(da, here, place):
    place.last_sync.write_text(place.last_sync.read_text().replace(boot(), "another"))
    assert da("sync", "--json").json["downloaded"] == []
    assert "another" not in place.last_sync.read_text()


def test_a_table_that_came_into_being_comes(da, here, stocked, place):
    stocked.commit({"tables/plans.yml": "id: plans\n"})
    put(stocked, "plans", rows=4)
    found = da("sync", "--json").json
    assert found["downloaded"] == ["plans"]
    assert found["catalog_changed"] is True
    assert place.state()["commit"] == found["commit"]
    assert [it["id"] for it in json.loads(place.schema.read_text())["tables"]] == [
        "in.c-crm.company",
        "orders",
        "plans",
    ]
    assert [path.stem for path in place.duckdb_dir.glob("?" * 40 + ".duckdb")] == [found["commit"]]


def test_a_table_that_is_gone_goes_here_too(da, here, stocked, place):
    stocked.commit({"tables/in.c-crm.company.yml": None})
    done = da("sync")
    assert "Removed: 1" in done.out
    assert "in.c-crm.company: the server has it no more, or you may not see it" in done.out
    assert not place.parquet("in.c-crm.company").exists()
    with duckdb.connect(str(place.database), read_only=True) as connection:
        views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        assert ("in.c-crm.company",) not in views.fetchall()


def test_what_may_not_be_seen_any_more_leaves_the_local_copy(da, stocked, middle, place):
    token = stocked.token("fin@example.com", "analyst", ("finance",))
    assert da("analyst", "setup", "--server-url", middle.url, "--token", token).code == 0
    assert place.parquet("salaries").exists()
    users = stocked.instance.state.users
    users.update(users.by_email("fin@example.com").id, groups=[])
    time.sleep(2.5)  # a token is known for two seconds
    done = da("sync")

    assert done.code == 0, done.err
    assert "salaries: the server has it no more, or you may not see it any more" in done.out
    assert not place.parquet("salaries").exists()
    assert "salaries" not in place.schema.read_text()
    for path in place.root.rglob("*"):
        assert not path.is_file() or b"salaries" not in path.read_bytes(), path


def test_a_file_that_is_nobody_elses_stays(da, here, place):
    own = place.parquet_dir / "own.parquet"
    own.write_bytes(place.parquet("orders").read_bytes())
    assert da("sync").code == 0
    assert own.exists()


def test_notes_that_somebody_else_wrote_delete_nothing_outside(da, here, place, tmp_path):
    victim = tmp_path / "victim.parquet"
    victim.write_text("mine")
    state = State(place)
    state.notes("tables")["../../../victim"] = {"hash": ""}
    state.write()
    assert da("sync").code == 0
    assert victim.exists()


def test_a_metric_that_changed_comes_with_its_instructions(da, here, stocked, place):
    commit = stocked.commit({"metrics/revenue/nrr.yml": metric_yaml("nrr", "Net retention")})
    done = da("sync", "--docs-only")
    assert done.code == 0
    assert f"Catalog: 3 metrics at {commit[:10]}" in done.out
    assert "Downloaded" not in done.out
    assert json.loads(place.metrics.read_text())["count"] == 3
    assert "revenue/nrr" in place.claude_md.read_text()
    with duckdb.connect(str(place.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM metric_definitions").fetchone() == (3,)


def test_a_commit_that_changes_nothing_to_be_seen_makes_no_copy_old(da, here, stocked, place):
    stocked.commit({"notes.md": "For the next meeting\n"})
    assert da("sync", "--json").json["catalog_changed"] is False
    assert da("metrics", "list").err == ""


def test_instructions_that_were_changed_by_hand_stay(da, here, stocked, place):
    text = place.claude_md.read_text() + "\nMy own rule.\n"
    place.claude_md.write_text(text)
    stocked.commit({"metrics/revenue/nrr.yml": metric_yaml("nrr", "Net retention")})
    done = da("sync")
    assert "changed by hand" in done.err
    assert place.claude_md.read_text() == text


def test_profiles_come_when_there_are_some(da, here, stocked, place):
    stocked.as_("admin").post("/api/catalog/profile/orders/refresh").raise_for_status()
    assert da("sync").code == 0
    assert json.loads(place.profiles.read_text())["tables"]["orders"]["row_count"] == 5000
    here.asked.clear()
    assert da("sync").code == 0
    assert [path for path, _ in here.asked] == [MANIFEST]


def test_one_table_can_be_named(da, here, stocked, place):
    put(stocked, "orders", rows=7)
    put(stocked, "in.c-crm.company", rows=8)
    synced_at = place.state()["synced_at"]
    found = da("sync", "--table", "orders", "--json").json
    assert found["downloaded"] == ["orders"]
    assert place.state()["synced_at"] == synced_at
    done = da("sync", "--table", "order")
    assert (done.code, "orders" in done.err) == (1, True)


@pytest.mark.parametrize("name", ["../../etc/x", "salaries", "\x1b[31m"])
def test_a_table_that_is_none_is_an_error(da, here, name):
    done = da("sync", "--table", name)
    assert done.code == 1
    assert "\x1b" not in done.err


def test_options_that_exclude_each_other(da, here):
    assert da("sync", "--docs-only", "--upload-only").code == 2
    assert da("sync", "--docs-only", "--table", "orders").code == 2


def test_a_manifest_that_cannot_be_had_is_exit_code_1(da, here):
    def down(reply: Reply) -> None:
        reply.status, reply.json = 500, {"detail": "broken"}

    here.spoil(MANIFEST, down)
    done = da("sync")
    assert done.code == 1
    assert "Failed to fetch manifest" in done.err


def test_a_server_that_is_gone_leaves_all_as_it_was(da, set_up, place, monkeypatch):
    assert set_up().code == 0
    before = {path: path.stat().st_mtime_ns for path in place.root.rglob("*") if path.is_file()}
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:9")
    monkeypatch.setenv("DA_TOKEN", "x")
    state = State(place)
    state.all["server"] = "http://127.0.0.1:9"
    state.write()
    done = da("sync")
    assert done.code == 1
    assert "Failed to fetch manifest: Cannot reach" in done.err
    changed = {path for path, at in before.items() if path.stat().st_mtime_ns != at}
    assert changed <= {place.last_sync, place.metadata_dir / ".sync.lock"}


def test_a_token_that_ended_is_said_with_what_to_do(da, here):
    config.save_login(config.Login(here.url, "agnes_pat_ended", "ada@example.com", "analyst"))
    done = da("sync")
    assert done.code == 1
    assert "Failed to fetch manifest" in done.err
    assert "da auth login" in done.err


def test_a_workspace_never_chooses_where_the_token_goes(da, here, stocked, place):
    state = State(place)
    state.all["server"] = "http://evil.example"
    state.write()
    done = da("sync")
    assert done.code == 2
    assert "http://evil.example" in done.err
    assert here.asked == []


def test_a_table_that_fails_is_listed_and_the_exit_code_is_0(da, here, stocked):
    put(stocked, "orders", rows=7)

    def broken(reply: Reply) -> None:
        reply.status, reply.json = 500, {"detail": "the disk is broken"}

    here.spoil("/api/data/orders/download", broken)
    done = da("sync")
    assert done.code == 0
    assert "Errors: 1" in done.out
    assert "orders: " in done.out
    [error] = da("sync", "--json").json["errors"]
    assert (error["what"], error["retry"]) == ("orders", "da sync --table orders")


def test_a_table_that_changes_meanwhile_comes_as_it_is_by_then(da, here, stocked, place):
    put(stocked, "orders", rows=7)
    path = stocked.instance.data.file("orders")

    def change(reply: Reply) -> None:
        if not change_done:
            change_done.append(put(stocked, "orders", rows=8))

    change_done: list[bytes] = []
    here.spoil(MANIFEST, change)
    done = da("sync")
    assert done.code == 0
    assert "Errors" not in done.out, done.out
    assert place.parquet("orders").read_bytes() == path.read_bytes()


def test_sessions_are_sent_once_and_notes_when_they_change(da, here, stocked, place):
    (place.sessions / "one.jsonl").write_text('{"turn": 1}\n')
    (place.sessions / "link.jsonl").symlink_to(config.token_file())
    found = da("sync", "--json").json
    assert found["uploaded"] == ["user/sessions/one.jsonl"]
    assert da("sync", "--json").json["uploaded"] == []
    os.utime(place.sessions / "one.jsonl")
    assert da("sync", "--json").json["uploaded"] == []

    (place.sessions / "one.jsonl").write_text('{"turn": 2}\n')
    place.local_md.write_text("Always in EUR\n")
    done = da("sync", "--upload-only")
    assert done.out.splitlines() == ["Uploaded: 2"]
    [user] = stocked.instance.uploads.path.iterdir()
    assert (user / "CLAUDE.local.md").read_text() == "Always in EUR\n"
    assert (user / "sessions" / "one.jsonl").read_text() == '{"turn": 2}\n'


def test_a_session_that_is_refused_does_not_stop_the_others(da, here, place):
    (place.sessions / "a;b.jsonl").write_text("{}\n")
    (place.sessions / "fine.jsonl").write_text("{}\n")
    found = da("sync", "--upload-only", "--json").json
    assert found["uploaded"] == ["user/sessions/fine.jsonl"]
    assert [error["what"] for error in found["errors"]] == ["user/sessions/a;b.jsonl"]


def test_two_at_once_do_not_write_over_each_other(da, here, place):
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(place):
            held.set()
            end.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    done = da("sync")
    end.set()
    thread.join()
    assert (done.code, "another da syncs" in done.err) == (1, True)


def test_without_a_workspace_the_error_says_how_to_make_one(da, place):
    done = da("sync")
    assert (done.code, "da analyst setup" in done.err) == (1, True)


def test_what_was_downloaded_is_in_the_status(da, here):
    found = da("status", "--local", "--json").json
    assert found["tables_synced"] == 2
    assert found["last_sync"]


def test_a_database_that_is_gone_is_made_anew(da, here, place):
    place.database.unlink()
    assert da("sync").code == 0
    assert place.database.is_file()


def test_a_database_that_is_damaged_is_made_anew_and_kept_beside(da, here, place):
    place.database.write_bytes(b"no database" * 1000)
    announced = place.state()["announced_commit"]
    done = da("sync")
    assert done.code == 0
    [kept] = place.duckdb_dir.glob("*.damaged")
    assert f"analytics.duckdb could not be read; it is kept as {kept.name}" in done.err
    with duckdb.connect(str(place.database), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (5000,)
    assert place.state()["announced_commit"] == announced


def test_a_users_own_table_of_a_tables_name_is_renamed_and_it_is_said(da, here, place, stocked):
    with duckdb.connect(str(place.database)) as connection:
        connection.execute("DROP VIEW orders; CREATE TABLE orders AS SELECT 1 AS mine")
    before = place.database.stat().st_mtime_ns
    assert da("sync").code == 0
    assert place.database.stat().st_mtime_ns == before
    put(stocked, "orders", rows=7)
    found = da("sync", "--json").json
    assert found["notes"] == ["your orders in analytics.duckdb is called orders_mine now"]
