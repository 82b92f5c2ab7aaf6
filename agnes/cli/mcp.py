"""`da mcp`: the catalog for agents, over stdin and stdout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from agnes.cli.options import CatalogOption, catalog_or_none, connect, source
from agnes.cli.query import ask_server, data_folders
from agnes.errors import UnavailableError

if TYPE_CHECKING:
    from agnes.load.pack import Pack
    from agnes.mcp.desk import AtHand
    from agnes.sql.ask import Ask


class Cancellable(Protocol):
    """What runs here."""

    def cancel(self) -> None:
        """End it, from another thread."""
        ...


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

        def propose(pack: Pack) -> dict[str, Any]:
            return _propose(pack, catalog)

        rows = _Rows(catalog)
        with source(catalog) as found:
            may = propose if allow_proposals else None
            yield AtHand(found, rows.query, rows.run, may, rows.cancel)

    with opening(None):  # what is wrong from the beginning is said before an agent waits
        pass
    from agnes.mcp.stdio import serve

    serve(opening)


class _Rows:
    """Rows from the data at hand; where no catalog or workspace is, from the server."""

    def __init__(self, catalog: Path | None) -> None:
        self._catalog = catalog
        self._lock = Lock()
        self._running: Cancellable | None = None
        self._cancelled = False

    def query(self, sql: str, limit: int) -> dict[str, Any]:
        from agnes.queries.local import local_data, run_local
        from agnes.queries.values import answer
        from agnes.workspace.freshness import workspace_here

        if workspace_here() is None and catalog_or_none(self._catalog) is None:
            return ask_server(sql, limit)
        data = local_data(data_folders(self._catalog))
        return answer(run_local(sql, data, limit, self._started))

    def run(self, row: dict[str, Any], ask: Ask, limit: int) -> dict[str, Any]:
        from agnes.cli.at_hand import keep, open_data
        from agnes.cli.run import ask_server_to_run
        from agnes.compute.account import answer, document
        from agnes.workspace.freshness import workspace_here

        if workspace_here() is None and catalog_or_none(self._catalog) is None:
            return ask_server_to_run(row["id"], ask, limit)
        with open_data(None, self._catalog, limit) as (engine, files, workspace):
            self._started(engine)
            found, receipt = answer(engine, row, ask, files, limit)
        keep(receipt, workspace)
        return document(found, receipt)

    def cancel(self) -> None:
        """End what runs, from another thread. What runs at the server ends there, by its limits."""
        with self._lock:
            self._cancelled = True
            if self._running is not None:
                self._running.cancel()

    def _started(self, running: Cancellable) -> None:
        with self._lock:
            self._running = running
            if self._cancelled:
                running.cancel()


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
