"""The cache folder of a catalog: its snapshots, which of them is in force, one writer at a time.

    <common git dir>/agnes/v<FORMAT>/<catalog>/
        <commit>.duckdb      one immutable snapshot per revision
        CURRENT              "<commit>.duckdb <ref> <HEAD's commit>": the one in force
        CURRENT.<worktree>   the same for a linked worktree
        lock

A new format has a new folder, so that two versions of Agnes never read each other's files.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote

from agnes.cache.inuse import in_use
from agnes.errors import CacheError, CacheWriteError
from agnes.git.refs import Location

FORMAT = 3
KEEP = 5
"""Snapshots that are kept besides those in force; readers may still be about to open one."""
LOCK_SECONDS = 600.0
SUFFIX = ".duckdb"


@dataclass(frozen=True)
class Current:
    """The snapshot in force.

    Args:
        path: its file.
        ref: what it follows: `HEAD`, or a branch's full name.
        head: where HEAD was when that was decided; the agnes.yml there names the branch.
    """

    path: Path
    ref: str
    head: str

    @property
    def commit(self) -> str:
        """The commit that it materializes."""
        return self.path.stem


class Store:
    """The snapshots of one catalog."""

    def __init__(self, location: Location) -> None:
        name = f"folder-{quote(location.folder, safe='')}" if location.folder else "root"
        self.common_dir = location.common_dir
        self.folder = location.common_dir / "agnes" / f"v{FORMAT}" / name
        worktree = location.worktree_name
        self.pointer = self.folder / (f"CURRENT.{worktree}" if worktree else "CURRENT")

    def path(self, revision: str) -> Path:
        """Where the snapshot of a commit (or of a preview's tree) is or would be."""
        return self.folder / f"{revision}{SUFFIX}"

    def current(self) -> Current | None:
        """The snapshot in force, if there is one."""
        with contextlib.suppress(OSError):
            return _read_pointer(self.pointer)
        return None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer of this cache; the lock of a process that died is free.

        Raises:
            CacheError: the folder cannot be written, or another writer takes minutes.
        """
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock", timeout=LOCK_SECONDS)
            lock.acquire()
        except Timeout:
            raise CacheError(
                f"another process is writing the cache {self.folder}", "wait for it, or stop it"
            ) from None
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            yield
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            lock.release()

    @contextlib.contextmanager
    def new_snapshot(self, revision: str) -> Iterator[Path]:
        """A temporary file to build a snapshot in; it gets its name when the block ends well."""
        # A name of its own: an earlier try's file may just be being deleted.
        temporary = self.folder / f".{revision}.{os.getpid()}.{time.monotonic_ns()}.tmp"
        try:
            yield temporary
            temporary.replace(self.path(revision))
            self._sync_folder()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            with contextlib.suppress(OSError):  # the next sync clears it away
                _remove(temporary)

    def point_to(self, revision: str, ref: str, head: str | None = None) -> Current:
        """Put a snapshot in force.

        Args:
            head: HEAD's commit; by default `revision`.
        """
        head = head or revision
        temporary = self.pointer.with_name(f".{self.pointer.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                file.write(f"{revision}{SUFFIX} {ref} {head}\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.pointer)
            self._sync_folder()
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return Current(self.path(revision), ref, head)

    def doubt(self) -> None:
        """Let the next sync decide anew which ref is followed."""
        with self.lock():
            current = self.current()
            if current is not None:
                self.point_to(current.commit, current.ref, "0" * 40)

    def older_format(self) -> str | None:
        """The folder of this catalog's cache in an older format, if there is one: `v1`."""
        folders = self.folder.parent.parent.glob(f"v*/{self.folder.name}")
        others = [folder.parent.name for folder in folders if folder != self.folder]
        return max(others, default=None)

    def snapshots(self) -> list[Path]:
        """All snapshots, the most recently used first."""
        found = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found, reverse=True)]

    @contextlib.contextmanager
    def collecting(self, spared: Path | None = None) -> Iterator[None]:
        """Delete old snapshots, and what killed writers left, while the block runs.

        Call it under the lock. It goes on beside, since deleting large files takes its time.

        Args:
            spared: a snapshot that is kept though it is old, as those are that a process has open.
        """
        litter = self._litter()
        thread = Thread(target=self._collect, args=(KEEP, spared, litter))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def collect_all(self) -> None:
        """Delete every snapshot but those in force; call it under the lock."""
        self._collect(0, None, self._litter())

    def _litter(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [*self.folder.glob(".*.tmp"), *self.folder.glob(".*.tmp.wal")]
        return []

    def _collect(self, keep: int, spared: Path | None, litter: list[Path]) -> None:
        """What cannot be deleted now is left for the next time."""
        with contextlib.suppress(OSError):
            pointers = [_read_pointer(path) for path in self.folder.glob("CURRENT*")]
            kept = {current.path for current in pointers if current} | {spared}
            old = [path for path in self.snapshots() if path not in kept][keep:]
            for path in [*(set(old) - in_use(old)), *litter]:
                _remove(path)

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read_pointer(path: Path) -> Current | None:
    try:
        name, ref, head = path.read_text(encoding="utf-8").split()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    snapshot = path.parent / name
    valid = name.endswith(SUFFIX) and "/" not in name and snapshot.is_file()
    return Current(snapshot, ref, head) if valid else None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def unwritable(folder: Path, error: Exception) -> CacheWriteError:
    """The error for a cache folder that refuses a write."""
    reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
    return CacheWriteError(
        f"cannot write the cache {folder}: {reason}",
        "free some space or fix its permissions; the snapshot in force, if any, can still be read",
    )
