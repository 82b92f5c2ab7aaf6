"""Computing metrics."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from agnes.api.deps import DataUser, InstanceOf
from agnes.api.examples import example
from agnes.api.instance import Instance
from agnes.api.metrics import MetricId
from agnes.api.problems import problems
from agnes.api.query import GONE, gone
from agnes.auth.principal import Principal
from agnes.compute.account import answer, document
from agnes.compute.data import Files
from agnes.compute.engine import Shared
from agnes.errors import AgnesError, SandboxError
from agnes.model.grain import Grain
from agnes.queries import tables_in
from agnes.serving.edition import View
from agnes.serving.seen import unknown
from agnes.sql.ask import Ask

router = APIRouter(tags=["metrics"])

LOG = logging.getLogger("agnes.api")
_ANSWER: dict[str, Any] = {
    "metric": "revenue/mrr",
    "display_name": "Monthly recurring revenue (MRR)",
    "unit": "USD",
    "grain": "monthly",
    "period": "month",
    "dimensions": [],
    "value": "mrr",
    "columns": ["month", "mrr"],
    "types": ["DATE", "DECIMAL(38,2)"],
    "rows": [["2026-01-01", 1204.5], ["2026-02-01", 1398.0]],
    "row_count": 2,
    "truncated": False,
    "notes": [],
    "receipt": {"id": "20260301T090000Z-revenue-mrr-1f2e3d4c", "commit": "...", "sql": "SELECT"},
}


class Asked(BaseModel):
    """What is asked of a metric; nothing asks for its canonical SQL."""

    model_config = ConfigDict(extra="forbid")  # a misspelt condition would not be one

    by: list[str] = Field([], max_length=8, description="Dimensions to break it down by.")
    grain: Grain | None = Field(None, description="Other periods than the metric's own.")
    start: date | None = Field(None, description="The first day.")
    end: date | None = Field(None, description="The last day.")
    where: str | None = Field(
        None, max_length=4_000, description="A condition on rows: `region = 'EU'`."
    )
    limit: int = Field(1_000, ge=1, description="The most rows; the instance has a limit too.")

    @property
    def ask(self) -> Ask:
        """It as the deriver takes it."""
        return Ask(tuple(self.by), self.grain, self.start, self.end, self.where)


@router.post(
    "/api/metrics/{metric_id:path}/run",
    response_class=Response,
    responses=example(_ANSWER) | problems(400, 404, 429, 503),
)
async def run_metric(
    request: Request, metric_id: MetricId, asked: Asked, caller: DataUser, running: InstanceOf
) -> Response:
    """Compute a metric on the tables that the caller may see, and say what the number is made of.

    Other grains, ranges, conditions and breakdowns are derived from the canonical SQL; what cannot
    be soundly derived is refused with the reason.
    """
    view = running.serving.view(caller)
    row = metric_row(view, metric_id)
    engine = engine_of(running, caller, view)
    work = asyncio.create_task(
        run_in_threadpool(compute, running, caller, view, engine, row, asked.ask, asked.limit)
    )
    leaving = asyncio.ensure_future(gone(request))
    both: set[asyncio.Future[Any]] = {work, leaving}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return Response(status_code=GONE)
        text = json.dumps(await work, ensure_ascii=False, allow_nan=False)
        return Response(text.encode(), media_type="application/json")
    finally:
        leaving.cancel()
        engine.cancel()
        work.add_done_callback(lambda done: done.cancelled() or done.exception())


def metric_row(view: View, metric_id: str) -> dict[str, Any]:
    """A metric with all its columns, as the caller sees it.

    Raises:
        NotFoundError: there is none.
    """
    found = view.metric(metric_id)
    if found is None:
        raise unknown(view, metric_id)
    row: dict[str, Any] = json.loads(found.body)
    return row


def engine_of(running: Instance, caller: Principal, view: View) -> Shared:
    """Where a caller's metrics are computed: on the tables that they may see."""
    ids = [row["id"] for row in view.tables]
    folder = running.data.parquet
    return Shared(running.queries, lambda: tables_in(folder, ids), by=caller.user_id)


def compute(
    running: Instance,
    caller: Principal,
    view: View,
    engine: Shared,
    row: dict[str, Any],
    ask: Ask,
    limit: int,
) -> dict[str, Any]:
    """Compute a metric, and write down that it was done; see `agnes.compute.account`."""
    at, outcome = time.monotonic(), "done"
    try:
        return document(*answer(engine, row, ask, _files(running, view), limit))
    except AgnesError as error:
        outcome = error.kind if isinstance(error, SandboxError) else "refused"
        raise
    finally:
        seconds = round(time.monotonic() - at, 3)
        facts = {"user": caller.user_id, "metric": row["id"], "outcome": outcome}
        LOG.info("run", extra={"facts": facts | {"seconds": seconds}})


def _files(running: Instance, view: View) -> Files:
    ids = [row["id"] for row in view.tables]
    notes = {
        table_id: {"hash": entry.hash, "size_bytes": entry.stamp[2], "mtime_ns": entry.stamp[1]}
        for table_id, entry in running.data.entries(ids).items()
    }
    return Files(tables_in(running.data.parquet, ids), notes)
