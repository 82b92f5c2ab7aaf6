"""Downloads through a server that misbehaves."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from agnes.client import Client
from agnes.errors import AgnesError, UnavailableError
from agnes.workspace.download import fetch_tables, part_of
from agnes.workspace.manifest import Table
from agnes.workspace.setup import make_folders
from tests.tables.conftest import write_parquet
from tests.workspace.between import Reply
from tests.workspace.conftest import put

DA = Path(sys.executable).with_name("da")
ORDERS = "/api/data/orders/download"
SNAPSHOT = "/api/catalog/snapshot"
MANIFEST = "/api/sync/manifest"


class Silent:
    """Who is told how far it is, and only counts."""

    def __init__(self) -> None:
        self.total = self.count = 0
        self.tables: list[str] = []

    def begin(self, total: int) -> None:
        self.total += total

    def advance(self, count: int) -> None:
        self.count += count

    def done(self, table: Table, _error: AgnesError | None) -> None:
        self.tables.append(table.id)


@pytest.fixture
def orders(stocked) -> Table:
    content = stocked.instance.data.file("orders").read_bytes()
    return Table("orders", hashlib.sha256(content).hexdigest(), len(content), 5000)


@pytest.fixture
def client(stocked, middle):
    with Client(middle.url, stocked.token("ada@example.com")) as made:
        yield made


def cut(after: int):
    def spoil(reply: Reply) -> None:
        reply.cut = after

    return spoil


def flip(reply: Reply) -> None:
    reply.body = reply.body[:50] + bytes([reply.body[50] ^ 1]) + reply.body[51:]


def fine(reply: Reply) -> None:
    pass


def ids(manifest: Reply, **tables: dict) -> None:
    data = manifest.json
    data["tables"] |= tables
    manifest.json = data


def test_a_table_comes_and_what_has_come_is_told(client, orders, place):
    watch = Silent()
    make_folders(place)
    assert fetch_tables(client, [orders], place.parquet_dir, watch) == {}
    assert hashlib.sha256(place.parquet("orders").read_bytes()).hexdigest() == orders.hash
    assert (watch.total, watch.count, watch.tables) == (orders.size, orders.size, ["orders"])
    assert [path.name for path in place.parquet_dir.iterdir()] == ["orders.parquet"]


def test_a_download_that_breaks_off_goes_on_where_it_was(client, middle, orders, place):
    middle.spoil(ORDERS, cut(20_000), cut(10_000), fine)
    watch = Silent()
    make_folders(place)
    assert fetch_tables(client, [orders], place.parquet_dir, watch) == {}
    ranges = [headers.get("range") for headers in middle.asked_for(ORDERS)]
    assert ranges == [None, "bytes=20000-", "bytes=30000-"]
    assert middle.asked_for(ORDERS)[1]["if-range"] == f'"{orders.hash}"'
    assert watch.count == orders.size


def test_what_came_before_is_not_asked_for_again(client, middle, stocked, orders, place):
    make_folders(place)
    content = stocked.instance.data.file("orders").read_bytes()
    part_of(place.parquet_dir, orders).write_bytes(content[:1000])
    assert fetch_tables(client, [orders], place.parquet_dir, Silent()) == {}
    assert middle.asked_for(ORDERS)[0]["range"] == "bytes=1000-"

    part_of(place.parquet_dir, orders).write_bytes(content)
    middle.heal()
    assert fetch_tables(client, [orders], place.parquet_dir, Silent()) == {}
    assert middle.asked_for(ORDERS) == []


@pytest.mark.parametrize("length", [1000, 1_000_000])
def test_a_part_that_is_damaged_is_thrown_away(client, middle, orders, place, length):
    make_folders(place)
    part_of(place.parquet_dir, orders).write_bytes(b"x" * length)
    assert fetch_tables(client, [orders], place.parquet_dir, Silent()) == {}
    assert hashlib.sha256(place.parquet("orders").read_bytes()).hexdigest() == orders.hash


def test_what_stays_truncated_is_an_error_and_the_part_is_kept(client, middle, orders, place):
    middle.spoil(ORDERS, cut(20_000), cut(0))
    make_folders(place)
    failed = fetch_tables(client, [orders], place.parquet_dir, Silent())
    assert isinstance(failed["orders"], UnavailableError)
    assert part_of(place.parquet_dir, orders).stat().st_size == 20_000
    assert not place.parquet("orders").exists()


def test_what_stays_corrupted_is_refused(client, middle, orders, place):
    make_folders(place)
    place.parquet("orders").write_bytes(b"what was there before")
    middle.spoil(ORDERS, flip)
    failed = fetch_tables(client, [orders], place.parquet_dir, Silent())
    assert "damaged" in failed["orders"].message
    assert place.parquet("orders").read_bytes() == b"what was there before"


def test_what_is_corrupted_once_comes_again(client, middle, orders, place):
    make_folders(place)
    middle.spoil(ORDERS, flip, fine)
    assert fetch_tables(client, [orders], place.parquet_dir, Silent()) == {}


def test_more_than_was_announced_is_not_taken(client, middle, orders, place):
    def more(reply: Reply) -> None:
        reply.body += b"x" * 10_000_000

    make_folders(place)
    middle.spoil(ORDERS, more)
    failed = fetch_tables(client, [orders], place.parquet_dir, Silent())
    assert "damaged" in failed["orders"].message
    assert part_of(place.parquet_dir, orders).stat().st_size == 0


def test_a_part_from_elsewhere_is_not_put_behind_what_is_there(client, middle, orders, place):
    def elsewhere(reply: Reply) -> None:
        if reply.status == 206:
            reply.headers["content-range"] = "bytes 7-9/10"

    make_folders(place)
    part_of(place.parquet_dir, orders).write_bytes(b"x" * 100)
    middle.spoil(ORDERS, elsewhere)
    assert (
        "another part"
        in fetch_tables(client, [orders], place.parquet_dir, Silent())["orders"].message
    )


def test_a_disk_that_fills_up_is_named_and_what_came_is_kept(client, orders, place):
    make_folders(place)
    place.parquet("orders").write_bytes(b"before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        failed = fetch_tables(client, [orders], place.parquet_dir, Silent())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert os.strerror(errno.EFBIG) in failed["orders"].message
    assert place.parquet("orders").read_bytes() == b"before"
    assert part_of(place.parquet_dir, orders).stat().st_size == 10_000


def test_too_little_room_is_said_before_anything_comes(client, middle, orders, place):
    make_folders(place)
    huge = Table("orders", orders.hash, 1 << 60, 1)
    with pytest.raises(UnavailableError, match="the disk is too full"):
        fetch_tables(client, [huge], place.parquet_dir, Silent())
    assert middle.asked_for(ORDERS) == []


@pytest.fixture
def small_disk(place):
    """The folder of the data, on a disk of 200 kB."""
    make_folders(place)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place.parquet_dir)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield place.parquet_dir
    subprocess.run(["umount", "-l", str(place.parquet_dir)], check=True)


def test_a_real_full_disk(set_up, stocked, place, small_disk, da):
    put(stocked, "orders", rows=200_000)
    done = set_up()
    assert done.code == 1
    assert "too full" in done.err
    put(stocked, "orders", rows=10)
    done = set_up()
    assert done.code == 0, done.out + done.err


def test_a_table_that_fails_is_named_with_what_tries_it_again(da, set_up, middle, place):
    middle.spoil(ORDERS, flip)
    done = set_up()
    assert done.code == 1
    assert done.out.splitlines()[-1] == "Setup incomplete. 1 tables, 2 metrics, 3 rows."
    assert "again: da sync --table orders" in done.out
    middle.heal()
    done = da("sync", "--table", "orders")
    assert done.code == 0
    assert "Downloaded: 1" in done.out


def outside(folder: Path) -> set[str]:
    """What is in a folder, but for the workspace and the server's own."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {path for path in found if not path.startswith(("analysis", "data-", "repository"))}


@pytest.mark.parametrize(
    "name", ["../../etc/x", "..", "/etc/passwd", "a/b", "a\\b", ".hidden", "a\0b", "\x1b[31mred"]
)
def test_an_id_that_is_none_is_refused_and_nothing_is_written_outside(
    set_up, middle, place, tmp_path, name
):
    entry = {"hash": "0" * 64, "size_bytes": 10, "rows": 1, "updated": ""}
    middle.spoil(MANIFEST, lambda reply: ids(reply, **{name: entry}))
    before = outside(tmp_path)
    done = set_up()
    assert done.code == 1
    assert "that is no table's id" in done.out
    assert "\x1b" not in done.out + done.err
    assert outside(tmp_path) - before <= {
        "da",
        "da/config.yaml",
        "da/token.json",
        "da/sync_state.json",
    }
    assert {path.stem for path in place.parquet_dir.iterdir()} == {"orders", "in.c-crm.company"}


def test_a_hash_that_is_none_is_refused(set_up, middle, place):
    entry = {"hash": "../../x", "size_bytes": 10, "rows": 1}
    middle.spoil(MANIFEST, lambda reply: ids(reply, orders=entry))
    done = set_up()
    assert (done.code, "no SHA-256" in done.out) == (1, True)


def test_a_file_that_is_no_parquet_is_refused(set_up, middle, place):
    page = b"<html>Please sign in</html>"
    entry = {"hash": hashlib.sha256(page).hexdigest(), "size_bytes": len(page), "rows": 1}

    def send(reply: Reply) -> None:
        reply.status, reply.body, reply.headers = 200, page, {}

    middle.spoil(MANIFEST, lambda reply: ids(reply, orders=entry))
    middle.spoil(ORDERS, send)
    done = set_up()
    assert (done.code, "no parquet file" in done.out) == (1, True)
    assert not place.parquet("orders").exists()


@pytest.mark.parametrize("path", [ORDERS, MANIFEST, SNAPSHOT, "/api/health"])
def test_a_redirect_never_gets_the_token(set_up, middle, stocked, place, path):
    from tests.workspace.between import between

    with between(stocked.url) as evil:

        def away(reply: Reply) -> None:
            reply.status, reply.body = 302, b""
            reply.headers = {"Location": f"{evil.url}{path}"}

        middle.spoil(path, away)
        done = set_up()
        assert done.code == 1
        assert "sends us on to" in done.out + done.err
        assert evil.asked == []


@pytest.mark.parametrize("body", [b"[]", b'{"tables": []}', b"<html>", b"null", b'{"tables": 1}'])
def test_an_answer_that_is_no_manifest_is_an_error(set_up, middle, body):
    def spoil(reply: Reply) -> None:
        reply.body = body

    middle.spoil(MANIFEST, spoil)
    done = set_up()
    assert done.code == 1
    assert "Failed to fetch manifest" in done.err


def test_a_snapshot_that_is_none_is_refused_and_the_earlier_one_stays(da, set_up, middle, place):
    assert set_up().code == 0
    before = place.state()["commit"]

    def junk(reply: Reply) -> None:
        reply.status, reply.body = 200, b"no database"
        reply.headers["x-agnes-commit"] = "a" * 40

    def changed(reply: Reply) -> None:
        data = reply.json
        data["assets"]["catalog"]["hash"] = "other"
        reply.json = data

    middle.spoil(MANIFEST, changed)
    middle.spoil(SNAPSHOT, junk)
    done = da("sync")
    assert "no catalog" in done.out
    assert "again: da sync --docs-only" in done.out
    assert place.state()["commit"] == before
    assert [path.stem for path in place.duckdb_dir.glob("?" * 40 + ".duckdb")] == [before]


def test_a_snapshot_that_breaks_off_is_asked_for_again(set_up, middle):
    middle.spoil(SNAPSHOT, cut(1000), fine)
    assert set_up().code == 0
    assert len(middle.asked_for(SNAPSHOT)) == 2


def test_a_slow_server_is_waited_for(client, middle, orders, place):
    def slow(reply: Reply) -> None:
        reply.pause, reply.piece = 0.05, 8192

    make_folders(place)
    middle.spoil(ORDERS, slow)
    assert fetch_tables(client, [orders], place.parquet_dir, Silent()) == {}


def test_a_setup_that_is_interrupted_goes_on_where_it_was(stocked, middle, place, tmp_path):
    path = stocked.instance.data.file("orders")
    write_parquet(path, "SELECT range AS id, hash(range) AS h FROM range(400000)")
    size = path.stat().st_size

    def slow(reply: Reply) -> None:
        reply.pause = 0.05

    middle.spoil(ORDERS, slow)
    command = [str(DA), "analyst", "setup", "--server-url", middle.url, "--token"]
    command.append(stocked.token("ada@example.com"))
    process = subprocess.Popen(
        command, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not any(it.stat().st_size > 300_000 for it in place.parquet_dir.glob("orders.*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in err, err
    assert "the same command goes on" in err
    assert not place.parquet("orders").exists()
    [part] = place.parquet_dir.glob("orders.*.part")
    here = part.stat().st_size
    assert 0 < here < size

    middle.heal()
    done = subprocess.run(command, cwd=place.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "interrupted setup" in done.stdout
    assert middle.asked_for(ORDERS)[0]["range"] == f"bytes={here}-"
    assert place.parquet("orders").read_bytes() == path.read_bytes()


def test_a_token_that_ends_meanwhile_is_said_once(set_up, middle, place):
    def ended(reply: Reply) -> None:
        reply.status, reply.json = 401, {"detail": "Token expired"}

    middle.spoil(ORDERS, ended)
    done = set_up()
    assert done.code == 1
    assert "Token expired" in done.err
    assert "da auth login" in done.err


def test_the_client_gives_a_file_piece_by_piece(client, stocked):
    with client.download(ORDERS, {"Range": "bytes=0-9"}) as incoming:
        assert incoming.status == 206
        assert len(b"".join(incoming.chunks)) == 10
    whole = httpx.get(stocked.url + "/api/health").status_code
    assert whole == 200
