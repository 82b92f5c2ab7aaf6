"""Which commit last changed the meaning of each thing that a definition says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agnes.diff.data import Model
from agnes.diff.facts import Fact, Said, take_facts
from agnes.diff.history import commit_as_dict
from agnes.diff.trail import Step, trail
from agnes.diff.versions import key_called, name_of
from agnes.git.repository import Commit, Repository


@dataclass(frozen=True)
class Line:
    """A fact and the commit that last changed it.

    Args:
        cut: a shallow clone ends at the commit, so that it may be older.
    """

    fact: Fact
    commit: Commit
    cut: bool = False

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        said = {"field": self.fact.field, "part": self.fact.part or None, "text": self.fact.text}
        return said | commit_as_dict(self.commit) | {"complete": not self.cut}


@dataclass(frozen=True)
class Blame:
    """A definition with whom to ask about each part of it.

    Args:
        stale: the file does not validate; the newest version that does is meant.
    """

    id: str
    lines: tuple[Line, ...]
    stale: bool

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        lines = [line.as_dict() for line in self.lines]
        return {"id": self.id, "stale": self.stale, "lines": lines}


@dataclass(frozen=True)
class _Valid:
    """A version that validates, and the commit that brought it."""

    name: str
    model: Model
    commit: str
    cut: bool


def blame(repository: Repository, commit_id: str, definition_id: str) -> Blame | None:
    """Find the newest commit after which a definition says a thing, and before which it does not.

    Renames are followed; versions that do not validate were never served, and are passed over.

    Args:
        commit_id: the revision whose version is meant.
        definition_id: as `agnes.diff.history.history` takes it.

    Returns:
        None when it is not there, or never was valid.

    Raises:
        GitError: an object is missing.
    """
    key = key_called(definition_id)
    steps = list(trail(repository, commit_id, key))
    if not steps or steps[0].new is None or steps[0].key != key:
        return None
    said: Said | None = None
    facts: tuple[Fact, ...] = ()
    pending: set[Fact] = set()
    blamed: dict[Fact, Line] = {}
    later: _Valid | None = None
    for version in _valid(steps):
        said = take_facts(version.name, version.model, said)
        if later is None:
            facts = tuple(said)
            pending = set(facts)
        else:
            commit = repository.commit(later.commit)
            blamed |= {fact: Line(fact, commit) for fact in pending.difference(said)}
            pending.intersection_update(said)
        later = version
    if later is None:
        return None
    commit = repository.commit(later.commit)
    blamed |= {fact: Line(fact, commit, later.cut) for fact in pending}
    stale = not steps[0].new.is_whole
    return Blame(definition_id, tuple(blamed[fact] for fact in facts), stale)


def _valid(steps: Iterable[Step]) -> Iterator[_Valid]:
    """The versions that validate, newest first."""
    found: tuple[str, Model, str] | None = None
    for step in steps:
        if step.new is None:
            return  # what was there before is another definition
        if step.new.document.value is not None:
            found = name_of(step.key), step.new.document.value, step.commit
        # Made valid by a commit, it stays so through those that broke it meanwhile.
        if step.old is None or step.old.document.value is not None:
            if found is not None:
                yield _Valid(*found, step.cut)
            found = None
        if step.old is None:
            return
