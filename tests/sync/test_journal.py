from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from agnes.cache.store import Store
from agnes.errors import AgnesError
from agnes.git.refs import locate
from agnes.sync import journal
from agnes.sync.reconcile import reconcile
from tests.conftest import GitRepository, metric_yaml

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.sync.test_journal"])

NOTHING = {"sync": None, "fetch": None}


@pytest.fixture
def store(catalog) -> Store:
    made = Store(locate(catalog.path))
    made.folder.mkdir(parents=True)
    return made


def sync(catalog: GitRepository):
    return reconcile(locate(catalog.path))


def test_at_first_it_says_nothing_and_makes_nothing(catalog):
    store = Store(locate(catalog.path))

    assert journal.read(store) == NOTHING
    assert not store.folder.exists()


def test_what_went_wrong_is_kept_with_its_remedy(store):
    journal.note(store, "sync", AgnesError("it is broken", "mend it"))

    noted = journal.read(store)["sync"]
    assert (noted["error"], noted["hint"]) == ("it is broken", "mend it")
    assert noted["at"].endswith("+00:00")


def test_what_worked_takes_the_place_of_what_went_wrong(store):
    journal.note(store, "fetch", AgnesError("it is broken"), failures=3)
    journal.note(store, "fetch", None, failures=0)

    noted = journal.read(store)["fetch"]
    assert (noted["error"], noted["hint"], noted["failures"]) == (None, None, 0)


def test_a_sync_and_a_fetch_are_kept_beside_each_other(store):
    journal.note(store, "fetch", None)
    journal.note(store, "sync", AgnesError("it is broken"))

    noted = journal.read(store)
    assert (noted["fetch"]["error"], noted["sync"]["error"]) == (None, "it is broken")
    assert {file.name for file in store.folder.iterdir()} == {
        "journal.sync.json",
        "journal.fetch.json",
    }


def note_and_look(path: Path, what: str, other: str, count: int) -> list[str]:
    """Note one thing again and again; what was found of that and the other that should not be."""
    wrong = []
    store = Store(locate(path))
    for number in range(count):
        journal.note(store, what, None, n=number)
        found = journal.read(store)
        if found[what] is None or found[what]["n"] != number or found[other] is None:
            wrong.append(f"{number}: {found}")
    return wrong


def test_processes_that_note_a_sync_and_a_fetch_at_once_lose_neither(catalog, store):
    for what in ("sync", "fetch"):
        journal.note(store, what, None)

    with processes.Pool(2) as pool:
        work = [(catalog.path, "sync", "fetch", 500), (catalog.path, "fetch", "sync", 500)]
        assert pool.starmap(note_and_look, work, chunksize=1) == [[], []]


def test_threads_that_note_the_same_at_once_leave_a_whole_note(store):
    threads = [
        threading.Thread(target=journal.note, args=(store, "sync", None), kwargs={"n": "x" * size})
        for size in range(1, 5_000, 100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(journal.read(store)["sync"]["n"]) == {"x"}
    assert [file.name for file in store.folder.iterdir()] == ["journal.sync.json"]


def test_a_note_that_a_sync_takes_for_litter_is_made_again(store, monkeypatch):
    replace = Path.replace
    taken = []

    def after_a_collection(self, target):
        if not taken:
            taken.append(self)
            store.collect_all()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", after_a_collection)

    journal.note(store, "fetch", None, n=1)

    assert taken
    assert journal.read(store)["fetch"]["n"] == 1


def test_what_a_process_left_that_was_killed_while_it_noted_goes_with_the_next_sync(catalog, store):
    left = store.folder / ".journal.sync.json.1.1.tmp"
    left.write_text("{")

    sync(catalog)

    assert not left.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\0" * 100, b"\xff\xfe", b"null", b"[]", b"1", b'"x"', b'{"at": 3}'],
    ids=repr,
)
def test_a_damaged_journal_says_nothing_and_is_written_anew(catalog, store, content):
    path = sync(catalog).path
    (store.folder / "journal.sync.json").write_bytes(content)

    assert journal.read(store) == NOTHING
    assert journal.counts_of(store, path) is None
    journal.note(store, "sync", None)
    assert journal.read(store)["sync"]["error"] is None


def test_a_cache_folder_that_is_a_file_is_passed_over(catalog):
    catalog.write(".git/agnes", "a file")
    store = Store(locate(catalog.path))

    journal.note(store, "sync", None)

    assert journal.read(store) == NOTHING


def test_a_sync_that_fails_is_noted(catalog):
    sync(catalog)
    (catalog.path / "agnes.yml").unlink()
    catalog.commit()

    with pytest.raises(AgnesError) as caught:
        sync(catalog)

    noted = journal.read(Store(locate(catalog.path)))["sync"]
    assert (noted["error"], noted["hint"]) == (caught.value.message, caught.value.hint)


def test_how_much_a_snapshot_holds_is_known_without_opening_it(catalog):
    outcome = sync(catalog)

    assert journal.counts_of(Store(locate(catalog.path)), outcome.path) == outcome.counts


def test_of_a_snapshot_that_was_touched_nothing_is_known(catalog):
    path = sync(catalog).path
    os.utime(path, ns=(1, 1))

    assert journal.counts_of(Store(locate(catalog.path)), path) is None


def test_of_a_snapshot_that_is_gone_nothing_is_known(catalog):
    path = sync(catalog).path
    path.unlink()

    assert journal.counts_of(Store(locate(catalog.path)), path) is None


def test_a_sync_that_has_nothing_to_do_tells_the_findings_all_the_same(catalog):
    catalog.write("metrics/revenue/mrr.yml", "name: [")
    catalog.commit()
    outcome = sync(catalog)

    again = sync(catalog)

    assert not again.moved
    assert again.findings == outcome.findings != []
    assert again.counts == outcome.counts


def test_the_counts_are_those_of_the_last_sync(catalog):
    sync(catalog)
    catalog.write("metrics/revenue/new.yml", metric_yaml("new"))
    catalog.commit()
    path = sync(catalog).path

    assert journal.counts_of(Store(locate(catalog.path)), path)["metrics"] == 3
