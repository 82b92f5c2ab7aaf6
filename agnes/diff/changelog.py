"""A changelog of meaning: what each commit made of the definitions of a catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agnes.diff.change import CLASSES, Change, Class, highest
from agnes.diff.compare import compare
from agnes.diff.history import change_in, commit_as_dict
from agnes.diff.markdown import EFFECTS, ICONS, code, escape
from agnes.diff.sides import Sides
from agnes.diff.words import in_words
from agnes.git.repository import Commit, Repository
from agnes.git.revision import count_after

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """A commit, and what became of the definitions that it changed.

    Args:
        cut: a shallow clone ends here, so that nobody knows what it changed.
    """

    commit: Commit
    changes: tuple[Change, ...]
    cut: bool = False

    @property
    def class_(self) -> Class:
        """The gravest class among its changes."""
        return highest(change.class_ for change in self.changes)

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        changes = [change.as_dict() for change in self.changes]
        return commit_as_dict(self.commit) | {"class": self.class_, "changes": changes}


def log(
    repository: Repository,
    commit_id: str,
    *,
    since: str | datetime | None = None,
    floor: Class = "documentation",
    progress: Progress | None = None,
) -> Iterator[Entry]:
    """Tell what the commits of the first-parent history changed, newest first.

    Args:
        commit_id: where to begin.
        since: the id of a commit: only those that it does not come from are told; or a time in UTC,
            at which or after which they were made.
        floor: changes of this class or graver.
        progress: told how many commits are done.

    Raises:
        GitError: an object is missing.
    """
    commits = list(repository.first_parents(commit_id))
    if isinstance(since, str):
        commits = commits[: count_after(repository.location, since, commit_id)]
    for done, (at, parent) in enumerate(commits):
        if progress is not None:
            progress(done, len(commits))
        commit = repository.commit(at)
        if isinstance(since, datetime) and commit.time < since:
            continue
        if parent is None and repository.is_edge(at):
            yield Entry(commit, (), cut=True)
            return
        trees = [
            repository.catalog_tree(repository.root_tree(it)) if it else None for it in (parent, at)
        ]
        if trees[0] == trees[1]:
            continue
        found = compare(Sides(repository, parent or "", at, *trees)).changes
        lowest = CLASSES.index(floor)
        told = [_as_served(repository, at, change) for change in found]
        grave = tuple(change for change in told if CLASSES.index(change.class_) >= lowest)
        if grave:
            yield Entry(commit, grave)


def _as_served(repository: Repository, commit_id: str, change: Change) -> Change:
    """A change; where a version does not validate, compared with what was served, as in history."""
    broken = any(it.field == "file" and "validate" in it.what for it in change.fields)
    if change.kind != "changed" or not broken:
        return change
    return change_in(repository, commit_id, change.id) or change


def release_notes(entries: Sequence[Entry], title: str) -> str:
    """Render a changelog in Markdown, the gravest changes first.

    Args:
        title: plain text.
    """
    lines = [f"## {escape(title)}", ""]
    for class_ in reversed(CLASSES):
        found = [
            (change, entry.commit)
            for entry in entries
            for change in entry.changes
            if change.class_ == class_
        ]
        if found:
            lines += [f"### {ICONS[class_]} {class_.capitalize()}: {EFFECTS[class_]}", ""]
            lines += [_bullet(*it) for it in found]
            lines.append("")
    if len(lines) == 2:
        lines.append("No definition changed its meaning.")
    return "\n".join(lines).rstrip() + "\n"


def _bullet(change: Change, commit: Commit) -> str:
    who = f"{commit.time:%Y-%m-%d}, {escape(commit.author)}, {code(commit.id[:10])}"
    return f"- {code(change.id)}: {in_words(change, code, escape, values=True)} ({who})"
