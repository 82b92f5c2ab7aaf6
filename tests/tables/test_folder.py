"""The data folder: files and a manifest that always agree."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agnes.errors import NotFoundError, UnavailableError
from agnes.tables.folder import DataFolder
from tests.tables.conftest import read_parquet, write_parquet


def put(folder, table_id="orders", sql="SELECT 1 AS id"):
    with folder.incoming() as incoming:
        file = write_parquet(incoming / "data.parquet", sql)
        return folder.put(table_id, file, 1)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_put_is_there_with_its_hash_rows_and_size(folder):
    entry = put(folder)
    path = folder.path / "parquet/orders.parquet"
    assert read_parquet(path) == [(1,)]
    assert (entry.hash, entry.rows, entry.size_bytes) == (sha256(path), 1, path.stat().st_size)
    assert folder.entries() == {"orders": entry}
    assert entry.updated.endswith("Z")


def test_an_id_may_hold_dots_and_dashes(folder):
    put(folder, "in.c-crm.company")
    assert (folder.path / "parquet/in.c-crm.company.parquet").is_file()
    assert list(folder.entries()) == ["in.c-crm.company"]


@pytest.mark.parametrize(
    "table_id",
    ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\0b", "a\n", ".hidden", "-x", "a" * 129, "ä"],
)
def test_an_id_that_no_table_can_have_never_leads_to_a_file(folder, table_id):
    for use in (folder.file, folder.open, folder.remove):
        with pytest.raises(NotFoundError):
            use(table_id)
    assert folder.entry(table_id) is None


def test_the_same_data_again_leaves_the_file_alone(folder):
    put(folder)
    path = folder.file("orders")
    before = path.stat().st_ino
    put(folder)
    assert path.stat().st_ino == before
    put(folder, sql="SELECT 2 AS id")
    assert path.stat().st_ino != before


def test_the_same_data_takes_the_place_of_what_was_put_there_by_hand(folder):
    entry = put(folder)
    write_parquet(folder.file("orders"), "SELECT 7 AS id")
    assert put(folder).hash == entry.hash == sha256(folder.file("orders"))


def test_a_file_that_was_put_there_by_hand_is_found(folder):
    write_parquet(folder.path / "parquet/orders.parquet", "SELECT unnest([1, 2, 3])")
    entry = folder.entries()["orders"]
    assert entry.rows == 3
    assert entry.hash == sha256(folder.file("orders"))
    assert json.loads((folder.parquet / "manifest.json").read_bytes())["tables"]["orders"]


def test_a_file_that_was_replaced_by_hand_is_seen(folder):
    put(folder)
    write_parquet(folder.file("orders"), "SELECT unnest([1, 2])")
    assert folder.entries()["orders"].rows == 2
    assert folder.entries()["orders"].hash == sha256(folder.file("orders"))


def test_a_file_that_is_no_parquet_is_not_there(folder):
    folder.parquet.mkdir(parents=True)
    folder.file("orders").write_text("id,name")
    assert folder.entries() == {}


def test_a_link_is_not_followed(folder, tmp_path):
    write_parquet(tmp_path / "secret.parquet")
    folder.parquet.mkdir(parents=True)
    folder.file("orders").symlink_to(tmp_path / "secret.parquet")
    assert folder.entries() == {}
    with pytest.raises(NotFoundError):
        folder.open("orders")


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"tables": {"orders": 1}}', None])
def test_a_manifest_that_is_damaged_or_gone_is_made_again(folder, damage):
    entry = put(folder)
    manifest = folder.parquet / "manifest.json"
    manifest.unlink() if damage is None else manifest.write_bytes(damage)
    assert folder.entries()["orders"].hash == entry.hash
    assert folder.entries()["orders"].rows == 1


def test_a_removed_table_is_gone(folder):
    put(folder)
    folder.remove("orders")
    folder.remove("orders")
    assert folder.entries() == {}


def test_an_open_file_stays_what_it_is_while_it_is_replaced(folder):
    entry = put(folder)
    file, opened = folder.open("orders")
    with file:
        put(folder, sql="SELECT 2 AS id")
        assert opened.hash == entry.hash == hashlib.sha256(file.read()).hexdigest()


def test_readers_never_see_a_file_that_does_not_fit_its_hash(folder):
    put(folder)
    stop = threading.Event()
    wrong = []

    def read():
        while not stop.is_set():
            file, entry = folder.open("orders")
            with file:
                if hashlib.sha256(file.read()).hexdigest() != entry.hash:
                    wrong.append(entry)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(30):
        put(folder, sql=f"SELECT {number} AS id")
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def _put_many(path, name):
    folder = DataFolder(path)
    for number in range(8):
        put(folder, f"{name}_{number}", f"SELECT {number} AS id")


def test_two_processes_lose_nothing_of_the_manifest(folder):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_put_many, args=(folder.path, name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    said = json.loads((folder.parquet / "manifest.json").read_bytes())["tables"]
    assert len(said) == 16


_WRITER = """
import sys
from pathlib import Path
from agnes.tables.folder import DataFolder
sys.path.insert(0, sys.argv[2])
from tests.tables.test_folder import put
folder = DataFolder(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    put(folder, "orders", f"SELECT {number} AS id")
    print(number, flush=True)
"""


@pytest.mark.parametrize("milliseconds", [3, 17, 41, 83])
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(folder, milliseconds):
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder.path), str(Path.cwd())],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(3)]
    time.sleep(milliseconds / 1000)
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.read().splitlines()
    writer.wait()
    writer.stdout.close()
    acknowledged = int([line for line in said if line.strip()][-1])
    folder.clear_litter()
    entry = folder.entries()["orders"]
    ((found,),) = read_parquet(folder.file("orders"))
    assert found in (acknowledged, acknowledged + 1)
    assert entry.hash == sha256(folder.file("orders"))
    assert sorted(path.name for path in folder.parquet.iterdir() if path.name != ".lock") == [
        "manifest.json",
        "orders.parquet",
    ]
    put(folder, sql="SELECT -1 AS id")
    assert read_parquet(folder.file("orders")) == [(-1,)]


def test_a_folder_that_refuses_writes_keeps_what_it_has(folder, monkeypatch):
    entry = put(folder)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agnes.tables.folder.sync_file", full)
    with pytest.raises(UnavailableError, match="No space left on device"):
        put(folder, sql="SELECT 2 AS id")
    assert folder.entries() == {"orders": entry}


@pytest.fixture
def small(tmp_path):
    """A file system of one megabyte."""
    path = tmp_path / "small"
    path.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if (
        shutil.which("mount") is None
        or subprocess.run(options, check=False, capture_output=True).returncode
    ):
        pytest.skip("mounting needs privileges")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_keeps_what_is_there_and_says_so(small, tmp_path):
    from agnes.tables.convert import convert

    folder = DataFolder(small)
    entry = put(folder)
    source = tmp_path / "big.csv"
    source.write_text("id\n" + "\n".join(os.urandom(16).hex() for _ in range(200_000)))
    with folder.incoming() as incoming, pytest.raises(UnavailableError, match="No space left"):
        convert([source], "csv", incoming / "data.parquet", {})
    assert folder.entries() == {"orders": entry}
    assert put(folder, sql="SELECT 3 AS id").rows == 1
