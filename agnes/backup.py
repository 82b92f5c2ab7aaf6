"""An instance as one file, and back: its catalog, its state, its data.

    catalog.bundle      the repository with all branches and tags
    state.jsonl         users, tokens, the audit log, from whichever database
    data/...            the data folder: parquet files, profiles, uploads, the key of tokens
    manifest.json       what the others are, with their hashes; the last, so that half a file
                        is told from a whole one

Snapshots of the catalog are not in it: they are made anew from git.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agnes import __version__
from agnes.auth.database import Database
from agnes.auth.dump import dump, load
from agnes.auth.secret import FILE as SECRET
from agnes.errors import AgnesError, ConflictError, InvalidError, UsageError
from agnes.git.bundle import branch_name, remote_url, unbundle, write_bundle
from agnes.git.refs import Location

FORMAT = 1
_MANIFEST, _BUNDLE, _STATE, _DATA = "manifest.json", "catalog.bundle", "state.jsonl", "data"
_KEPT = (".gitignore", SECRET)
"""Files of the data folder that are kept although their names begin with a dot."""
_REPLACED = ("parquet", "profiles", "state", "uploads")
"""Folders whose files are ours: they are never written to, only replaced."""
_DATABASE = "agnes.sqlite"


@dataclass(frozen=True)
class Restored:
    """What was restored, and where.

    Args:
        catalog: the catalog's folder.
        users: how many there are.
        files: how many are in the data folder.
        created_at: when the backup was made, ISO 8601 in UTC.
    """

    catalog: Path
    users: int
    files: int
    created_at: str


def back_up(location: Location, data_dir: Path, state_url: str, file: Path) -> int:
    """Write an instance into a file, while it runs.

    Args:
        location: of the catalog.
        state_url: where the state database is.
        file: must not be there; nobody but its owner may read it, for secrets are in it.

    Returns:
        How many bytes it has.

    Raises:
        ConflictError: there is such a file.
        GitError: the repository cannot be read.
        UnavailableError: the state database does not answer.
    """
    if file.exists():
        raise ConflictError(f"{file} is there already", "name another file")
    with _told(file), TemporaryDirectory(prefix=".backup-", dir=data_dir) as folder:
        root = Path(folder)
        _gather(location, data_dir, state_url, root)
        entries = sorted(path for path in root.rglob("*") if path.is_file())
        manifest = {
            "format": FORMAT,
            "agnes": __version__,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "catalog": {
                "folder": location.folder,
                "branch": branch_name(location),
                "remote": remote_url(location),
                "bare": location.worktree is None,
            },
            "files": {path.relative_to(root).as_posix(): _hash(path) for path in entries},
        }
        written = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        try:
            _pack(written, root, entries, json.dumps(manifest, indent=2).encode())
            written.replace(file)
        finally:
            written.unlink(missing_ok=True)
    return file.stat().st_size


def restore(
    file: Path, folder: Path, data_dir: Path | None = None, state_url: str | None = None
) -> Restored:
    """Make an instance of a backup, in places where there is nothing yet.

    Args:
        folder: for the repository of the catalog.
        data_dir: None for `data` in the catalog.
        state_url: of an empty state database; None for one in the data folder.

    Raises:
        ConflictError: there is something in one of the places.
        InvalidError: the file is no whole backup, or of a version that cannot be read.
    """
    for place in filter(None, (folder, data_dir)):
        if place.exists() and any(place.iterdir()):
            raise ConflictError(f"{place} is not empty; nothing was restored", "name another one")
    beside = (data_dir or folder).absolute().parent
    beside.mkdir(parents=True, exist_ok=True)
    with _told(file), TemporaryDirectory(prefix=".restore-", dir=beside) as temporary:
        root = Path(temporary)
        manifest = _unpack(file, root)
        was = manifest["catalog"]
        catalog = folder / was["folder"]
        inside = folder / "agnes" if was["bare"] else catalog
        users = _put_data(root, data_dir or inside / "data", state_url)
        unbundle(root / _BUNDLE, folder, was["branch"], was["remote"], bare=was["bare"])
    files = sum(name.startswith(f"{_DATA}/") for name in manifest["files"])
    return Restored(catalog, users, files, manifest["created_at"])


def _put_data(root: Path, data_dir: Path, state_url: str | None) -> int:
    """Put the data and the state in their places; return how many users there are."""
    kept = root / _DATA
    kept.mkdir(exist_ok=True)
    if data_dir.exists():
        data_dir.rmdir()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(kept, data_dir)
    state = data_dir / "state"
    state.mkdir(exist_ok=True)
    state.chmod(0o700)
    database = Database(state_url or f"sqlite:///{state / _DATABASE}")
    try:
        with (root / _STATE).open(encoding="utf-8") as lines:
            return load(database, lines)
    finally:
        database.close()


def _gather(location: Location, data_dir: Path, state_url: str, root: Path) -> None:
    """Put everything into one folder, each file as it is at one moment."""
    write_bundle(location, root / _BUNDLE)
    database = Database(state_url)
    try:
        with (root / _STATE).open("w", encoding="utf-8") as lines:
            lines.writelines(f"{line}\n" for line in dump(database))
    finally:
        database.close()
    for path in _data_files(data_dir):
        kept = root / _DATA / path.relative_to(data_dir)
        kept.parent.mkdir(parents=True, exist_ok=True)
        _keep(path, kept, replaced=kept.relative_to(root / _DATA).parts[0] in _REPLACED)


def _data_files(data_dir: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(data_dir):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            is_database = name.startswith(_DATABASE) and path.parent == data_dir / "state"
            is_hidden = name.startswith(".") and name not in _KEPT
            if not (is_database or is_hidden or name.endswith(".lock") or path.is_symlink()):
                yield path


def _keep(path: Path, kept: Path, *, replaced: bool) -> None:
    """Keep a file as it is now: by a link, if it is replaced rather than written to."""
    with suppress(FileNotFoundError):  # it went, meanwhile
        if replaced:
            with suppress(OSError):  # no links on this disk
                os.link(path, kept)
                return
        shutil.copy2(path, kept)


def _pack(written: Path, root: Path, entries: list[Path], manifest: bytes) -> None:
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w", dereference=True) as archive:
            for path in entries:
                archive.add(path, path.relative_to(root).as_posix(), filter=_anonymous)
            last = tarfile.TarInfo(_MANIFEST)
            last.size, last.mode = len(manifest), 0o600
            archive.addfile(last, io.BytesIO(manifest))
        stream.flush()
        os.fsync(stream.fileno())


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _unpack(file: Path, root: Path) -> dict[str, Any]:
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    try:
        with tarfile.open(file, "r:") as archive:
            archive.extractall(root, filter="data")
        manifest: dict[str, Any] = json.loads((root / _MANIFEST).read_bytes())
        version, files = manifest["format"], manifest["files"]
    except (tarfile.TarError, EOFError, ValueError, KeyError, FileNotFoundError) as error:
        raise InvalidError(f"{file} is no whole backup: {error}", ()) from None
    if version != FORMAT:
        raise InvalidError(f"{file} is a backup of format {version}", (), "use a newer Agnes")
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    if there - {_MANIFEST} != files.keys():
        raise InvalidError(f"{file} does not hold the files that it should", ())
    for name, expected in files.items():
        if _hash(root / name) != expected:
            raise InvalidError(f"{file} is damaged: {name} is not what was backed up", ())
    return manifest


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """A full disk and the like as one of our errors."""
    try:
        yield
    except OSError as error:
        raise AgnesError(f"{error.filename or file}: {error.strerror}") from error
