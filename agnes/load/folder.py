"""A catalog in a plain folder: the working tree, or files that are in no repository."""

from __future__ import annotations

import os
from pathlib import Path

from agnes.errors import NotFoundError
from agnes.git.entry import Entry, EntryKind


class Folder:
    """The files of a folder, as a `Source`.

    Args:
        root: the catalog's folder, or a folder of `<category>/<name>.yml` alone.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFoundError(f"{root} is no folder")
        self.root = root
        self.bare_metrics = not any(
            (root / name).exists() for name in ("agnes.yml", "metrics", "tables")
        )
        """Whether the folder is what `metrics/` is in a catalog."""

    def entries(self) -> list[Entry]:
        """Everything below metrics/ and tables/, and agnes.yml, under its path in a catalog."""
        if self.bare_metrics:
            return self._below(self.root, "metrics/")
        found: list[Entry] = []
        if kind := _kind(self.root / "agnes.yml"):
            found.append(Entry("agnes.yml", "", kind))
        for name in ("metrics", "tables"):
            if (self.root / name).is_symlink():
                found.append(Entry(name, "", "symlink"))
                continue
            found += self._below(self.root / name, f"{name}/")
        return found

    def entry(self, file: Path) -> Entry | None:
        """The entry of one file, absolute; None when it is not below the root."""
        kind = _kind(file)
        if kind is None or not file.is_relative_to(self.root):
            return None
        relative = file.relative_to(self.root).as_posix()
        return Entry(f"metrics/{relative}" if self.bare_metrics else relative, "", kind)

    def shown(self, path: str) -> str:
        """The path that a file has on disk, below the root."""
        return path.removeprefix("metrics/") if self.bare_metrics else path

    def path(self, entry_path: str) -> Path:
        """Where an entry is on disk."""
        return self.root / self.shown(entry_path)

    def size(self, entry: Entry) -> int:
        """A file's size in bytes."""
        return self.path(entry.path).stat().st_size

    def read(self, entry: Entry) -> bytes:
        """A file's content."""
        # Not through pathlib, which takes as long as reading does; there may be thousands.
        with open(f"{self.root}/{self.shown(entry.path)}", "rb") as file:  # noqa: PTH123
            return file.read()

    def _below(self, top: Path, prefix: str) -> list[Entry]:
        found: list[Entry] = []
        pending = [(os.fspath(top), prefix)]
        while pending:
            at, inner = pending.pop()
            try:
                items = list(os.scandir(at))
            except OSError:
                continue
            for item in items:
                if item.name.startswith("."):
                    continue
                if item.is_dir(follow_symlinks=False):
                    pending.append((item.path, f"{inner}{item.name}/"))
                elif kind := _kind(item):
                    found.append(Entry(f"{inner}{item.name}", "", kind))
        return sorted(found, key=lambda entry: entry.path)


def _kind(item: Path | os.DirEntry[str]) -> EntryKind | None:
    """None for folders, and for pipes and the like, which git does not know."""
    if item.is_symlink():
        return "symlink"
    return "file" if item.is_file() else None
