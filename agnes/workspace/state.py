"""What is noted of a workspace between two syncs, in data/metadata/last_sync.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agnes.tables.atomic import new_file
from agnes.workspace.boot import boot
from agnes.workspace.download import hash_of

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace

Note = dict[str, Any]


class State:
    """The notes of a workspace.

    `synced_at`, `server`, `instance_name`, `sync_interval`, `commit` (of the local copy of the
    catalog), `announced_commit` (of the server, when it was last heard of), `tables`: what is here,
    `uploads`: what was sent.

    Args:
        workspace: whose notes these are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.all: Note = workspace.state()

    def get(self, key: str) -> str:
        """A note that is a text; empty if there is none."""
        found = self.all.get(key)
        return found if isinstance(found, str) else ""

    def notes(self, key: str) -> dict[str, Note]:
        """Notes on several things, by their names; what is changed in them is changed here."""
        found = self.all.get(key)
        kept = (
            {name: it for name, it in found.items() if isinstance(it, dict)}
            if (isinstance(found, dict))
            else {}
        )
        self.all[key] = kept
        return kept

    def forget(self) -> None:
        """Forget everything but what was sent."""
        self.all = {key: self.all[key] for key in ("uploads", "server") if key in self.all}

    def write(self) -> None:
        """Keep the notes.

        Raises:
            UnavailableError: they cannot be written.
        """
        # A copy: where a sync is interrupted, the catalog may come on in its thread.
        write_json(self._workspace.last_sync, dict(self.all))


def write_json(path: Path, data: Any) -> None:
    """Put data in a file's place.

    Raises:
        UnavailableError: it cannot be written.
    """
    with new_file(path) as file:
        file.write(json.dumps(data, ensure_ascii=False, indent=2).encode())


def stamped(path: Path, digest: str, *, written: bool = False) -> Note:
    """A note on a file that tells whether it was touched since.

    Args:
        written: just now, so that the disk may not have it yet.
    """
    status = path.stat()
    note = {"hash": digest, "size_bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    return note | ({"boot": boot()} if written and boot() else {})


def has_content(path: Path, digest: str, known: Mapping[str, Any] | None) -> bool:
    """Whether a file has the content of a hash.

    It is read only if it was touched since it was noted, or was written in another boot.
    """
    return is_as_noted(path, digest, known) or hash_of(path) == digest


def is_as_noted(path: Path, digest: str, known: Mapping[str, Any] | None) -> bool:
    """Whether a note on a file still holds, so that the file need not be read."""
    try:
        same = known is not None and stamped(path, digest).items() <= known.items()
    except OSError:
        return False
    return same and known is not None and known.get("boot") in (None, boot())
