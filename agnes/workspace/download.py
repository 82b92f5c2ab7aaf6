"""Downloading tables: four at a time, resumed where they broke off, and checked by their hash.

What has come of a file is in `<table_id>.<hash>.part` beside its place, so that whoever goes on
knows what it is a part of. Only a whole file of the right hash takes the place. That the disk has
it is not waited for, where `agnes.workspace.boot` can tell that it may not: it can come again.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from agnes.errors import AgnesError, ConflictError, UnauthorizedError, UnavailableError
from agnes.tables.atomic import sync_folder
from agnes.workspace.boot import boot
from agnes.workspace.part import Part, opened

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.client.download import Incoming
    from agnes.workspace.manifest import Table

PARALLEL = 4
_TRIES, _IN_VAIN = 20, 3
"""How often a file is asked for: in all, and one after the other without a byte more."""
_PART = ".part"


class Watch(Protocol):
    """Who is told how far it is. Called from several threads."""

    def begin(self, total: int) -> None:
        """So many bytes are to come."""

    def advance(self, count: int) -> None:
        """So many have come; fewer than nothing where they have to come again."""

    def done(self, table: Table, error: AgnesError | None) -> None:
        """A table is there, or will not be."""


class _Stopped(Exception):  # noqa: N818 - nothing is wrong
    """Nobody waits any more."""


class _DamagedError(UnavailableError):
    """What came is not what was announced."""


def fetch_tables(
    client: Client, tables: Sequence[Table], folder: Path, watch: Watch
) -> dict[str, AgnesError]:
    """Download tables to `<folder>/<table_id>.parquet`.

    Returns:
        what went wrong, by table. The others are there.

    Raises:
        UnauthorizedError: the token is not good any more; what has come is kept.
        UnavailableError: the disk has no room for them.
    """
    if not tables:
        return {}
    missing = {table.id: table.size - _size(part_of(folder, table)) for table in tables}
    _check_room(folder, sum(missing.values()))
    watch.begin(sum(table.size for table in tables))
    stop, failed = Event(), {}
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="download")
    largest_first = sorted(tables, key=lambda table: -table.size)
    running: Mapping[Future[None], Table] = {
        pool.submit(_fetch, client, table, folder, watch.advance, stop): table
        for table in largest_first
    }
    try:
        for future in as_completed(running):
            table = running[future]
            try:
                future.result()
            except UnauthorizedError:
                raise
            except AgnesError as error:
                failed[table.id] = error
            watch.done(table, failed.get(table.id))
    finally:
        # Who waits for a server that says nothing is not waited for.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return failed


def part_of(folder: Path, table: Table) -> Path:
    """Where the bytes of a table are that have come."""
    return folder / f"{table.id}.{table.hash}{_PART}"


def clear_parts(folder: Path, tables: Mapping[str, Table]) -> None:
    """Delete the parts of what is not to come any more."""
    wanted = {part_of(folder, table).name for table in tables.values()}
    for path in folder.glob(f"*{_PART}"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def hash_of(path: Path) -> str:
    """A file's SHA-256; empty if there is none."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _fetch(
    client: Client, table: Table, folder: Path, advance: Callable[[int], None], stop: Event
) -> None:
    """Download one table, in as many tries as it takes."""
    part = part_of(folder, table)
    in_vain = damaged = 0
    for _ in range(_TRIES):
        before = _size(part)
        try:
            with _writing(table.id):
                _go_on(client, table, part, advance, stop)
                part.replace(folder / f"{table.id}.parquet")
                if boot() is None:
                    sync_folder(folder)
        except _DamagedError as error:
            damaged += 1
            if damaged > 1:
                raise
            last: UnavailableError = error
        except UnavailableError as error:
            in_vain = 0 if _size(part) > before else in_vain + 1
            last = error
            if in_vain == _IN_VAIN:
                raise
        else:
            return
        stop.wait(0.2 * 2**in_vain)
    raise last


def _go_on(
    client: Client, table: Table, path: Path, advance: Callable[[int], None], stop: Event
) -> None:
    """Get what is missing of a part, and look at the whole."""
    with opened(path, advance) as part:
        if part.size > table.size:
            part.clear()
        if part.size < table.size or not part.size:
            _receive(client, table, part, stop)
        if part.size < table.size:
            raise UnavailableError(f"{table.id}: {part.size} of {table.size} bytes came")
        if part.size > table.size or part.hash != table.hash:
            part.clear()
            raise _DamagedError(
                f"{table.id}: what came is damaged, its hash is not the announced one",
                "if it stays so, the file at the server is damaged: tell its admin",
            )
        if not part.is_parquet():
            part.clear()
            raise AgnesError(f"{table.id}: what the server sends is no parquet file")
        part.finish()


def _receive(client: Client, table: Table, part: Part, stop: Event) -> None:
    """Ask for what is missing, and take no more than was announced."""
    asked = {}
    if part.size:
        asked = {"Range": f"bytes={part.size}-", "If-Range": f'"{table.hash}"'}
    with client.download(f"/api/data/{table.id}/download", asked) as incoming:
        if not _continues(incoming, table, part.size):
            part.clear()
        for chunk in incoming.chunks:
            if stop.is_set():
                raise _Stopped
            part.add(chunk)
            if part.size > table.size:
                return


def _continues(incoming: Incoming, table: Table, here: int) -> bool:
    """Whether what comes belongs behind what is there; otherwise it is the whole file.

    Raises:
        ConflictError: the table has other data by now.
        UnavailableError: the server answers something else.
    """
    etag = incoming.headers.get("ETag", "").removeprefix("W/").strip('"')
    if len(etag) == len(table.hash) and etag != table.hash:
        raise ConflictError(f"{table.id}: its data changed at the server meanwhile")
    if incoming.status == 200:
        return False
    expected = f"bytes {here}-"
    if incoming.status == 206 and incoming.headers.get("Content-Range", "").startswith(expected):
        return True
    raise _DamagedError(f"{table.id}: the server answers another part than it was asked for")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def _writing(name: str) -> Iterator[None]:
    """Say what cannot be written, for people."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise AgnesError(
            f"{name}: cannot be written: {error.strerror or error}",
            "free some space; what has come is kept" if full else "fix the folder's permissions",
        ) from error


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UnavailableError(
            f"the disk is too full: {size_text(needed)} are to come, {size_text(free)} are free",
            "free some space, or take another folder: --workspace DIR",
        )


def size_text(count: int) -> str:
    """A size for people."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
