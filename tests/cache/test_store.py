from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import duckdb
import pytest

from agnes.cache import store as module
from agnes.cache.store import FORMAT, Store
from agnes.errors import CacheError
from agnes.git.refs import Location, locate


@pytest.fixture
def store(repository) -> Store:
    return Store(locate(repository.path))


def add(store: Store, name: str, *, age: int = 0) -> Path:
    """Put a snapshot into the cache, written `age` seconds ago."""
    with store.lock(), store.new_snapshot(name) as target:
        target.write_text(name)
    then = time.time() - age
    os.utime(store.path(name), (then, then))
    return store.path(name)


def names(store: Store) -> set[str]:
    return {path.name for path in store.folder.iterdir()} - {"lock"}


def test_the_cache_is_in_the_git_directory(store, repository):
    add(store, "abc")

    assert store.folder.is_relative_to(repository.path / ".git" / "agnes")
    assert repository.git("status", "--porcelain") == ""


def test_each_catalog_of_a_repository_has_its_own_cache(repository):
    folders = {
        Store(locate(repository.path / name)).folder
        for name in ("", "a", "b", "a/b", "a%2Fb", "root", "größe", "A", "..x")
    }
    assert len(folders) == 9
    assert len({folder.parent for folder in folders}) == 1


def test_linked_worktrees_share_snapshots_and_have_their_own_pointer(catalog, tmp_path):
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    main, linked = Store(locate(catalog.path)), Store(locate(tmp_path / "linked"))
    add(main, "one")
    add(linked, "two")

    main.point_to("one", "HEAD")
    linked.point_to("two", "HEAD")

    assert main.folder == linked.folder
    assert (main.current().commit, linked.current().commit) == ("one", "two")


def test_nothing_is_in_force_at_first(store):
    assert store.current() is None
    assert store.snapshots() == []


def test_the_snapshot_that_was_pointed_to_is_in_force(store):
    path = add(store, "abc")

    store.point_to("abc", "refs/heads/main")

    current = store.current()
    assert (current.path, current.ref, current.commit) == (path, "refs/heads/main", "abc")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"abc.duckdb",
        b"gone.duckdb HEAD\n",
        b"../secret.duckdb HEAD\n",
        b"/etc/passwd HEAD\n",
        b"lock HEAD\n",
        b"\xff\xfe",
        b"abc.duckdb\n",
    ],
)
def test_a_pointer_that_makes_no_sense_is_none(store, content):
    add(store, "abc")
    store.pointer.write_bytes(content)

    assert store.current() is None


def test_a_pointer_that_is_a_folder_is_none(store):
    add(store, "abc")
    store.pointer.mkdir()

    assert store.current() is None


def test_a_snapshot_gets_its_name_when_it_is_done(store):
    with store.lock():
        with store.new_snapshot("abc") as target:
            target.write_text("x")
            assert not store.path("abc").exists()
        assert store.path("abc").read_text() == "x"
    assert names(store) == {"abc.duckdb"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, CacheError("x")])
def test_a_build_that_fails_leaves_nothing(store, error):
    def fail() -> None:
        with store.lock(), store.new_snapshot("abc") as target:
            target.write_text("half")
            target.with_name(f"{target.name}.wal").write_text("half")
            raise error

    with pytest.raises(error if isinstance(error, type) else CacheError):
        fail()
    assert names(store) == set()


def test_no_write_ahead_log_is_left_beside_a_snapshot(store):
    with store.lock(), store.new_snapshot("abc") as target:
        target.write_text("x")
        target.with_name(f"{target.name}.wal").write_text("x")

    assert names(store) == {"abc.duckdb"}


def test_only_so_many_old_snapshots_are_kept(store):
    for at in range(10):
        add(store, f"s{at}", age=100 - at)
    store.point_to("s0", "HEAD")

    with store.lock(), store.collecting():
        pass

    kept = {"s0", *(f"s{at}" for at in range(10 - module.KEEP, 10))}
    assert names(store) == {f"{name}.duckdb" for name in kept} | {"CURRENT"}


def test_a_snapshot_that_is_needed_or_open_is_kept(store):
    for at in range(10):
        add(store, f"s{at}", age=100 - at)
    store.path("s1").unlink()
    duckdb.connect(str(store.path("s1"))).close()
    os.utime(store.path("s1"), (1, 1))

    with (
        duckdb.connect(str(store.path("s1")), read_only=True),
        store.lock(),
        store.collecting(store.path("s2")),
    ):
        pass

    kept = {"s2", *(f"s{at}" for at in range(10 - module.KEEP, 10))}
    kept |= {"s1"} if sys.platform == "linux" else set()
    assert {path.stem for path in store.snapshots()} == kept


def test_snapshots_in_force_for_any_worktree_are_kept(catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP", 0)
    catalog.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    main, linked = Store(locate(catalog.path)), Store(locate(tmp_path / "linked"))
    for name in ("one", "two", "three"):
        add(main, name)
    main.point_to("one", "HEAD")
    linked.point_to("two", "HEAD")

    with main.lock(), main.collecting():
        pass

    assert {path.stem for path in main.snapshots()} == {"one", "two"}


def test_what_killed_writers_left_is_collected(store):
    add(store, "abc")
    for name in (".def.123.tmp", ".def.123.tmp.wal", ".CURRENT.123.tmp"):
        (store.folder / name).write_text("x")

    with store.lock(), store.collecting():
        pass

    assert names(store) == {"abc.duckdb"}


def test_every_snapshot_but_those_in_force_can_be_deleted(store):
    for name in ("one", "two"):
        add(store, name)
    store.point_to("one", "HEAD")

    with store.lock():
        store.collect_all()

    assert [path.stem for path in store.snapshots()] == ["one"]
    assert store.current().commit == "one"


def hold(location: Location, ready, seconds: float) -> None:
    with Store(location).lock():
        ready.set()
        time.sleep(seconds)


def start_holder(store: Store, repository, seconds: float):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(locate(repository.path), ready, seconds))
    process.start()
    assert ready.wait(30)
    return process


def test_there_is_one_writer_at_a_time(store, repository, monkeypatch):
    holder = start_holder(store, repository, 30)
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)

    with pytest.raises(CacheError, match="another process"), store.lock():
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with store.lock():
        pass


def test_a_writer_waits_for_another(store, repository):
    holder = start_holder(store, repository, 0.3)

    with store.lock():
        assert not holder.join(1)
        assert holder.exitcode == 0


def test_the_lock_is_free_after_an_exception(store):
    with pytest.raises(ValueError, match="x"), store.lock():
        raise ValueError("x")
    with store.lock():
        pass


@pytest.mark.parametrize("obstacle", ["agnes", f"agnes/v{FORMAT}", f"agnes/v{FORMAT}/root"])
def test_a_cache_that_cannot_be_made_is_an_error_with_a_remedy(store, repository, obstacle):
    repository.write(f".git/{obstacle}", "a file")

    with pytest.raises(CacheError, match="cannot write the cache") as caught, store.lock():
        pass
    assert caught.value.hint
    assert store.current() is None


def test_a_pointer_that_cannot_be_written_is_an_expected_error(store):
    add(store, "abc")
    store.pointer.mkdir()

    with pytest.raises(CacheError):
        store.point_to("abc", "HEAD")
    assert store.path("abc").exists()


def test_a_snapshot_that_cannot_be_named_is_an_expected_error(store):
    add(store, "abc")
    store.path("def").mkdir()

    with pytest.raises(CacheError), store.lock(), store.new_snapshot("def") as target:
        target.write_text("x")
    assert store.path("abc").exists()
