"""Writing a repository: commits on a branch by compare-and-swap, the checkout brought along."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from agnes.config import Author, author, author_from_environment
from agnes.errors import ConflictError, GitError
from agnes.git.refs import Location
from agnes.git.repository import missing_object, open_repository

ATTEMPTS = 20
LOCK_WAIT_SECONDS = 2.0

pygit2.settings.enable_fsync_gitdir(True)


@dataclass(frozen=True)
class Edit:
    """A change of files, made from what was read at one commit.

    Args:
        base: the commit that the new content was made from; None for a branch's first commit.
        files: path in the catalog to its new content, None to delete it.
        message: the commit message, trailers included.
    """

    base: str | None
    files: Mapping[str, bytes | None]
    message: str


def init_repository(path: Path, branch: str = "main") -> None:
    """Make an empty repository whose HEAD names `branch`."""
    pygit2.init_repository(str(path), initial_head=branch)


def commit(location: Location, branch: str, edit: Edit, author: Author) -> str:
    """Commit an edit on a branch.

    The commit's parent is the tip that was read, and git refuses it when the tip has moved; then
    it is tried again on the new tip, as long as the edited files are there what they were at
    `edit.base`. Checkouts of the branch follow: only the edited files and their index entries are
    touched, and never over an uncommitted change.

    Args:
        location: the catalog; `edit.files` are relative to its folder.
        branch: full name, `refs/heads/main`.

    Returns:
        The new commit's id, in hex.

    Raises:
        ConflictError: an edited file has uncommitted changes, or another commit changed it.
        GitError: git refused: a lock, a full disk, a read-only repository.
    """
    prefix = f"{location.folder}/" if location.folder else ""
    files = {f"{prefix}{path}": content for path, content in edit.files.items()}
    repository = open_repository(location)
    checkouts = list(_checkouts(location, branch))
    for checkout in checkouts:
        _await_index(checkout)
        _check_clean(checkout, files)
    try:
        blobs = {
            path: None if content is None else repository.create_blob(content)
            for path, content in files.items()
        }
        new = _commit_on_tip(repository, branch, edit, blobs, author)
    except KeyError as error:
        raise missing_object(str(error.args[0]), "the branch") from error
    except (pygit2.GitError, OSError) as error:
        raise _refused(location, branch, error) from error
    for checkout in checkouts:
        _bring_along(checkout, files, blobs)
    return str(new)


def _commit_on_tip(
    repository: pygit2.Repository,
    branch: str,
    edit: Edit,
    blobs: Mapping[str, pygit2.Oid | None],
    author: Author,
) -> pygit2.Oid:
    for attempt in range(ATTEMPTS):
        tip = _tip(repository, branch)
        _check_unmoved(repository, edit.base, tip, blobs)
        tree = repository[tip].peel(pygit2.Tree).id if tip else None
        new_tree = _update_tree(
            repository, tree, {tuple(p.split("/")): b for p, b in blobs.items()}
        )
        signature = pygit2.Signature(author.name, author.email, author.time, author.offset)
        committer = pygit2.Signature(
            author.name, author.email, author.commit_time, author.commit_offset
        )
        try:
            return repository.create_commit(
                branch, signature, committer, edit.message, new_tree, [tip] if tip else []
            )
        except pygit2.GitError:
            if attempt == ATTEMPTS - 1:
                raise
            # Somebody else was faster, or holds the ref's lock for a moment.
            time.sleep(0.01 * (attempt + 1))
    raise AssertionError("unreachable")


def _tip(repository: pygit2.Repository, branch: str) -> pygit2.Oid | None:
    reference = repository.references.get(branch)
    return None if reference is None else reference.peel(pygit2.Commit).id


def _check_unmoved(
    repository: pygit2.Repository,
    base: str | None,
    tip: pygit2.Oid | None,
    paths: Iterable[str],
) -> None:
    """Whether the files are at the tip what they were at the commit that the edit was made from."""
    if (base or "") == str(tip or ""):
        return
    if tip is None or base is None:
        raise ConflictError("the branch came or went while the change was made", "try again")
    old, new = (repository[commit].peel(pygit2.Tree) for commit in (base, tip))
    for path in paths:
        if _blob_id(old, path) != _blob_id(new, path):
            raise ConflictError(
                f"{path} was changed by the newer commit {str(tip)[:10]}",
                "look at that change, then make yours again",
            )


def _blob_id(tree: pygit2.Tree, path: str) -> pygit2.Oid | None:
    try:
        return tree[path].id
    except KeyError:
        return None


def _update_tree(
    repository: pygit2.Repository,
    tree: pygit2.Oid | None,
    blobs: Mapping[tuple[str, ...], pygit2.Oid | None],
) -> pygit2.Oid:
    """Write a tree like `tree` with other blobs in it; folders come and go with their files."""
    base = repository[tree] if tree is not None else None
    assert base is None or isinstance(base, pygit2.Tree)
    builder = repository.TreeBuilder(base) if base is not None else repository.TreeBuilder()
    folders: dict[str, dict[tuple[str, ...], pygit2.Oid | None]] = {}
    for (name, *rest), blob in blobs.items():
        if rest:
            folders.setdefault(name, {})[tuple(rest)] = blob
        elif blob is not None:
            builder.insert(name, blob, _file_mode(builder.get(name)))
        elif builder.get(name) is not None:
            builder.remove(name)
    for name, inner in folders.items():
        existing = builder.get(name)
        below = existing.id if isinstance(existing, pygit2.Tree) else None
        subtree = _update_tree(repository, below, inner)
        written = repository[subtree]
        assert isinstance(written, pygit2.Tree)
        if len(written):
            builder.insert(name, subtree, FileMode.TREE)
        elif existing is not None:
            builder.remove(name)
    return builder.write()


def _file_mode(existing: pygit2.Object | None) -> FileMode:
    """The mode of a file's new version: executable if the old one was."""
    if existing is not None and existing.filemode == FileMode.BLOB_EXECUTABLE:
        return FileMode.BLOB_EXECUTABLE
    return FileMode.BLOB


def _checkouts(location: Location, branch: str) -> Iterable[pygit2.Repository]:
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


def _await_index(checkout: pygit2.Repository) -> None:
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


def _check_clean(checkout: pygit2.Repository, files: Mapping[str, bytes | None]) -> None:
    assert checkout.workdir is not None
    root = Path(checkout.workdir)
    for path, content in files.items():
        on_disk = root / path
        for parent in map(root.joinpath, on_disk.relative_to(root).parents):
            if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
                raise ConflictError(f"{parent} is no folder", "put a folder in its place")
        try:
            clean = not checkout.status_file(path) and not on_disk.is_dir()
        except KeyError:
            clean = not on_disk.is_dir()
        except pygit2.AmbiguousError:  # a folder in the place of the file
            clean = False
        if not clean and not _is_already(on_disk, content):
            raise ConflictError(
                f"{path} has uncommitted changes",
                f"commit them or put them aside: git stash push -- {path}",
            )


def _is_already(on_disk: Path, content: bytes | None) -> bool:
    if content is None:
        return not on_disk.exists()
    return on_disk.is_file() and not on_disk.is_symlink() and on_disk.read_bytes() == content


def _bring_along(
    checkout: pygit2.Repository,
    files: Mapping[str, bytes | None],
    blobs: Mapping[str, pygit2.Oid | None],
) -> None:
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
            known = path in checkout.index
            mode = checkout.index[path].mode if known else FileMode.BLOB
            checkout.index.add(pygit2.IndexEntry(path, blob, mode))
    checkout.index.write()


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


def _refused(location: Location, branch: str, error: Exception) -> GitError:
    lock = location.common_dir / f"{branch}.lock"
    hint = f"another process is writing {branch}; if there is none, delete {lock}"
    return GitError(
        f"git refused the commit: {error}",
        hint if lock.exists() else "check the disk's space and the repository's permissions",
    )


def identity(location: Location) -> Author:
    """Who commits: `AGNES_AUTHOR`, else git's own settings, at the current time.

    Raises:
        GitError: neither says who.
    """
    found = author_from_environment()
    if found is None:
        try:
            signature = open_repository(location).default_signature
            found = (signature.name, signature.email)
        except KeyError:
            raise GitError(
                "git does not know who you are",
                "run: git config --global user.name 'Your Name' and "
                "git config --global user.email you@example.com",
            ) from None
    return author(*found)


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
