"""`/mcp`: the catalog for agents, by the tokens, scopes and access rules of everything else."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from agnes.api.deps import InstanceOf, Reader
from agnes.api.instance import Instance
from agnes.api.run import compute, engine_of, metric_row
from agnes.api.writing import change
from agnes.auth.principal import Principal, Scope
from agnes.changes.wishes import Put
from agnes.compute.engine import Shared
from agnes.config.instance import InstanceSettings
from agnes.errors import ForbiddenError, NotFoundError, SandboxError
from agnes.mcp import INSTALL, is_installed
from agnes.mcp.desk import LISTED, Desk, Row
from agnes.mcp.http import Endpoint
from agnes.queries import Running as Query
from agnes.queries import tables_in
from agnes.queries.values import answer
from agnes.search.ranking import search
from agnes.serving.listing import Wanted
from agnes.serving.seen import seen_history

if TYPE_CHECKING:
    from agnes.diff.history import History
    from agnes.load.pack import Pack
    from agnes.sql.ask import Ask

router = APIRouter(tags=["agents"], include_in_schema=False)

LOG = logging.getLogger("agnes.api")
_CALLER = "agnes.caller"


@router.post("/mcp", response_class=Response)
async def speak_mcp(request: Request, running: InstanceOf, caller: Reader) -> Response:
    """The Model Context Protocol, over streamable HTTP and without sessions; see docs/mcp.md."""
    if not is_installed():
        raise NotFoundError("this server does not speak MCP", INSTALL)
    check_sender(request.headers, running.settings)
    request.scope[_CALLER] = caller
    return _Handed(request.app.state.mcp)


class _Handed(Response):
    """An answer that another application gives."""

    def __init__(self, app: Endpoint) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def endpoint(running: Instance) -> Endpoint:
    """What answers, once it is known who calls."""

    @contextmanager
    def opening(request: Any) -> Iterator[Desk]:
        yield Served(running, request.scope[_CALLER])

    return Endpoint(opening)


def check_sender(headers: Mapping[str, str], settings: InstanceSettings) -> None:
    """Insist that no page of another site asks, whatever name it gave to our address.

    Raises:
        ForbiddenError: one does.
    """
    host = _name_in(headers.get("host", ""))
    public = urlsplit(settings.public_url or "").hostname or ""
    ours = {"localhost", settings.host.casefold(), public, *_LOOPBACK} - {""}
    if settings.host in _LOOPBACK and host not in ours and not _is_address(host):
        raise ForbiddenError(
            "this host name is none of this server's",
            "name the address that users see: AGNES_PUBLIC_URL",
        )
    if (origin := headers.get("origin")) is not None:
        page = _name_in(origin.partition("://")[2])
        if page not in ours and not (page == host and _is_address(host)):
            raise ForbiddenError("pages of other sites may not use this")


_LOOPBACK = ("127.0.0.1", "::1")


def _name_in(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """Whether it is an IP address, which nobody can point elsewhere as they can a name."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


class Served:
    """The desk of a user of this server: what they see of it; see `Desk`."""

    def __init__(self, running: Instance, caller: Principal) -> None:
        self._running = running
        self._caller = caller
        self._view = running.serving.view(caller)
        self._query: Query[Row] | None = None
        self._engine: Shared | None = None
        self._given_up = False

    @property
    def may(self) -> frozenset[Scope]:
        """See `Desk`."""
        barred: set[Scope] = set() if self._running.settings.mcp_proposals else {"propose"}
        return self._caller.scopes - barred

    def search(self, query: str, limit: int) -> Row:
        """See `Desk`."""
        with self._view.reading() as snapshot:
            found = search(snapshot, query, limit)
        return {"total": found.total, "hits": [hit.as_dict() for hit in found.hits]}

    def metric(self, metric_id: str) -> Row:
        """See `Desk`."""
        return metric_row(self._view, metric_id)

    def metrics(self, category: str | None = None) -> list[Row]:
        """See `Desk`."""
        found = self._view.list_metrics(Wanted(category=category, fields=LISTED))
        return cast("list[Row]", json.loads(found.body)["metrics"])

    def tables(self) -> list[Row]:
        """See `Desk`."""
        return self._view.tables

    def columns(self, table_id: str) -> list[Row]:
        """See `Desk`."""
        if not self._view.sees_table(table_id):
            return []
        with self._view.edition.reading() as snapshot:
            return snapshot.columns(table_id)

    def history(self, metric_id: str) -> History:
        """See `Desk`."""
        running = self._running
        return seen_history(running.serving, running.past, self._caller, metric_id)

    def query(self, sql: str, limit: int) -> Row:
        """See `Desk`."""
        running, by = self._running, self._caller.user_id
        ids = [row["id"] for row in self._view.tables]
        folder = running.data.parquet
        at, outcome = time.monotonic(), "done"
        try:
            started = running.queries.submit(
                sql, lambda: tables_in(folder, ids), answer, limit, by=by
            )
            self._query = started
            if self._given_up:
                started.cancel()
            return started.result()
        except SandboxError as error:
            outcome = "cancelled" if self._given_up else error.kind
            raise
        finally:
            seconds = round(time.monotonic() - at, 3)
            facts = {"user": by, "outcome": outcome, "seconds": seconds, "over": "mcp"}
            LOG.info("query", extra={"facts": facts})

    def run(self, metric_id: str, ask: Ask, limit: int) -> Row:
        """See `Desk`."""
        engine = engine_of(self._running, self._caller, self._view)
        self._engine = engine
        row = metric_row(self._view, metric_id)
        return compute(self._running, self._caller, self._view, engine, row, ask, limit)

    def propose(self, pack: Pack) -> Row:
        """See `Desk`."""
        wish = Put(pack=pack)
        changed = change(self._running, self._caller, wish, action="metric.propose", review=True)
        return changed.as_review()

    def cancel(self) -> None:
        """See `Desk`."""
        self._given_up = True
        for running in (self._query, self._engine):
            if running is not None:
                running.cancel()
