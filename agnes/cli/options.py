"""Options that several commands share, and how they find their catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.output import is_advising, note, progress
from agnes.config import catalog_from_environment
from agnes.errors import NotACatalogError, UsageError
from agnes.git.refs import find_catalog

if TYPE_CHECKING:
    from agnes.cache.query import Snapshot
    from agnes.client import Client
    from agnes.git.repository import Repository
    from agnes.source import Source
    from agnes.workspace.layout import Workspace

CatalogOption = Annotated[
    Path | None,
    typer.Option(
        "--catalog",
        help="The catalog's folder. Default: AGNES_CATALOG, else the nearest with an agnes.yml.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="A folder of <table_id>.parquet, or a data snapshot. Default: the data at hand.",
        show_default=False,
    ),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="URL",
        help="Where it runs: postgres://user@host/database. Default: `engine` of agnes.yml, else"
        " DuckDB on the data at hand.",
        show_default=False,
    ),
]
RevisionOption = Annotated[
    str | None,
    typer.Option("--rev", help="Read a revision: v1.2, HEAD~10, a commit id.", show_default=False),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Read the branch as it was when a day ended, in UTC: 2026-01-31.",
        show_default=False,
    ),
]
WorktreeOption = Annotated[
    bool, typer.Option("--worktree", help="Read the working tree, uncommitted changes included.")
]
NoSyncOption = Annotated[
    bool, typer.Option("--no-sync", help="Answer from the snapshot in force, however old it is.")
]


FollowOption = Annotated[
    str | None,
    typer.Option(
        "--follow",
        help="Serve this branch from now on: main, origin/main; HEAD for what is checked out.",
        show_default=False,
    ),
]
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS = {"s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Seconds from `30s`, `5m` or `1h`.

    Raises:
        UsageError: it is none of these, or under a second.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdecimal()) or not int(number):
        raise UsageError(f"{text!r} is no duration", "write 30s, 5m or 1h")
    return float(int(number) * _UNITS[unit])


def parse_day(text: str) -> date:
    """The day that `2026-01-31` names.

    Raises:
        UsageError: it names none.
    """
    with suppress(ValueError):
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    raise UsageError(f"{text!r} is no date", "write year-month-day: 2026-01-31")


def catalog_path(option: Path | None, otherwise: str = "") -> Path:
    """The catalog that a command is about.

    Args:
        otherwise: what else can be done where there is none.

    Raises:
        NotACatalogError: there is none.
    """
    found = catalog_or_none(option)
    if found is None:
        hint = "go to one, name one with --catalog PATH or AGNES_CATALOG, or make one: da init DIR"
        raise NotACatalogError(
            f"no catalog here: neither {Path.cwd()} nor a folder above it has an agnes.yml",
            hint + otherwise,
        )
    return found


def catalog_or_none(option: Path | None) -> Path | None:
    """The catalog at hand, if there is one."""
    return option or catalog_from_environment() or find_catalog(Path.cwd())


@contextmanager
def snapshot(
    catalog: Path | None,
    *,
    revision: str | None = None,
    as_of: str | None = None,
    worktree: bool = False,
    no_sync: bool = False,
) -> Iterator[Snapshot]:
    """Open the snapshot of a catalog that a command answers from."""
    day = _check(revision, as_of, worktree=worktree)
    path = catalog_path(catalog)
    with _open(path, revision, day, worktree=worktree, no_sync=no_sync) as opened:
        yield opened


@contextmanager
def source(
    catalog: Path | None,
    *,
    revision: str | None = None,
    as_of: str | None = None,
    worktree: bool = False,
    no_sync: bool = False,
) -> Iterator[Source]:
    """Where a command gets its answer from.

    The catalog at hand, else the workspace's copy of it, else the configured server.
    """
    day = _check(revision, as_of, worktree=worktree)
    if catalog_or_none(catalog) is None:
        in_force = revision is None and as_of is None and not worktree
        if in_force and (here := _local_copy()) is not None:
            from agnes.workspace.offline import offline

            workspace, copy = here
            tell_age(workspace)
            with offline(copy, _configured) as found:
                yield found
            return
        if (client := _configured()) is not None:
            from agnes.source.remote import Remote

            if worktree:
                raise UsageError("a server has no working tree", "leave out --worktree")
            with client:
                yield Remote(client, revision, as_of)
            return
    from agnes.source.local import Local

    path = catalog_path(
        catalog, "; or ask a server: da auth login --server URL; in a workspace: da sync"
    )

    def opening() -> Snapshot:
        return _open(path, revision, day, worktree=worktree, no_sync=no_sync)

    with closing(Local(path, opening, revision)) as local:
        yield local


def _local_copy() -> tuple[Workspace, Path] | None:
    """The workspace around and its copy of the catalog, if there is one."""
    from agnes.workspace.freshness import workspace_here

    if (workspace := workspace_here()) is None:
        return None
    from agnes.workspace.offline import copy_of

    copy = copy_of(workspace)
    return None if copy is None else (workspace, copy)


def tell_age(workspace: Workspace) -> None:
    """Say that an answer comes from a workspace that is old, where `da` itself did not say it."""
    from agnes.workspace.freshness import age

    if not is_advising() and (words := age(workspace.state())):
        note(words)


def connect(server: str | None = None, *, anonymous: bool = False) -> Client:
    """A client of the configured server, as who is signed in there.

    Args:
        server: another server's address.
        anonymous: without a token.

    Raises:
        UsageError: no server is configured.
        UnauthorizedError: nobody is signed in.
    """
    from agnes.client import Client

    client = Client.from_config(server, anonymous=anonymous)
    if client.is_exposed:
        note(f"{client.server} is not encrypted: what is sent can be read on its way; use https://")
    return client


def _configured() -> Client | None:
    from agnes.config.client import server

    return connect() if server() else None


def _check(revision: str | None, as_of: str | None, *, worktree: bool) -> date | None:
    """Refuse options that exclude each other; the day that is meant."""
    chosen = {"--rev": revision is not None, "--as-of": as_of is not None, "--worktree": worktree}
    names = [name for name, given in chosen.items() if given]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} exclude each other")
    return None if as_of is None else parse_day(as_of)


def _open(
    path: Path, revision: str | None, day: date | None, *, worktree: bool, no_sync: bool
) -> Snapshot:
    from agnes.sync.reading import Reading, open_snapshot

    with progress("Reading the catalog") as advance:
        reading = Reading(revision, day, worktree, not no_sync, note, advance)
        return open_snapshot(path, reading)


def find_commit(catalog: Path | None, revision: str | None) -> tuple[Repository, str]:
    """The commit that a command on the history begins with, which is the one that is served."""
    from agnes.git.refs import locate
    from agnes.git.repository import Repository
    from agnes.model.layout import PARTS
    from agnes.sync.point import find_commit as find

    repository = Repository(locate(catalog_path(catalog)), PARTS)
    return repository, find(repository, revision)


def complete_metric(incomplete: str) -> list[str]:
    """The ids of metrics that begin with `incomplete`, for the shell."""
    from agnes.cache.query import Snapshot
    from agnes.errors import AgnesError

    try:
        here = None if catalog_or_none(None) else _local_copy()
        with Snapshot(here[1]) if here else snapshot(None, no_sync=True) as opened:
            rows = opened.rows("SELECT id FROM metric_definitions ORDER BY id")
    except AgnesError:
        return []
    return [row["id"] for row in rows if row["id"].startswith(incomplete)]


IdArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="<category>/<name>, such as revenue/mrr.", autocompletion=complete_metric
    ),
]
IdsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="<category>/<name>, such as revenue/mrr.",
        autocompletion=complete_metric,
    ),
]
