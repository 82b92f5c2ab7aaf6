"""What is staged: the files that the next commit would have."""

from __future__ import annotations

from contextlib import suppress

from agnes.config import index_file
from agnes.errors import ConflictError, NoCommitError
from agnes.git.entry import Entry, EntryKind
from agnes.git.index import read_index
from agnes.git.repository import Repository

_KINDS: dict[int, EntryKind] = {0o120000: "symlink", 0o160000: "submodule"}


def staged(repository: Repository) -> list[Entry]:
    """A catalog's files in git's index, sorted by path.

    Raises:
        ConflictError: a merge is not resolved yet.
    """
    location = repository.location
    prefix = f"{location.folder}/" if location.folder else ""
    found = []
    # Git gives its hooks an index of their own when only some files are committed.
    given = index_file()
    top = location.worktree or location.git_dir
    for item in read_index(top / given if given else location.git_dir / "index"):
        if item.stage:
            raise ConflictError(
                f"{item.path} has a merge conflict", "resolve it, then stage the file: git add"
            )
        path = item.path.removeprefix(prefix)
        names = path.split("/")
        if not item.path.startswith(prefix) or any(name.startswith(".") for name in names):
            continue
        if repository.parts is None or names[0] in repository.parts:
            found.append(Entry(path, item.blob, _KINDS.get(item.mode, "file")))
    return sorted(found, key=lambda entry: entry.path)


def next_parents(repository: Repository) -> list[str]:
    """The commits that the next one will come from: more than one while a merge goes on."""
    try:
        parents = [repository.tip().commit]
    except NoCommitError:
        return []
    with suppress(OSError):
        merged = repository.location.git_dir / "MERGE_HEAD"
        parents += merged.read_text(encoding="ascii").split()
    return parents
