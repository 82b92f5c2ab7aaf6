"""`da mcp`: the catalog for agents, over stdin and stdout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agnes.cli.options import CatalogOption, catalog_or_none, connect, source
from agnes.errors import UnavailableError

if TYPE_CHECKING:
    from agnes.load.pack import Pack
    from agnes.mcp.desk import AtHand


def mcp(
    allow_proposals: Annotated[
        bool,
        typer.Option("--allow-proposals", help="Let the agent propose metrics for review."),
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Answer an agent over the Model Context Protocol, until stdin ends.

    It answers as the other commands do: from the catalog or workspace at hand, else from the
    server that is signed in to. Every tool only reads, but for proposals: see docs/mcp.md.

    \b
    Examples:
      claude mcp add agnes -- da mcp
      claude mcp add agnes -- da mcp --catalog ~/my-metrics
      da mcp --allow-proposals
    """
    from agnes.mcp import INSTALL, is_installed

    if not is_installed():
        raise UnavailableError("MCP needs a library that is not installed", INSTALL)

    @contextmanager
    def opening(_: Any) -> Iterator[AtHand]:
        from agnes.mcp.desk import AtHand

        def query(sql: str, limit: int) -> dict[str, Any]:
            return _query(sql, limit, catalog)

        def propose(pack: Pack) -> dict[str, Any]:
            return _propose(pack, catalog)

        with source(catalog) as found:
            yield AtHand(found, query, propose if allow_proposals else None)

    with opening(None):  # what is wrong from the beginning is said before an agent waits
        pass
    from agnes.mcp.stdio import serve

    serve(opening)


def _query(sql: str, limit: int, catalog: Path | None) -> dict[str, Any]:
    """Rows from the data at hand; where no catalog or workspace is, from the server."""
    from agnes.config.client import workspace_from_environment
    from agnes.queries.local import local_data, run_local
    from agnes.queries.values import answer
    from agnes.workspace.layout import Workspace, find_workspace

    found = catalog_or_none(catalog)
    named = workspace_from_environment()
    here = Workspace(named) if named else find_workspace(Path.cwd())
    if here or found:
        beside = here.root if here else Path.cwd()
        folders = [folder for folder in (None if catalog else beside, found) if folder]
        return answer(run_local(sql, local_data(folders), limit))
    with connect() as client:
        rows: dict[str, Any] = client.post("/api/query", json={"sql": sql, "limit": limit})
    return rows


def _propose(pack: Pack, catalog: Path | None) -> dict[str, Any]:
    """Put a metric on a branch of the catalog at hand; else of the server's."""
    from agnes.changes import Changes
    from agnes.changes.wishes import Put
    from agnes.config import Person
    from agnes.git.refs import locate
    from agnes.git.writer import identity

    (metric,) = pack.metrics.values()
    found = catalog_or_none(catalog)
    if found is None:
        with connect() as client:
            fields = metric.to_yaml() | {"category": metric.category}
            done: dict[str, Any] = client.post("/api/proposals/metrics", json=fields)
        return done
    location = locate(found)
    author = identity(location)
    by = Person(author.name, author.email)
    changed = Changes(location, by, push=False).make(Put(pack=pack), by, review=True)
    return changed.as_review()
