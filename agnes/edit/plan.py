"""A change that is not made yet, and how its commit tells of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agnes.errors import UsageError


@dataclass
class Plan:
    """A change that is not made yet.

    Args:
        base: the commit that it was made from.
        branch: full name of the branch that it is for.
        files: path to new content, None to delete.
        added, changed, unchanged, removed: ids of metrics, and of tables as `tables/<id>`.
    """

    base: str
    branch: str
    files: dict[str, bytes | None] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def message(self, subject: str, source: str) -> str:
        """The message of its commit: a subject, what it does if that is more than one thing, and
        the trailer `Agnes-Source`.

        Raises:
            UsageError: that is no source.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", source):
            raise UsageError(f"{source!r} is no source", "use manual, api or yaml_import")
        details = [
            *(f"Add {name}" for name in self.added),
            *(f"Change {name}" for name in self.changed),
            *(f"Remove {name}" for name in self.removed),
        ]
        body = "\n".join(details) + "\n\n" if len(details) > 1 else ""
        return f"{subject}\n\n{body}Agnes-Source: {source}\n"


def subject(verb: str, names: list[str]) -> str:
    """A conventional commit's subject: one id, or how many."""
    what = names[0] if len(names) == 1 else f"{len(names)} definitions"
    return f"feat(metrics): {verb} {what}"
