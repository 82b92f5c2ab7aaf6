"""The ids that a definition may have been meant by."""

from __future__ import annotations

from agnes.diff.versions import name_of
from agnes.git.history import file_histories
from agnes.git.repository import Repository
from agnes.model.layout import survey
from agnes.model.names import nearest


def nearest_ids(repository: Repository, commit_id: str, wanted: str) -> list[str]:
    """Ids near to one that there never was, of all that there are or were once.

    Raises:
        GitError: an object is missing.
    """
    paths = sorted(file_histories(repository, commit_id) or ())
    slots = [survey([(path, "file")]).slots.get(path) for path in paths]
    ids = [name_of((slot.kind, slot.id)) for slot in slots if slot is not None and slot.id]
    return nearest(wanted, list(dict.fromkeys(ids)))
