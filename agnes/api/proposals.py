"""Proposing changes where one may not make them: each is a branch that somebody reviews."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from agnes.api.bodies import MetricBody
from agnes.api.deps import InstanceOf, Proposer, Writer
from agnes.api.examples import example
from agnes.api.problems import problems
from agnes.api.strict import StrictRoute
from agnes.api.writing import WRITES, InReview, Key, as_json, change, in_review, once
from agnes.changes.proposed import waiting
from agnes.changes.wishes import Put
from agnes.load.pack import Pack, metric_from_fields

router = APIRouter(tags=["metrics"], route_class=StrictRoute)


@router.post(
    "/api/proposals/metrics",
    status_code=202,
    response_model=InReview,
    responses=WRITES | problems(400),
)
def propose_metric(
    request: Request, running: InstanceOf, caller: Proposer, body: MetricBody, key: Key = None
) -> Response:
    """Propose a metric, new or changed, for review: as a commit on a branch of its own.

    The answer says which branch, and what changes, in words. What changes nothing is no branch.
    """
    fields = body.fields()

    def work(_: bool) -> Response:
        metric = metric_from_fields(fields)
        wish = Put(pack=Pack(metrics={metric.id: metric}))
        changed = change(running, caller, wish, action="metric.propose", review=True)
        unchanged = {"status": "unchanged", "id": metric.id}
        return in_review(changed) or as_json(unchanged)

    return once(running, caller, request, key, fields, work)


_PROPOSAL = {
    "branch": "agnes/ada/define-revenue-mrr-1f3a9c02",
    "commit": "e2b6f1d0c3a4958677889900aabbccddeeff0011",
    "title": "feat(metrics): define revenue/mrr",
    "author": "Ada Lovelace",
    "email": "ada@example.com",
    "at": "2026-01-31T12:00:00",
}


@router.get(
    "/api/proposals", responses=example({"proposals": [_PROPOSAL], "count": 1}) | problems(503)
)
def list_proposals(running: InstanceOf, _: Writer) -> dict[str, Any]:
    """The branches that wait to be reviewed, as far as they were fetched, the newest first.

    `agnes/...` is what users proposed, `proposals/...` metadata of columns.
    """
    found = waiting(running.location)
    return {"proposals": found, "count": len(found)}
