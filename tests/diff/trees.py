"""Trees of a real repository, made of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from agnes.diff.change import Change, Diff
from agnes.diff.compare import compare
from agnes.diff.sides import Sides
from agnes.git.refs import locate
from agnes.git.repository import Repository
from agnes.model.layout import PARTS

METRIC = "metrics/revenue/mrr.yml"
TABLE = "tables/orders.yml"


@dataclass(frozen=True)
class Special:
    """What is no file: a symbolic link, a submodule."""

    mode: FileMode
    content: bytes = b"elsewhere"


LINK, MODULE = Special(FileMode.LINK), Special(FileMode.COMMIT)
Files = Mapping[str, "str | bytes | Special"]


class Trees:
    """A repository in which trees are made without a checkout."""

    def __init__(self, path: Path) -> None:
        self._pygit2 = pygit2.init_repository(str(path))
        self._repository = Repository(locate(path), PARTS)

    def tree(self, files: Files) -> str:
        index = pygit2.Index()
        for path, content in files.items():
            special = content if isinstance(content, Special) else Special(FileMode.BLOB, b"")
            data = content.encode() if isinstance(content, str) else content
            blob = self._pygit2.create_blob(data if isinstance(data, bytes) else special.content)
            index.add(pygit2.IndexEntry(path, blob, special.mode))
        return str(index.write_tree(self._pygit2))

    def compare(self, old: Files, new: Files) -> Diff:
        return compare(Sides(self._repository, "a" * 40, "b" * 40, self.tree(old), self.tree(new)))

    def change(self, old: Files, new: Files) -> Change:
        """The only change between two trees that can be read."""
        found = self.compare(old, new)
        assert found.troubles == ()
        [change] = found.changes
        return change


def of(field: str, change: Change) -> tuple[str, str]:
    """The class of a field's change, and what it says."""
    [found] = [it for it in change.fields if it.field == field]
    return found.class_, found.what
