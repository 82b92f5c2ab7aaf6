"""Review branches: what they are called, and what they change, in words."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from agnes.diff.change import Change
from agnes.diff.compare import compare
from agnes.diff.sides import choose_sides
from agnes.diff.visible import visible
from agnes.diff.words import in_words
from agnes.git.branches import unmerged
from agnes.git.refs import Location
from agnes.git.repository import Repository
from agnes.model.layout import INDEX, PARTS
from agnes.sync.point import find_commit

PREFIX = "refs/heads/agnes/"
_FOLDERS = (PREFIX.removeprefix("refs/heads/"), "proposals/")
"""Of branches: what users change, and column metadata that is proposed."""
_LONGEST = 60


def branch_name(email: str, subject: str) -> str:
    """A new branch's full name: `refs/heads/agnes/<user>/<what>-<random>`."""
    user = _slug(email.partition("@")[0]) or "user"
    what = _slug(subject.rpartition(": ")[2]) or "change"
    return f"{PREFIX}{user}/{what}-{secrets.token_hex(4)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold())[:_LONGEST].strip("-")


def tell(
    location: Location, base: str, commit: str, sees: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """What a commit changes, in words.

    Args:
        sees: whether the user may see a metric or `tables/<id>` as it was. What they may not is
            told as if it were new: that it is not must not be known.
    """
    found = compare(choose_sides(location, base, commit))
    return [_tell(change, sees) for change in found.changes if change.id != INDEX]


def waiting(location: Location) -> list[dict[str, Any]]:
    """The review branches that are not merged, the newest first."""
    repository = Repository(location, PARTS)
    tip = find_commit(repository)
    commits: dict[str, str] = {}
    for folder in _FOLDERS:
        commits |= unmerged(location, folder, tip)
    found = []
    for branch, id_ in commits.items():
        commit = repository.commit(id_)
        title = commit.message.partition("\n")[0]
        who = {"author": commit.author, "email": commit.email, "at": commit.time.isoformat()}
        found.append({"branch": branch, "commit": id_, "title": title} | who)
    return sorted(found, key=lambda it: (it["at"], it["branch"]), reverse=True)


def _tell(change: Change, sees: Callable[[str], bool]) -> dict[str, Any]:
    before = [change.from_] if change.from_ else [change.id] if change.kind != "added" else []
    if not all(sees(id_) for id_ in before if "/" in id_):
        return as_new(change.id)
    what = in_words(change, text=visible, values=True)
    return {"id": change.id, "kind": change.kind, "class": change.class_, "what": what}


def as_new(name: str) -> dict[str, Any]:
    """What is told of a definition that is new, for all that the user knows."""
    return {"id": name, "kind": "added", "class": "compatible", "what": "added"}
