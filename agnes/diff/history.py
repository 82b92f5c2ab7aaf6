"""The history of one definition's meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agnes.diff.change import Change, FieldChange, Kind
from agnes.diff.pairs import Version
from agnes.diff.reach import Reach
from agnes.diff.trail import Step, trail
from agnes.diff.versions import compare_versions, key_called, name_of
from agnes.git.repository import Commit, Repository


@dataclass(frozen=True)
class Event:
    """A commit, and what it made of the definition."""

    commit: Commit
    change: Change

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return commit_as_dict(self.commit) | self.change.as_dict()


@dataclass(frozen=True)
class History:
    """All that happened to one definition.

    Args:
        events: newest first.
        cut: the commit at which a shallow clone ends, before which more may have happened.
    """

    id: str
    events: tuple[Event, ...]
    cut: Commit | None = None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        events = [event.as_dict() for event in self.events]
        return {"id": self.id, "complete": self.cut is None, "events": events}


def history(repository: Repository, commit_id: str, definition_id: str) -> History:
    """Tell what became of a definition on the first-parent history, under all its ids.

    A version that does not validate is told as no more than that: it never was served. The next one
    that does is compared with the one that was served until then.

    Args:
        commit_id: where to begin.
        definition_id: a metric's id, `tables/<id>`, or a settings file's path; one that it had
            once will do.

    Raises:
        GitError: an object is missing.
    """
    steps = list(trail(repository, commit_id, key_called(definition_id)))
    cut = next((repository.commit(step.commit) for step in steps if step.cut), None)
    events = [
        Event(repository.commit(step.commit), _change(repository, steps[at:]))
        for at, step in enumerate(steps)
        if not step.cut
    ]
    return History(definition_id, tuple(events), cut)


def change_in(repository: Repository, commit_id: str, definition_id: str) -> Change | None:
    """What one commit made of a definition, as `history` tells it; None if nothing.

    Raises:
        GitError: an object is missing.
    """
    steps: list[Step] = []
    for step in trail(repository, commit_id, key_called(definition_id)):
        steps.append(step)
        if steps[0].commit != commit_id or step.old is None or step.old.is_whole:
            break
    known = steps and steps[0].commit == commit_id and not steps[0].cut
    return _change(repository, steps) if known else None


def commit_as_dict(commit: Commit) -> dict[str, Any]:
    """A commit as plain data, for JSON."""
    head = {"commit": commit.id, "time": commit.time, "author": commit.author}
    return head | {"email": commit.email, "subject": subject(commit)}


def subject(commit: Commit) -> str:
    """The first line of a commit's message."""
    return next(iter(commit.message.strip().splitlines()), "")


def _change(repository: Repository, steps: Sequence[Step]) -> Change:
    """What the first of some steps made of a definition.

    Args:
        steps: it and those before.
    """
    step = steps[0]
    if step.change is not None:
        return step.change
    is_read = Reach(repository, step.tree).is_read
    fields = compare_versions(step.old, step.new, is_read)
    served = _served_before(steps)
    if step.new is not None and not step.new.is_whole:
        fields = tuple(_of_file(fields, True))  # what else it says is not served
    elif served is not step.old:
        since = compare_versions(served, step.new, is_read)
        fields = (*_of_file(fields, True), *_of_file(since, False))
    version = step.new or step.old
    assert version is not None
    kind: Kind = "added" if step.old is None else "removed" if step.new is None else "changed"
    return Change(name_of(step.key), kind, None, version.path, fields)


def _served_before(steps: Sequence[Step]) -> Version | None:
    """The version that was served before the first of some steps; its own if none validates."""
    for step in steps:
        if step.old is None:
            break
        if step.old.is_whole:
            return step.old
    return steps[0].old


def _of_file(fields: Sequence[FieldChange], wanted: bool) -> list[FieldChange]:
    return [field for field in fields if (field.field == "file") is wanted]
