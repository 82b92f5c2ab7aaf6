"""A catalog in a plain folder: the working tree, or files that are in no repository."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from agnes.errors import NotFoundError
from agnes.git.repository import Entry, EntryKind
from agnes.model.diagnostic import Diagnostic


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

    def shown(self, finding: Diagnostic) -> Diagnostic:
        """A finding under the path that the file has on disk."""
        if not self.bare_metrics:
            return finding
        return replace(finding, path=finding.path.removeprefix("metrics/"))

    def path(self, entry_path: str) -> Path:
        """Where an entry is on disk."""
        return self.root / (
            entry_path.removeprefix("metrics/") if self.bare_metrics else entry_path
        )

    def size(self, entry: Entry) -> int:
        """A file's size in bytes."""
        return self.path(entry.path).stat().st_size

    def read(self, entry: Entry) -> bytes:
        """A file's content."""
        return self.path(entry.path).read_bytes()

    def _below(self, top: Path, prefix: str) -> list[Entry]:
        found: list[Entry] = []
        for at, folders, files in os.walk(top):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            relative = Path(at).relative_to(top).as_posix()
            inner = prefix if relative == "." else f"{prefix}{relative}/"
            for name in sorted(files + folders):
                kind = _kind(Path(at) / name)
                if name.startswith(".") or kind is None:
                    continue
                found.append(Entry(f"{inner}{name}", "", kind))
        return found


def _kind(path: Path) -> EntryKind | None:
    """None for folders, and for pipes and the like, which git does not know."""
    if path.is_symlink():
        return "symlink"
    return "file" if path.is_file() else None
