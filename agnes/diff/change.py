"""What a change means, as data. Text, Markdown and JSON are renderings of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from agnes.model.layout import INDEX

Class = Literal["cosmetic", "documentation", "compatible", "breaking", "result-changing"]
CLASSES: tuple[Class, ...] = (
    *("cosmetic", "documentation", "compatible"),
    *("breaking", "result-changing"),
)
"""What a change does to whoever relies on a definition, the gravest last."""
Kind = Literal["added", "removed", "renamed", "changed"]
Side = Literal["base", "head"]
Verdict = Literal["none", "patch", "minor", "major"]
_VERDICTS: dict[Class, Verdict] = {
    "cosmetic": "none",
    "documentation": "patch",
    "compatible": "minor",
    "breaking": "major",
    "result-changing": "major",
}
_KINDS: dict[Kind, Class] = {
    "added": "compatible",
    "removed": "breaking",
    "renamed": "breaking",
    "changed": "cosmetic",
}


def highest(classes: Iterable[Class]) -> Class:
    """The gravest of some classes; cosmetic if there are none."""
    return max(classes, key=CLASSES.index, default="cosmetic")


@dataclass(frozen=True)
class Part:
    """One thing that moved within a field: an item of a list, a clause of a query.

    Args:
        what: in words: `filter added`.
        old, new: the fragment before and after, None where there is none.
    """

    class_: Class
    what: str
    old: str | None
    new: str | None

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {"class": self.class_, "what": self.what, "old": self.old, "new": self.new}


@dataclass(frozen=True)
class FieldChange:
    """A key of a file that says something else.

    Args:
        field: the key in the YAML file: `unit`, `sql_by_plan`, `columns.amount.basetype`.
        old, new: its whole value before and after, None where it is not there.
        what: in words what moved.
        parts: what moved within it, when there is more to say.
    """

    field: str
    class_: Class
    old: Any
    new: Any
    what: str
    parts: tuple[Part, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        said = {"field": self.field, "class": self.class_, "old": self.old, "new": self.new}
        parts = [part.as_dict() for part in self.parts]
        return said | {"what": self.what} | ({"parts": parts} if parts else {})


@dataclass(frozen=True)
class Change:
    """What became of one metric, table or settings file.

    Args:
        id: a metric's id, `tables/<id>` for a table, else the file's name.
        from_: the id that it had before, or of what it is a copy.
        path: the file; after the change, if it is still there.
    """

    id: str
    kind: Kind
    from_: str | None
    path: str
    fields: tuple[FieldChange, ...]

    @property
    def class_(self) -> Class:
        """The gravest class of its parts; what is new is compatible, what is gone is breaking."""
        own = [] if self.id == INDEX else [_KINDS[self.kind]]  # no number is read from an index
        return highest([*own, *(field.class_ for field in self.fields)])

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        head = {"id": self.id, "kind": self.kind, "from": self.from_, "class": self.class_}
        return head | {"path": self.path, "fields": [field.as_dict() for field in self.fields]}


@dataclass(frozen=True)
class Trouble:
    """A file that cannot be read on one side.

    Args:
        side: `base` or `head`.
    """

    id: str
    side: Side
    path: str
    line: int
    message: str

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        where = {"id": self.id, "side": self.side, "path": self.path, "line": self.line}
        return where | {"message": self.message}


@dataclass(frozen=True)
class Diff:
    """What differs between two revisions of a catalog.

    Args:
        base, head: the commits' ids; `worktree` for what is not committed.
        changes: by id.
        troubles: files that could not be read, so that what they say could not be compared.
    """

    base: str
    head: str
    changes: tuple[Change, ...]
    troubles: tuple[Trouble, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What the whole asks of whoever relies on it, in the words of semantic versioning."""
        return _VERDICTS[highest(change.class_ for change in self.changes)]

    def as_dict(self) -> dict[str, Any]:
        """It as plain data, for JSON."""
        return {
            "base": self.base,
            "head": self.head,
            "verdict": self.verdict,
            "changes": [change.as_dict() for change in self.changes],
            "diagnostics": [trouble.as_dict() for trouble in self.troubles],
        }
