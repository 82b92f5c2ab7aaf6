"""Sending what the analyst's agent leaves: the records of sessions, and CLAUDE.local.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agnes.errors import AgnesError, UnauthorizedError, UnavailableError
from agnes.model.layout import printable
from agnes.workspace.download import hash_of
from agnes.workspace.state import Note, has_content, stamped

if TYPE_CHECKING:
    from agnes.client import Client
    from agnes.workspace.layout import Workspace
    from agnes.workspace.state import State


def upload(
    client: Client, workspace: Workspace, state: State
) -> tuple[list[str], dict[str, AgnesError]]:
    """Send each session that was not sent as it is, and CLAUDE.local.md when it changed.

    Returns:
        what was sent, and what went wrong: paths within the workspace.

    Raises:
        UnauthorizedError, UnavailableError: nothing more can be sent.
    """
    known = state.notes("uploads")
    sent: list[str] = []
    failed: dict[str, AgnesError] = {}
    for path in _files(workspace):
        name = printable(path.relative_to(workspace.root).as_posix())
        try:
            note = _send(client, workspace, path, known.get(name))
        except (UnauthorizedError, UnavailableError):
            raise
        except AgnesError as error:
            failed[name] = error
            continue
        except OSError as error:
            failed[name] = AgnesError(f"cannot be read: {error.strerror or error}")
            continue
        if note is not None:
            known[name] = note
            sent.append(name)
    return sent, failed


def note_as_sent(workspace: Workspace, state: State) -> None:
    """Note that CLAUDE.local.md is as it was made, so that nobody needs it."""
    path = workspace.local_md
    name = path.relative_to(workspace.root).as_posix()
    state.notes("uploads")[name] = stamped(path, hash_of(path))


def _files(workspace: Workspace) -> list[Path]:
    """What is sent: no links, which might lead anywhere."""
    try:
        found = sorted(workspace.sessions.iterdir())
    except OSError:
        found = []
    files = [path for path in found if not path.name.startswith(".")]
    return [
        path for path in (*files, workspace.local_md) if path.is_file() and not path.is_symlink()
    ]


def _send(client: Client, workspace: Workspace, path: Path, known: Note | None) -> Note | None:
    """Send a file; the note on it, or None if it was sent before."""
    if known is not None and has_content(path, str(known.get("hash")), known):
        return None
    note = stamped(path, hash_of(path))
    if path == workspace.local_md:
        content = path.read_text(encoding="utf-8", errors="replace")
        client.post("/api/upload/local-md", json={"content": content})
    else:
        with path.open("rb") as file:
            client.post("/api/upload/sessions", files={"file": (path.name, file)})
    return note
