"""Making a workspace: what is there before, its folders, and whether all of it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agnes.errors import AgnesError, ConflictError
from agnes.model.layout import printable
from agnes.tables.atomic import writing

if TYPE_CHECKING:
    from agnes.workspace.layout import Workspace
    from agnes.workspace.manifest import Manifest
    from agnes.workspace.state import State


@dataclass(frozen=True)
class Verified:
    """What is in a workspace.

    Args:
        problems: what is missing, for people.
    """

    tables: int
    metrics: int
    rows: int
    problems: list[str]


def check_unused(workspace: Workspace, *, force: bool) -> str:
    """Look at what is there.

    Returns:
        what was found, for people.

    Raises:
        ConflictError: a project that only `--force` sets up again.
    """
    if force:
        return "set up again, as --force says" if workspace.is_initialized else "none"
    if workspace.is_initialized:
        raise ConflictError(
            f"{workspace.root} is set up already",
            "bring it up to date: da sync; or set it up again: da analyst setup --force",
        )
    return "an interrupted setup, which goes on" if workspace.parquet_dir.is_dir() else "none"


def make_folders(workspace: Workspace) -> None:
    """Make the folders that are missing.

    Raises:
        UnavailableError: they cannot be made.
    """
    folders = (
        workspace.parquet_dir,
        workspace.duckdb_dir,
        workspace.metadata_dir,
        workspace.artifacts,
        workspace.sessions,
        workspace.claude_dir,
    )
    for folder in folders:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)


def start_over(workspace: Workspace, state: State, manifest: Manifest) -> None:
    """Forget what is known, so that everything is looked at again or comes again.

    What the server does not name leaves the folder of the data; what is right by its hash stays.
    """
    with writing(workspace.parquet_dir):
        for path in workspace.parquet_dir.iterdir():
            if path.stem not in manifest.tables and path.suffix == ".parquet":
                path.unlink(missing_ok=True)
    state.forget()


def verify(workspace: Workspace, state: State, metrics: int) -> Verified:
    """Look whether everything is where it belongs."""
    tables = state.notes("tables")
    here = {id_: it for id_, it in tables.items() if workspace.parquet(id_).is_file()}
    expected = (workspace.database, workspace.schema, workspace.metrics, workspace.claude_md)
    missing = [path.relative_to(workspace.root) for path in expected if not path.is_file()]
    problems = [f"{path} is missing" for path in missing]
    problems += [f"the data of {id_} are missing" for id_ in tables.keys() - here.keys()]
    rows = sum(int(it.get("rows", 0)) for it in here.values())
    return Verified(len(here), metrics, rows, problems)


def named(health: object, server: str) -> str:
    """What an instance calls itself, else its host.

    Raises:
        AgnesError: that is no answer about a server's health.
    """
    from urllib.parse import urlsplit

    if not isinstance(health, dict):
        raise AgnesError(f"Cannot reach an Agnes server at {server}: it answers something else")
    found = health.get("instance_name") or health.get("name")
    name = found if isinstance(found, str) else urlsplit(server).hostname or server
    return printable(" ".join(name.split()))[:200]
