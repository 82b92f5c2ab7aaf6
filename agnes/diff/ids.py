"""The ids that a definition may have been meant by."""

from __future__ import annotations

from collections.abc import Iterable

from agnes.diff.versions import name_of
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


def _ids(paths: Iterable[str]) -> list[str]:
    slots = [survey([(path, "file")]).slots.get(path) for path in paths]
    return [name_of((slot.kind, slot.id)) for slot in slots if slot is not None and slot.id]
