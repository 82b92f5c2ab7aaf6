"""Running SQL."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from agnes.api.deps import DataUser, InstanceOf
from agnes.api.examples import example
from agnes.api.problems import problems
from agnes.errors import SandboxError
from agnes.queries import Running, tables_in
from agnes.queries.values import document

router = APIRouter(tags=["data"])

LOG = logging.getLogger("agnes.api")
LIMIT = 1_000
GONE = 499
"""The status of an answer that nobody waits for."""
_ANSWER: dict[str, Any] = {
    "columns": ["month", "revenue"],
    "types": ["DATE", "DECIMAL(38,2)"],
    "rows": [["2026-01-01", 1204.5], ["2026-02-01", 1398.0]],
    "row_count": 2,
    "truncated": False,
}


class Query(BaseModel):
    """What to run."""

    sql: str = Field(
        description="One SELECT, in DuckDB's SQL, on the tables that the caller may see.",
        examples=["SELECT 1 AS test, 'hello' AS msg"],
    )
    limit: int = Field(LIMIT, ge=0, description="The most rows; the instance has a limit too.")


@router.post(
    "/api/query",
    response_class=Response,
    responses=example(_ANSWER) | problems(400, 429, 503),
)
async def run_query(
    request: Request, asked: Query, caller: DataUser, running: InstanceOf
) -> Response:
    """Run one SELECT on the data of the tables that the caller may see.

    It may take so long, use so much memory and return so many rows as the instance allows;
    `truncated` says that there are more rows. A request that is given up ends its query.
    """
    ids = [row["id"] for row in running.serving.view(caller).tables]
    folder = running.data.parquet
    started = running.queries.submit(
        asked.sql, lambda: tables_in(folder, ids), document, asked.limit, by=caller.user_id
    )
    at, outcome = time.monotonic(), "cancelled"
    try:
        body = await _answer(request, started)
        if body is None:
            return Response(status_code=GONE)
        outcome = "done"
        return Response(body, media_type="application/json")
    except SandboxError as error:
        outcome = error.kind
        raise
    finally:
        seconds = round(time.monotonic() - at, 3)
        facts = {"user": caller.user_id, "outcome": outcome, "seconds": seconds}
        LOG.info("query", extra={"facts": facts})


async def _answer(request: Request, started: Running[bytes]) -> bytes | None:
    """The answer; None, and an end of the query, as soon as nobody waits for them any more."""
    work = asyncio.wrap_future(started.future)
    work.add_done_callback(lambda done: done.cancelled() or done.exception())  # it was looked at
    leaving = asyncio.ensure_future(gone(request))
    both: set[asyncio.Future[Any]] = {work, leaving}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return await work if work.done() else None
    finally:
        leaving.cancel()
        started.cancel()


async def gone(request: Request) -> None:
    """Wait until nobody waits for the answer to a request any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
