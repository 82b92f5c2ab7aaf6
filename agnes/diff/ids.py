"""The ids that a definition may have been meant by."""

from __future__ import annotations

from collections.abc import Iterable

from agnes.diff.versions import name_of
from agnes.diff.visible import visible
from agnes.errors import NotFoundError
from agnes.git.history import file_histories
from agnes.git.repository import Repository
from agnes.model.layout import survey
from agnes.model.names import nearest


def nearest_ids(repository: Repository, commit_id: str, wanted: str) -> list[str]:
    """Ids near to one that there never was: those that are there, else those that were once.

    Raises:
        GitError: an object is missing.
    """
    tree = repository.catalog_tree(repository.root_tree(commit_id))
    found = nearest(wanted, _ids(entry.path for entry in repository.entries(tree)))
    # The whole history is only asked where nothing else helps: it may take seconds.
    return found or nearest(wanted, _ids(sorted(file_histories(repository, commit_id) or ())))


def never_there(repository: Repository, commit_id: str, name: str) -> NotFoundError:
    """The error for a definition that a history does not know; the nearest ids are its hint."""
    near = nearest_ids(repository, commit_id, name)
    hint = f"did you mean: {', '.join(near)}" if near else "find it: da metrics search WORDS"
    if repository.is_shallow():
        hint += "; or fetch older history: git fetch --unshallow"
    return NotFoundError(f"Metric '{visible(name)}' not found in {commit_id[:10]} or before", hint)


def _ids(paths: Iterable[str]) -> list[str]:
    slots = [survey([(path, "file")]).slots.get(path) for path in paths]
    return [name_of((slot.kind, slot.id)) for slot in slots if slot is not None and slot.id]
