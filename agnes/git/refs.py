"""Where a catalog lives, and which commit its branch is at, read from git's own files.

Nothing is imported for it, so that a read command can tell in a millisecond whether its snapshot
is current. Source of the formats: gitrepository-layout(5), git-pack-refs(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from errno import EIO, EMFILE, ENFILE
from pathlib import Path

from agnes.errors import GitError, NotACatalogError

MARKER = "agnes.yml"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SYMBOLIC_DEPTH = 5


@dataclass(frozen=True)
class Location:
    """A catalog in a repository.

    Args:
        git_dir: the repository's git directory, or a linked worktree's part of it.
        common_dir: what all worktrees share: objects, branches, Agnes's cache.
        worktree: the folder that is checked out; None in a bare repository.
        folder: the catalog's folder in the repository, `/` between parts, "" for its root.
    """

    git_dir: Path
    common_dir: Path
    worktree: Path | None
    folder: str

    @property
    def path(self) -> Path:
        """The catalog's folder on disk, or the path that names it in a bare repository."""
        return (self.worktree or self.common_dir) / self.folder

    @property
    def worktree_name(self) -> str | None:
        """The name of a linked worktree; None in the main one and in a bare repository."""
        return None if self.git_dir == self.common_dir else self.git_dir.name


@dataclass(frozen=True)
class Tip:
    """What a ref points at: the branch (None when HEAD is detached) and its commit, if any."""

    branch: str | None
    commit: str | None


def locate(path: Path) -> Location:
    """Find the repository around `path`, which names a catalog's folder.

    Args:
        path: a folder in a checked-out repository, a bare repository, or a folder within one
            (`catalog.git/analytics`).

    Raises:
        NotACatalogError: there is no git repository around it.
    """
    path = path.absolute()
    if path.exists():
        path = path.resolve()
    for root in (path, *path.parents):
        found = _git_dir(root)
        if found is None:
            continue
        git_dir, bare = found
        folder = path.relative_to(root).as_posix()
        if folder.split("/")[0] == ".git":
            break
        return Location(
            git_dir=git_dir,
            common_dir=_common_dir(git_dir),
            worktree=None if bare else root,
            folder="" if folder == "." else folder,
        )
    raise NotACatalogError(
        f"{path} is not in a git repository",
        "run `git init` and commit there, or make a catalog with `da init DIR`",
    )


def find_catalog(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds an agnes.yml."""
    start = start.absolute()
    return next((at for at in (start, *start.parents) if (at / MARKER).is_file()), None)


def read_tip(location: Location, ref: str = "HEAD") -> Tip:
    """Read what `ref` points at.

    Args:
        ref: `HEAD`, or a full name such as `refs/heads/main`.

    Returns:
        The branch that it leads to and the commit, None when the branch is unborn.

    Raises:
        GitError: the files cannot be read as git writes them.
    """
    for _ in range(_SYMBOLIC_DEPTH):
        text = _read_ref(location, ref)
        if text is None:
            return Tip(ref, None)
        if text.startswith("ref:"):
            ref = text[4:].strip()
        elif _COMMIT.fullmatch(text):
            return Tip(None if ref == "HEAD" else ref, text)
        else:
            break
    raise GitError(f"cannot read {ref} in {location.git_dir}", "check it with `git fsck`")


def _git_dir(root: Path) -> tuple[Path, bool] | None:
    """The git directory of `root`, and whether the repository is bare; None if it is neither."""
    dot_git = root / ".git"
    if dot_git.is_dir():
        return dot_git, False
    if dot_git.is_file():
        target = dot_git.read_text(encoding="utf-8").strip().removeprefix("gitdir:").strip()
        return (root / target).resolve(), False
    if (root / "HEAD").is_file() and (root / "objects").is_dir() and (root / "refs").is_dir():
        return root, True
    return None


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    if pointer.is_file():
        return (git_dir / pointer.read_text(encoding="utf-8").strip()).resolve()
    return git_dir


def _read_ref(location: Location, ref: str) -> str | None:
    if not (ref == "HEAD" or ref.startswith("refs/")) or ".." in ref:
        raise GitError(f"{ref!r} is no ref", "check it with `git fsck`")
    base = location.git_dir if ref == "HEAD" else location.common_dir
    # A ref that is packed between the two reads is found by the second look at its own file.
    return _read_loose(base / ref) or _read_packed(location, ref) or _read_loose(base / ref)


def _read_loose(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError as error:
        if error.errno in (EMFILE, ENFILE, EIO):
            raise GitError(f"cannot read {path}: {error.strerror}") from None
        return None  # not there, or a folder
    except ValueError:  # a name that no file can have
        return None


def _read_packed(location: Location, ref: str) -> str | None:
    try:
        packed = (location.common_dir / "packed-refs").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return next((line[:40] for line in packed.split("\n") if line[41:] == ref), None)
