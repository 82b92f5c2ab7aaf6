"""Checkouts: worktrees that follow a commit on their branch, and what they hold uncommitted."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pygit2
from pygit2.enums import FileMode

from agnes.errors import ConflictError, GitError
from agnes.git.objects import open_repository
from agnes.git.refs import Location

LOCK_WAIT_SECONDS = 2.0
STATUS_ATTEMPTS = 5


class Version(NamedTuple):
    """A file as a commit has it."""

    blob: pygit2.Oid
    content: bytes


def checkouts(location: Location, branch: str) -> Iterable[pygit2.Repository]:
    """The worktrees, the main one and the linked ones, that have `branch` checked out."""
    paths = [location.common_dir, *(location.common_dir / "worktrees").glob("*")]
    for path in paths:
        try:
            candidate = pygit2.Repository(str(path))
        except pygit2.GitError:
            continue  # a linked worktree whose folder was deleted
        if candidate.is_bare or not Path(candidate.workdir).is_dir():
            continue
        # Read from the file: to the library the HEAD of an unborn branch is no reference.
        if (path / "HEAD").read_text(encoding="utf-8").strip() == f"ref: {branch}":
            yield candidate


def await_index(checkout: pygit2.Repository) -> None:
    """Wait until git is done with the index, so that the checkout can follow the commit."""
    lock = Path(checkout.path) / "index.lock"
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while lock.exists():
        if time.monotonic() > deadline:
            raise ConflictError(
                f"another git command is at work in {checkout.workdir}",
                f"wait for it; if there is none, delete {lock}",
            )
        time.sleep(0.05)


def check_clean(checkout: pygit2.Repository, files: Mapping[str, bytes | None]) -> None:
    """Insist that files may be written: no uncommitted change, no link, no folder in the way.

    Args:
        files: path in the repository to new content, None for a file that goes.

    Raises:
        ConflictError: a file has an uncommitted change, other than to the new content.
    """
    assert checkout.workdir is not None
    root = Path(checkout.workdir)
    for path, content in files.items():
        on_disk = root / path
        if (parent := _in_the_way(root, path)) is not None:
            raise ConflictError(f"{parent} is no folder", "put a folder in its place")
        clean = not on_disk.is_dir() and _is_clean(checkout, path)
        if not clean and not _is_already(on_disk, content):
            raise ConflictError(
                f"{path} has uncommitted changes",
                f"commit them or put them aside: git stash push -- {path}",
            )


def _in_the_way(root: Path, path: str) -> Path | None:
    """What is no folder, or leads elsewhere, on the way to a file."""
    for parent in map(root.joinpath, Path(path).parents):
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            return parent
    return None


def _is_clean(checkout: pygit2.Repository, path: str) -> bool:
    """Whether neither the index nor the file differs from HEAD."""
    for _ in range(STATUS_ATTEMPTS):
        try:
            return not checkout.status_file(path)
        except KeyError:
            return True  # nowhere there
        except pygit2.AmbiguousError:
            return False  # a folder in its place
        except OSError:
            time.sleep(0.02)  # another process is just replacing the file
    return False


def _is_already(on_disk: Path, content: bytes | None) -> bool:
    if content is None:
        return not os.path.lexists(on_disk)
    return on_disk.is_file() and not on_disk.is_symlink() and on_disk.read_bytes() == content


def bring_along(
    checkout: pygit2.Repository,
    files: Mapping[str, bytes | None],
    blobs: Mapping[str, pygit2.Oid | None],
) -> None:
    """Write files and their index entries as a new commit has them; leave all others alone."""
    assert checkout.workdir is not None
    root = Path(checkout.workdir)
    checkout.index.read()
    for path, content in files.items():
        blob = blobs[path]
        if content is None or blob is None:
            (root / path).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                checkout.index.remove(path)
            _prune((root / path).parent, root)
        else:
            if not _is_already(root / path, content):
                _write_atomically(root / path, content)
            mode = checkout.index[path].mode if path in checkout.index else None
            checkout.index.add(pygit2.IndexEntry(path, blob, file_mode(mode)))
    checkout.index.write()


def bring_rest_along(
    checkout: pygit2.Repository, versions: Mapping[str, tuple[Version | None, Version | None]]
) -> None:
    """Finish what a killed commit began: files that are still as they were before become new.

    Args:
        versions: path in the repository to the file before and after; None for no file.
    """
    assert checkout.workdir is not None
    root = Path(checkout.workdir)
    checkout.index.read()
    for file in map(root.joinpath, versions):
        for litter in file.parent.glob(f".{glob.escape(file.name)}.*.tmp"):
            litter.unlink(missing_ok=True)
    files: dict[str, bytes | None] = {}
    blobs: dict[str, pygit2.Oid | None] = {}
    for path, sides in versions.items():
        known = [side or (None, None) for side in sides]
        on_disk = any(_is_already(root / path, content) for _, content in known)
        staged = checkout.index[path].id if path in checkout.index else None
        followed = on_disk and staged in [blob for blob, _ in known]
        if followed and _in_the_way(root, path) is None:
            blobs[path], files[path] = known[1]
    if files:
        bring_along(checkout, files, blobs)


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        if path.is_file():
            temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _prune(folder: Path, root: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def file_mode(existing: int | None) -> FileMode:
    """The mode of a file's new version: executable if the old one was."""
    return FileMode.BLOB_EXECUTABLE if existing == FileMode.BLOB_EXECUTABLE else FileMode.BLOB


def worktree_tree(location: Location) -> str:
    """Write the working tree, untracked files included, as a tree object and return its id.

    The index on disk stays as it is; files that git ignores are left out.
    """
    repository = open_repository(location)
    if repository.workdir is None:
        raise GitError(f"{location.path} is a bare repository; it has no working tree")
    root = Path(repository.workdir)
    index = repository.index
    index.read()
    try:
        for path in [entry.path for entry in index if not os.path.lexists(root / entry.path)]:
            index.remove(path)
        literal = re.sub(r"([*?\[\]\\])", r"\\\1", location.folder)
        index.add_all([f"{literal}/*" if literal else "*"])
        return str(index.write_tree())
    except (pygit2.GitError, OSError) as error:
        raise GitError(f"cannot read the working tree: {error}") from error
