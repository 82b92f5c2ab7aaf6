"""When and by whom each file was first and last changed, on the first-parent history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from agnes.git.entry import Entry
from agnes.git.repository import Commit, Repository


@dataclass(frozen=True)
class FileHistory:
    """A file's first and last change.

    Args:
        first: the commit that first touched the path.
        last: the commit that last changed it.
    """

    path: str
    first: Commit
    last: Commit


def file_histories(
    repository: Repository, commit_id: str, *, since: str | None = None
) -> dict[str, FileHistory] | None:
    """Walk the first-parent history and note what each commit changed in the catalog.

    Args:
        since: stop before this commit; only what changed after it is noted.

    Returns:
        Path to history, deleted files included; None when `since` is not on the way, so that
        nothing can be carried on from it.
    """
    found: dict[str, FileHistory] = {}
    for at, parent in repository.first_parents(commit_id):
        if at == since:
            return found
        trees = [
            repository.catalog_tree(repository.root_tree(commit)) if commit else None
            for commit in (parent, at)
        ]
        if trees[0] == trees[1]:
            continue
        commit = repository.commit(at)
        for change in repository.changes(*trees):
            known = found.get(change.path)
            found[change.path] = (
                replace(known, first=commit) if known else FileHistory(change.path, commit, commit)
            )
    return found if since is None else None


def earlier_versions(
    repository: Repository, commit_id: str, paths: Iterable[str], *, own: bool = False
) -> Iterator[Entry]:
    """The versions that files had before `commit_id`'s, newest first, on the first-parent history.

    Args:
        paths: the files that are still of interest; the caller may take paths out of the set
            while it goes along, and the walk ends when the set is empty.
        own: begin with `commit_id`'s version itself.

    Returns:
        Entries of those paths, each version once in a row.
    """
    wanted = paths if isinstance(paths, set) else set(paths)
    if own and wanted:
        tree = repository.catalog_tree(repository.root_tree(commit_id))
        yield from [entry for entry in repository.entries(tree) if entry.path in wanted]
    for at, parent in repository.first_parents(commit_id):
        if not wanted or parent is None:
            return
        old, new = (
            repository.catalog_tree(repository.root_tree(commit)) for commit in (parent, at)
        )
        for change in repository.changes(old, new):
            if change.path in wanted and change.old is not None:
                yield change.old


def commit_before(repository: Repository, commit_id: str, time: datetime) -> str | None:
    """The newest commit on the first-parent history that was made before a time, in UTC; None
    where there is none.
    """
    for at, _ in repository.first_parents(commit_id):
        if repository.commit(at).time < time:
            return at
    return None
