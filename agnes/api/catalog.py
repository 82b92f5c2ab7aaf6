"""Tables, the whole catalog as a file, and word of what changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import FileResponse, RedirectResponse, Response

from agnes.api.answers import answer
from agnes.api.deps import InstanceOf, Reader, ViewOf, caller
from agnes.errors import UnauthorizedError
from agnes.profile import personal
from agnes.profiling.situated import situated
from agnes.serving.document import Document, matches
from agnes.serving.edition import View

router = APIRouter(tags=["catalog"])

DUCKDB = "application/vnd.duckdb"
RECHECK_SECONDS = 30.0
"""How long who follows events may go on after they were signed out."""
_LISTED = ("id", "name", "description", "source_type", "sync_strategy", "query_mode")


@router.get("/api/catalog/tables", response_class=Response)
async def list_tables(request: Request, view: ViewOf) -> Response:
    """List the registered tables that the caller may see."""

    def make() -> Document:
        tables = [{name: row[name] for name in _LISTED} for row in view.tables]
        return Document.of({"tables": tables, "count": len(tables)})

    return answer(request, make(), view)


@router.get("/api/catalog", response_class=Response)
async def show_catalog(request: Request, view: ViewOf, running: InstanceOf) -> Response:
    """The tables with what is known of their columns, and their profiles."""

    def make() -> Document:
        columns: dict[str, list[dict[str, Any]]] = {}
        uses: dict[str, list[dict[str, Any]]] = {}
        with view.edition.reading() as snapshot:
            for row in snapshot.all_columns():
                columns.setdefault(row["table_id"], []).append(row)
            for row in filter(lambda use: view.sees_metric(use["id"]), snapshot.table_uses()):
                uses.setdefault(row["table_id"], []).append(row)
            categories = snapshot.categories()
        tables = []
        for row in view.tables:
            known, used = columns.get(row["id"], []), uses.get(row["id"], [])
            profile = running.profiles.read(row["id"], personal(known))
            told = profile and situated(profile, known, used, view.sees_table)
            tables.append(row | {"columns": known, "profile": told})
        seen = {id_.split("/")[0] for id_ in view.edition.documents if view.sees_metric(id_)}
        kept = [it for it in categories if it["name"] in seen]
        return Document.of({"tables": tables, "count": len(tables), "categories": kept})

    return answer(request, await run_in_threadpool(make))  # profiles change by themselves


@router.get(
    "/api/catalog/metrics/{metric_path:path}",
    deprecated=True,
    status_code=301,
    response_class=RedirectResponse,
)
async def show_metric_of_old(metric_path: str, _: Reader) -> RedirectResponse:
    """A metric by the path of its file; it is at `/api/metrics/{id}` now."""
    metric_id = metric_path.removesuffix(".yml").removesuffix(".yaml")
    where = f"/api/metrics/{quote(metric_id, safe='/')}"
    headers = {"Deprecation": "true", "Link": f'<{where}>; rel="successor-version"'}
    return RedirectResponse(where, 301, headers)


@router.get(
    "/api/catalog/snapshot",
    response_class=FileResponse,
    responses={200: {"content": {DUCKDB: {}}, "description": "A DuckDB file."}},
)
async def download_snapshot(request: Request, view: ViewOf) -> Response:
    """The catalog as a DuckDB file, with what the caller may see and nothing else.

    It is named after the commit; `X-Agnes-Commit` says it too.
    """
    etag = f'"{view.commit[:16]}-{view.version[:8]}"'
    headers = {"ETag": etag, "X-Agnes-Commit": view.commit, "Cache-Control": "private, no-cache"}
    if matches(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    path = await run_in_threadpool(lambda: view.path)
    return _KeptFile(view, path, headers, filename=path.name)


class _KeptFile(FileResponse):
    """A file that is there as long as it is being sent."""

    def __init__(self, view: View, path: Path, headers: dict[str, str], filename: str) -> None:
        super().__init__(path, 200, headers, DUCKDB, filename=filename)
        self.view = view  # whose folder goes with it


@router.get("/api/events", response_class=EventSourceResponse)
async def follow_events(
    request: Request, running: InstanceOf, _: Reader, first: ViewOf
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `commit`, when a commit is in force that shows the caller something new.

    The first comes at once and says what is in force.
    """
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    forget = running.serving.listen(lambda: _wake(loop, changed))
    view, shown = first, ""
    try:
        while not running.stopping.is_set():
            changed.clear()
            version = await run_in_threadpool(_version, view)
            if version != shown:
                shown = version
                yield ServerSentEvent(event="commit", data={"commit": view.commit}, id=view.commit)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), RECHECK_SECONDS)
            view = running.serving.view(await caller(request))  # who may have been signed out
    except UnauthorizedError:
        return
    finally:
        forget()


def _version(view: View) -> str:
    return view.version


def _wake(loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
    loop.call_soon_threadsafe(changed.set)
